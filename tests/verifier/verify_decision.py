#!/usr/bin/env python3
"""Verifies sealed decisions by docs/decision-format.md alone: Python's standard library, none of the program's code.

    verify_decision.py [--json] [--head SHA256] PATH...

A PATH is a decision file, or a folder of them, which is then verified as a chain. Exit code 0: all verified, 9: not,
2: it could not be asked like that.
"""
import argparse
import datetime
import fractions
import hashlib
import json
import math
import pathlib
import re
import sys

BILLION = 10**9
INTEGER_MAX = 2**53 - 1
INT32 = (-(2**31), 2**31 - 1)


class Broken(Exception):
    """The decision breaks a rule: (check, what)."""


def require(holds, check, what):
    if not holds:
        raise Broken(check, what)


# --- text -----------------------------------------------------------------------------------------------------------


def encode(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def refuse(literal):
    raise ValueError(f"{literal} is no integer")


def check_plain(value, depth=0):
    """What canonical JSON may hold, beyond being encoded as it is."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        require(abs(value) <= INTEGER_MAX, "canonical", f"{value} is beyond 2^53 - 1")
    elif isinstance(value, (list, dict)):
        require(depth < 32, "canonical", "nested more than 32 deep")
        for key in value if isinstance(value, dict) else ():
            require(key.isascii(), "canonical", f"key {key!r} is not ASCII")
        for item in value.values() if isinstance(value, dict) else value:
            check_plain(item, depth + 1)


def parse(data):
    require(data.endswith(b"\n"), "canonical", "the file must end with a line end")
    try:
        text = data[:-1].decode("utf-8")
        value = json.loads(text, parse_float=refuse, parse_constant=refuse)
        check_plain(value)
        same = encode(value).encode("utf-8") == data[:-1]
    except (ValueError, RecursionError) as error:
        raise Broken("canonical", str(error)) from error
    require(same, "canonical", "it is not written in the canonical form")
    return value


# --- values that are texts ------------------------------------------------------------------------------------------


def decimal(text):
    """Billionths."""
    match = re.fullmatch(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]{0,8}[1-9]))?", text)
    require(match and text != "-0", "schema", f"{text!r} is no decimal")
    value = int(match[2]) * BILLION + int((match[3] or "").ljust(9, "0"))
    value = -value if match[1] else value
    require(-(2**63) <= value < 2**63, "schema", f"{text} is out of range")
    return value


def double_text(number):
    text = repr(number)
    return text[:-2] if text.endswith(".0") else text


def double(text):
    number = float(text) if re.fullmatch(r"-?[0-9][0-9.e+-]*|-?inf|nan", text) else None
    require(number is not None and double_text(number) == text, "schema", f"{text!r} is not a double in its shortest form")
    return number


def billionths(number):
    """A double to nine places, half to even."""
    return round(fractions.Fraction(number) * BILLION)


def date(text):
    require(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text), "schema", f"{text!r} is no date")
    day = datetime.date.fromisoformat(text)
    require(1900 <= day.year <= 2199, "schema", f"{text} is out of range")
    return day


def instant(text):
    require(re.fullmatch(r"0|-?[1-9][0-9]*", text), "schema", f"{text!r} is no instant")
    require(-(2**63) <= int(text) < 2**63, "schema", f"{text} is out of range")
    return int(text)


def matches(pattern):
    def check(text):
        require(re.fullmatch(pattern, text), "schema", f"{text!r} is not {pattern}")

    return check


def price(text):
    require(decimal(text) > 0, "schema", f"price {text} is not positive")


symbol = matches(r"[A-Z0-9.\-^=]{1,16}")
currency = matches(r"[A-Z]{3}")


def names(words):
    return matches("|".join(words.split()))


# --- schema: what section 3 of the document says. A text is a type, a dict an object with exactly these members -------

TEXTS = {"text": lambda text: None, "decimal": decimal, "double": double, "date": date, "instant": instant,
         "price": price, "symbol": symbol, "currency": currency}
SEVERITY = names("ignore warning stop")
SIDE = names("buy sell")
STATE = names("intent sending acknowledged unknown partial filled cancelled rejected parked")


class Maybe:
    def __init__(self, inner):
        self.inner = inner


class Later:  # a member added later: absent while it has its first value
    def __init__(self, inner):
        self.inner = inner


class Map:
    def __init__(self, inner):
        self.inner = inner


def texts(members, **more):
    return {**dict.fromkeys(members.split(), "text"), **more}


def doubles(members):
    return dict.fromkeys(members.split(), "double")


BOOK = {"cash": "decimal", "currency": "currency", "positions": [{"quantity": "decimal", "symbol": "symbol"}]}
DRIFT = {**doubles("cash_actual cash_target largest"),
         "entries": [{**doubles("actual target"), "symbol": "symbol"}]}
ORDER = {"client_id": "text", "cost_max": "decimal", "limit": "price", "number": "int", "quantity": "decimal",
         "reason": "text", "reference": "price", "side": SIDE, "symbol": "symbol"}
ANSWER = {"at": "instant", "average_price": Maybe("price"), "broker_id": "text", "fee": "decimal",
          "filled": "decimal", "reason": "text", "state": STATE}
FILL = {"at": "instant", "currency": "currency", "fee": "decimal", "id": "text", "price": "price",
        "quantity": "decimal"}
LEG = {"average_price": Maybe("price"), "broker_id": "text", "client_id": "text", "fee": "decimal",
       "filled": "decimal", "fills": [FILL], "history": [ANSWER], "limit": Maybe("price"), "quantity": "decimal",
       "reason": "text", "side": SIDE, "state": STATE, "symbol": "symbol"}
HOLD = {"code": names("invalid not_found conflict unavailable rejected timeout exhausted internal"),
        "message": "text", "stage": names("fetch optimize plan check execute analyze")}
CAPABILITIES = {**dict.fromkeys("commission_per_order cost_rate order_value_min price_increment quantity_increment"
                                .split(), "decimal"),
                **dict.fromkeys("embedded limit_orders market_orders simulated".split(), "bool"),
                "dedupe": names("none window permanent"), "dedupe_window_s": "uint32",
                "lookup": names("none by_tag by_client_id"), "lookup_lag_s": "uint32"}
SETTINGS = {
    "limits": {"order_quantity_max": Maybe("decimal"), "order_value_max": Maybe("decimal"), "orders_max": "int",
               "orders_per_day_max": "int", "orders_today": "int", "position_max": Maybe("double"),
               "price_age_sessions_max": "int", "turnover_per_day": Maybe("double"),
               "turnover_today": Maybe("decimal")},
    "lookback_sessions": "int",
    "optimizer": {**doubles("age_years bonds_of_safe cost_rate periods_per_year risk_free_rate weight_max weight_min"),
                  "bounds": Map(doubles("lower upper")),
                  "class_limits": [{"label": "text", "lower": "double", "text": "text", "upper": "double"}],
                  "classes": Map("text"), "expected_returns": "text", "glide_path": "bool", "risk_model": "text",
                  **{name: Later(kind) for name, kind in {
                      "benchmark": Map("double"), "cost_quadratic": "double", "ewma_decay": "double",
                      "glide_curve": [doubles("lower upper")], "gross_max": "double", "labels": Map(["text"]),
                      "position_min": "double", "positions_max": "int", "tracking_error_max": "double",
                      "turnover_max": "double"}.items()}},
    "quality": {**dict.fromkeys("age frozen gap history jump non_positive".split(), SEVERITY),
                **dict.fromkeys("age_sessions_max frozen_sessions_max gap_sessions_max history_sessions_min".split(),
                                "int"), "jump_fraction_max": "double"},
    "rebalance": {"absolute_band": Maybe("double"), "buy_only": "bool", "cash_buffer": "decimal",
                  "price_collar": "double", "relative_band": Maybe("double"),
                  "trade_to": names("target band_edge only_drifted"), "trade_value_min": "decimal",
                  "untouchable": ["symbol"]},
    "strategy": "text", "strategy_settings": "text", "symbols": ["symbol"]}
BODY = {
    **texts("id portfolio mode configuration"), "session": "date", "started_at": "instant",
    "program": texts("commit version"), "plugins": [texts("file kind name sha256 version")],
    "calendar": texts("name zone"), "settings": SETTINGS,
    "broker": texts("account name", capabilities=Maybe(CAPABILITIES)),
    "trading_state": texts("by reason", set_at=Maybe("instant"), state=names("active reducing halted")),
    "book": Maybe(BOOK),
    "prices": Maybe([{"age_sessions": Maybe("int"), "block": "text", "date": Maybe("date"), "price": Maybe("price"),
                      "source": "text", "symbol": "symbol"}]),
    "quality": Maybe({"bars_examined": "size", "findings": [
        {"check": "text", "date": Maybe("date"), "message": "text", "severity": SEVERITY, "symbol": "symbol"}]}),
    "target": Maybe({**doubles("expected_return objective volatility"), **texts("report risk_model"),
                     "certificate": Maybe(doubles("duality_gap kkt_residual max_violation")),
                     "equity_share": Maybe("double"), "sharpe_ratio": Maybe("double"), "shrinkage": Maybe("double"),
                     "weights": {"cash": "double", "symbols": Map("double")}}),
    "plan": Maybe({"after": DRIFT, "before": DRIFT, "cost": "decimal",
                   "non_orders": [{"reason": "text", "symbol": "symbol"}], "orders": [ORDER], "triggered": "bool"}),
    "proof": Maybe({"lowest_cash": "decimal", "rules": [texts("evidence rule")]}),
    "end": {"ambiguous": "bool", "book_after": Maybe(BOOK), "finished_at": "instant", "hold": Maybe(HOLD),
            "legs": [LEG], "resumed": "bool", **texts("outcome reason")}}
DOCUMENT = {"blocks": "any", "body": BODY, "format": names("rebalancer-decision/1"),
            "seal": {"previous": "text", "sequence": "integer", "sha256": "text"}}
INTEGERS = {"int": INT32, "uint32": (0, 2**32 - 1), "size": (0, INTEGER_MAX), "integer": (-INTEGER_MAX, INTEGER_MAX)}


def check_schema(value, schema, path):
    def must(holds, what):
        require(holds, "schema", f"{path} {what}")

    if isinstance(schema, Maybe):
        if value is not None:
            check_schema(value, schema.inner, path)
    elif isinstance(schema, list):
        must(isinstance(value, list), "must be an array")
        for i, item in enumerate(value):
            check_schema(item, schema[0], f"{path}[{i}]")
    elif isinstance(schema, Map):
        must(isinstance(value, dict), "must be an object")
        for key, item in value.items():
            symbol(key)
            check_schema(item, schema.inner, f"{path}.{key}")
    elif isinstance(schema, dict):
        must(isinstance(value, dict), "must be an object")
        later = {key for key, inner in schema.items() if isinstance(inner, Later)}
        wrong = (value.keys() ^ schema.keys()) - (later - value.keys())
        must(not wrong, f"has the wrong members: {sorted(wrong)}")
        for key, inner in schema.items():
            if key in value:
                check_schema(value[key], inner.inner if isinstance(inner, Later) else inner, f"{path}.{key}")
    elif schema == "bool":
        must(isinstance(value, bool), "must be true or false")
    elif schema in INTEGERS:
        low, high = INTEGERS[schema]
        must(isinstance(value, int) and not isinstance(value, bool) and low <= value <= high, "must be an integer")
    elif schema != "any":
        must(isinstance(value, str), "must be a text")
        try:
            (TEXTS.get(schema) or schema)(value)
        except ValueError as error:
            raise Broken("schema", f"{path}: {error}") from error
        except Broken as broken:
            raise Broken("schema", f"{path}: {broken.args[1]}") from broken


# --- checks, in the order of section 5 --------------------------------------------------------------------------------


def check_seal(document):
    require(isinstance(document, dict) and isinstance(document.get("seal"), dict), "seal", "there is no seal")
    seal = document["seal"]
    without = {**document, "seal": {key: value for key, value in seal.items() if key != "sha256"}}
    require(seal.get("sha256") == digest(encode(without)), "seal", "seal.sha256 is not the digest of the document")


def check_seal_members(seal):
    require(seal["sequence"] >= 1, "seal", "seal.sequence must be positive")
    require(re.fullmatch("[0-9a-f]{64}", seal["previous"]), "seal", "seal.previous must be a digest")
    require((seal["sequence"] == 1) == (seal["previous"] == "0" * 64), "seal", "zeros come before the first, only")


COLUMNS = {"close": math.nan, "dividend": 0.0, "high": math.nan, "low": math.nan, "open": math.nan, "split": 1.0,
           "volume": math.nan}


def check_table(table, path):
    check_schema(table, {"basis": names("raw adjusted"), "columns": "any", "dates": ["integer"], "source": "text",
                         "symbol": "symbol"}, path)
    days, columns = table["dates"], table["columns"]
    first, last = (datetime.date(y, m, d).toordinal() - datetime.date(1970, 1, 1).toordinal()
                   for y, m, d in ((1900, 1, 1), (2199, 12, 31)))
    require(all(first <= day <= last for day in days), "schema", f"{path}.dates are out of range")
    require(all(a < b for a, b in zip(days, days[1:])), "schema", f"{path}.dates must ascend")
    require(isinstance(columns, dict) and columns.keys() <= COLUMNS.keys(), "schema", f"{path}.columns")
    for name, column in columns.items():
        check_schema(column, ["double"], f"{path}.columns.{name}")
        require(len(column) == len(days), "schema", f"{path}.columns.{name} has another length")
        require(any(value != double_text(COLUMNS[name]) for value in column), "schema",
                f"{path}.columns.{name} says nothing")
    require(all(0 < double(v) < math.inf for v in columns.get("split", [])), "schema", f"{path}: split")
    require(all(0 <= double(v) < math.inf for v in columns.get("dividend", [])), "schema", f"{path}: dividend")


def check_blocks(document):
    blocks, prices = document["blocks"], document["body"]["prices"] or []
    require(isinstance(blocks, dict), "schema", "blocks must be an object")
    for name, table in blocks.items():
        check_table(table, f"blocks.{name}")
        require(digest(encode(table)) == name, "blocks", f"blocks.{name} has another digest")
    require(len({entry["symbol"] for entry in prices}) == len(prices), "blocks", "a symbol is priced twice")
    for i, entry in enumerate(prices):
        path = f"body.prices[{i}]"
        require(entry["block"] in blocks, "blocks", f"{path}.block is not there")
        table = blocks[entry["block"]]
        closes = [double(value) for value in table["columns"].get("close", [])]
        priced = [row for row, close in enumerate(closes) if close > 0]
        day = closing = None
        if priced:
            day = (datetime.date(1970, 1, 1) + datetime.timedelta(days=table["dates"][priced[-1]])).isoformat()
            closing = closes[priced[-1]]
        require(entry["symbol"] == table["symbol"] and entry["source"] == table["source"], "blocks",
                f"{path} is not its table's")
        require(entry["date"] == day, "blocks", f"{path}.date is not that of the last close")
        require((entry["age_sessions"] is None) == (day is None), "blocks", f"{path}.age_sessions does not fit")
        if entry["price"] is not None:
            require(closing is not None and closing < 1e10 and decimal(entry["price"]) == billionths(closing),
                    "blocks", f"{path}.price is not the last close")
    require(set(blocks) == {entry["block"] for entry in prices}, "blocks", "a table is not used")


def check_identity(body):
    source = f"{body['portfolio']}\n{body['session']}\n{body['started_at']}\n{body['configuration']}\n"
    require(body["id"] == digest(source)[:32], "identity", "body.id is not its digest")


def check_sections(body):
    there = {name: body[name] is not None for name in ("book", "prices", "quality", "target", "plan", "proof")}
    needs = [("prices", "book"), ("quality", "book"), ("target", "quality"), ("plan", "target"), ("proof", "plan")]
    for section, needed in needs:
        require(not there[section] or there[needed], "sections", f"body.{section} without {needed}")
    require(not there["plan"] or body["broker"]["capabilities"], "sections", "body.plan without capabilities")
    end = body["end"]
    require(not end["legs"] or there["proof"], "sections", "body.end.legs without a proof")
    require(there["proof"] or end["hold"] or end["outcome"] == "held", "sections", "no proof, and nothing held")
    if there["target"]:
        stops = any(finding["severity"] == "stop" for finding in body["quality"]["findings"])
        require(not stops, "sections", "body.target follows a verdict that stops")
        require(all(entry["price"] for entry in body["prices"] or []), "sections", "a price is missing")
        weights = body["target"]["weights"]
        values = [double(weights["cash"])] + [double(w) for _, w in sorted(weights["symbols"].items())]
        require(all(map(math.isfinite, values)) and abs(sum(values) - 1) <= 1e-9, "schema", "weights must sum to 1")


RULES = """orders_within_count one_order_per_symbol references_are_the_price_list limits_inside_collar
quantities_on_increment order_types no_sell_above_holdings buy_only untouchables order_value_minimum
order_value_maximum order_quantity_maximum orders_per_day position_maximum costs cash_above_buffer turnover""".split()


def up(product):
    return -(-product // BILLION)


def check_plan(body):
    """Section 6 of the document. Amounts in billionths, products of two of them in 10^-18."""
    orders, book, able = body["plan"]["orders"], body["book"], body["broker"]["capabilities"]
    rules, limits = body["settings"]["rebalance"], body["settings"]["limits"]

    def must(holds, what):
        require(holds, "plan", what)

    def bounded(name):
        return decimal(limits[name]) if limits[name] is not None else None

    quantity_step, price_step = decimal(able["quantity_increment"]), decimal(able["price_increment"])
    commission, rate, buffer = decimal(able["commission_per_order"]), decimal(able["cost_rate"]), decimal(rules["cash_buffer"])
    must(quantity_step > 0 and price_step > 0, "increments must be positive")
    must(commission >= 0 and 0 <= rate < BILLION and buffer >= 0, "costs and buffer must not be negative")
    collar = double(rules["price_collar"])
    must(0 <= collar < 1 and billionths(collar) < BILLION, "the collar must be from 0 to below 1")
    collar = billionths(collar)
    must(not orders or able["limit_orders"] or able["market_orders"], "the broker takes no orders")

    prices = {entry["symbol"]: decimal(entry["price"]) for entry in body["prices"] or [] if entry["price"]}
    held = {position["symbol"]: decimal(position["quantity"]) for position in book["positions"]}
    must(len(held) == len(book["positions"]), "a symbol is in the book twice")
    must(held.keys() <= prices.keys(), "something held has no price")
    cash = decimal(book["cash"])
    equity = cash * BILLION + sum(quantity * prices[name] for name, quantity in held.items())
    must(0 < equity < 2**127, "equity must be positive")
    must(len(orders) <= max(limits["orders_max"], 0), "more orders than orders_max")
    must(limits["orders_today"] >= 0, "orders_today is negative")
    must(not orders or len(orders) + limits["orders_today"] <= limits["orders_per_day_max"], "too many orders today")

    def part_of_equity(name):
        if limits[name] is None:
            return None
        fraction = double(limits[name])
        must(0 <= fraction < 9e9, f"{name} must not be negative, and not too large")
        product = abs(equity) // BILLION * billionths(fraction)
        must(product < 2**127, f"{name} is too large")
        return product

    position_max, turnover_max = part_of_equity("position_max"), part_of_equity("turnover_per_day")
    traded = costs = 0
    lowest = cash
    seen = set()
    for i, order in enumerate(orders):
        path = f"body.plan.orders[{i}]"
        side, name = order["side"], order["symbol"]
        client_id = f"rb-{body['id']}-{name}-{side[0]}-1"
        require(order["number"] == i + 1, "plan", f"{path}.number must be {i + 1}")
        require(order["client_id"] == client_id, "client_ids", f"{path}.client_id must be {client_id}")
        quantity, limit, reference = decimal(order["quantity"]), decimal(order["limit"]), decimal(order["reference"])
        must(quantity > 0 and quantity % quantity_step == 0, f"{path}.quantity is not on the increment")
        must(name not in seen, f"{path}: {name} is traded twice")
        seen.add(name)
        must(prices.get(name) == reference, f"{path}.reference is not the price")
        must(limit % price_step == 0, f"{path}.limit is not on the increment")
        inside = (limit * BILLION <= reference * (BILLION + collar) if side == "buy"
                  else limit * BILLION >= reference * (BILLION - collar))
        must(inside, f"{path}.limit is outside the collar")
        must(name not in rules["untouchable"], f"{path}: {name} is untouchable")
        at_reference, at_limit = quantity * reference, quantity * limit
        if side == "sell":
            must(not rules["buy_only"], f"{path} sells, and nothing may be sold")
            must(quantity <= held.get(name, 0), f"{path} sells more than is held")
        larger, smaller = max(at_reference, at_limit), min(at_reference, at_limit)
        must(larger // BILLION < 2**63 - 1, f"{path} is worth too much")
        must(at_reference >= decimal(rules["trade_value_min"]) * BILLION, f"{path} is below the minimum trade")
        must(smaller >= decimal(able["order_value_min"]) * BILLION, f"{path} is below the broker's minimum")
        value_max, quantity_max = bounded("order_value_max"), bounded("order_quantity_max")
        must(value_max is None or larger <= value_max * BILLION, f"{path} is worth more than order_value_max")
        must(quantity_max is None or quantity <= quantity_max, f"{path} has more shares than order_quantity_max")
        if side == "buy" and position_max is not None:
            must((held.get(name, 0) + quantity) * max(reference, limit) <= position_max, f"{path}: position_max")
        paid = up(at_limit) if side == "buy" else at_limit // BILLION
        cost = commission + up(paid * rate)
        must(decimal(order["cost_max"]) == cost, f"{path}.cost_max is not what it costs")
        expected = up(at_reference) if side == "buy" else at_reference // BILLION
        costs += commission + up(expected * rate)
        traded += at_reference
        before = cash
        cash += (-paid if side == "buy" else paid) - cost
        must(cash >= buffer or cash >= before, f"{path} leaves less than the cash buffer")
        lowest = min(lowest, cash)
    must(decimal(body["plan"]["cost"]) == costs, "body.plan.cost is not what it costs")
    if turnover_max is not None:
        today = decimal(limits["turnover_today"] or "0")
        must(today >= 0 and up(traded) + today <= turnover_max // BILLION, "turnover_per_day is exceeded")
    return lowest


def check_proof(body):
    if body["plan"] is None:
        return
    try:
        lowest = check_plan(body)
    except Broken as broken:
        # A plan that broke a rule is why a run held; it has no proof then. Ids are no such reason.
        if body["proof"] is not None or broken.args[0] != "plan" or ".number" in broken.args[1]:
            raise
        return
    if body["proof"] is None:
        hold = body["end"]["hold"]
        require(hold and hold["stage"] == "check" and hold["code"] != "rejected", "plan",
                "body.proof is missing, and the plan breaks no rule")
        return
    require(decimal(body["proof"]["lowest_cash"]) == lowest, "proof", "body.proof.lowest_cash is another")
    require([rule["rule"] for rule in body["proof"]["rules"]] == RULES, "proof", "body.proof.rules are others")


def check_legs(body):
    end = body["end"]
    legs = end["legs"]
    if not legs:
        return
    orders = body["plan"]["orders"]
    require(body["mode"] != "dry_run" and len(legs) == len(orders), "legs", "body.end.legs are not the plan's orders")
    seen = set()
    for i, (leg, order) in enumerate(zip(legs, orders)):
        path = f"body.end.legs[{i}]"
        same = all(leg[name] == order[name] for name in ("client_id", "symbol", "side", "quantity"))
        limit = order["limit"] if leg["limit"] is not None else None
        require(same and leg["limit"] == limit, "legs", f"{path} is not the order planned")
        require(leg["limit"] is not None or not body["broker"]["capabilities"]["limit_orders"], "legs", f"{path}.limit")
        filled, quantity = decimal(leg["filled"]), decimal(leg["quantity"])
        require(0 <= filled <= quantity, "legs", f"{path}.filled")
        require(leg["state"] != "filled" or filled == quantity, "legs", f"{path} is filled, but not all of it")
        require(leg["average_price"] is None or filled > 0, "legs", f"{path}.average_price")
        ended = leg["state"] in ("filled", "cancelled", "rejected")
        require(ended or end["ambiguous"] or end["hold"], "legs", f"{path}.state")
        quantities = [decimal(fill["quantity"]) for fill in leg["fills"]]
        require(all(one > 0 for one in quantities), "fills", f"{path}.fills")
        require(sum(quantities) <= (filled if ended else quantity), "fills", f"{path}.fills")
        ids = [fill["id"] for fill in leg["fills"]]
        require(len(set(ids)) == len(ids) and not seen & set(ids), "fills", f"{path}: a fill is there twice")
        seen |= set(ids)


def check_end(body):
    end = body["end"]
    filled = any(decimal(leg["filled"]) > 0 for leg in end["legs"])
    require(end["outcome"] in ("traded", "held", "in_band"), "end", "body.end.outcome")
    require(end["outcome"] != "traded" or filled, "end", "traded, and nothing is filled")
    require(end["outcome"] != "in_band" or not end["legs"], "end", "in_band, with orders")
    require(instant(end["finished_at"]) >= instant(body["started_at"]), "end", "it ended before it began")


def verify(data):
    document = parse(data)
    check_seal(document)
    check_schema(document, DOCUMENT, "decision")
    check_seal_members(document["seal"])
    body = document["body"]
    check_blocks(document)
    check_identity(body)
    check_sections(body)
    check_proof(body)
    check_legs(body)
    check_end(body)
    return {"id": body["id"], "session": body["session"], "outcome": body["end"]["outcome"], **document["seal"]}


def verify_chain(folder, head):
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(verify(file.read_bytes()))
        except Broken as broken:
            raise Broken(broken.args[0], f"{file.name}: {broken.args[1]}") from broken
        require(file.name == found[-1]["id"] + ".json", "name", f"{file.name} holds decision {found[-1]['id']}")
    previous = "0" * 64
    for number, decision in enumerate(sorted(found, key=lambda one: one["sequence"]), 1):
        require(decision["sequence"] == number, "chain", f"number {number} is missing or there twice")
        require(decision["previous"] == previous, "chain", f"{decision['id']} does not follow the one before it")
        previous = decision["sha256"]
    require(head in (None, previous), "chain", f"it ends with {previous}, must end with {head}")
    return found


def main():
    parser = argparse.ArgumentParser(description="Verifies sealed decisions.")
    parser.add_argument("paths", nargs="+", type=pathlib.Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--head", help="the seal that a chain must end with")
    options = parser.parse_args()
    results = []
    for path in options.paths:
        result = {"path": str(path), "verified": True}
        try:
            decisions = verify_chain(path, options.head) if path.is_dir() else [verify(path.read_bytes())]
            result["decisions"] = decisions
        except Broken as broken:
            result.update(verified=False, check=broken.args[0], reason=broken.args[1])
        except OSError as error:
            parser.error(str(error))
        results.append(result)
    if options.json:
        print(json.dumps(results))
    else:
        for result in results:
            words = (f"verified, {len(result['decisions'])} decisions" if result["verified"]
                     else f"NOT VERIFIED, {result['check']}: {result['reason']}")
            print(f"{result['path']}: {words}")
    return 0 if all(result["verified"] for result in results) else 9


if __name__ == "__main__":
    sys.exit(main())
