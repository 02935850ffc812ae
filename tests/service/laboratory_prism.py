#!/usr/bin/env python3
"""The simulated Alpaca and our client are true to Alpaca's own document, says software that is not ours.

    laboratory_prism.py BINARY BUILD_FOLDER

Prism stands between the program and the laboratory with the official specification and turns every request and every
answer that does not agree with it into an error. Two whole rebalances go through it, then each operation by itself.
The specification is not part of this project: it is looked for in REBALANCER_REFERENCE_DIR (default ../shared).
"""
import contextlib
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from openapi import Proxy
from peers import install_npm
from service import Checks

SPECIFICATION = "protocols/specs/alpaca-trading-openapi-2026-06.json"
ABSENT = 77  # what ctest counts as skipped
KEYS = {"APCA-API-KEY-ID": "LAB", "APCA-API-SECRET-KEY": "LAB"}
SYMBOLS = {"SPY": 612.40, "EFA": 81.63, "AGG": 97.31}


def reference():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(os.environ.get("REBALANCER_REFERENCE_DIR", root / ".." / "shared"))
    return folder / SPECIFICATION


@contextlib.contextmanager
def laboratory(binary):
    process = subprocess.Popen(
        [binary, "laboratory", "--broker", "alpaca", "--json", "--quiet"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


def write_folder(folder, url):
    """Prices of the last forty weekdays, which end at what the laboratory asks."""
    day = datetime.date.today() - datetime.timedelta(days=1)
    days = []
    while len(days) < 40:
        if day.weekday() < 5:
            days.append(day)
        day -= datetime.timedelta(days=1)
    lines = ["date," + ",".join(SYMBOLS)]
    for back, date in reversed(list(enumerate(days))):
        factors = [1 + ((back * (3 + place)) % 7 - 3) / 1000 if back else 1 for place in range(len(SYMBOLS))]
        prices = [f"{price * factor:.2f}" for price, factor in zip(SYMBOLS.values(), factors)]
        lines.append(f"{date}," + ",".join(prices))
    (folder / "prices.csv").write_text("\n".join(lines) + "\n")
    (folder / "config.yaml").write_text(
        f"""mode: paper
portfolio: {{tickers: [{", ".join(SYMBOLS)}]}}
provider: {{use: csv, path: prices.csv}}
strategy: {{use: equal_weight, glide_path: false, lookback_days: 30}}
constraints: {{max_weight: 100%}}
quality: {{age_sessions_max: 5}}
limits: {{price_age_sessions_max: 5}}
rebalance: {{threshold: none, min_trade: $20}}
broker:
  use: alpaca
  api_key: "${{LAB_KEY}}"
  secret_key: "${{LAB_KEY}}"
  base_url: {url}
execution: {{poll_milliseconds: 100, outside_market_hours: true}}
analytics: []
log: {{level: warning, format: text}}
"""
    )


def rebalance(binary, folder, settings, checks):
    words = [binary, "--config", "config.yaml", "run", "--json"]
    for setting in settings:
        words += ["--set", setting]
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, "LAB_KEY": "LAB"}, capture_output=True, text=True, timeout=300
    )
    checks.check(done.returncode == 0, f"run {settings}: exit code {done.returncode}: {done.stderr[-2000:]}")
    report = json.loads(done.stdout) if done.stdout else {"orders": []}
    states = [order.get("state") for order in report.get("orders", [])]
    checks.check(states and set(states) == {"filled"}, f"run {settings}: orders are {states}")
    return states


# Where the official document contradicts itself, and why what is read instead is what it means.
OVERLAYS = [
    (
        "both schemas of an activity require nothing, so each activity matches both of a oneOf; the operation beside it, "
        "/v2/account/activities, says anyOf",
        lambda document: items_of_activities(document).update(anyOf=items_of_activities(document).pop("oneOf")),
    ),
]


def items_of_activities(document):
    operation = document["paths"]["/v2/account/activities/{activity_type}"]["get"]
    return operation["responses"]["200"]["content"]["application/json"]["schema"]["items"]


def errors_in(against):
    """What the proxy has against an exchange, without its warnings: a status the document does not have is one."""
    if not against.startswith("["):
        return against
    return [found for found in json.loads(against) if found["severity"] == "Error"]


def send(proxy, checks, method, path, statuses, body=None):
    answer, against = proxy.ask(method, path, body, KEYS)
    wrong = errors_in(against)
    checks.check(not wrong, f"{method} {path}: {str(wrong)[:1500]}")
    checks.check(answer.status in statuses, f"{method} {path}: {answer.status}: {answer.body[:300]!r}")
    return json.loads(answer.body) if answer.body else None


def ask_each(proxy, checks):
    send(proxy, checks, "GET", "/v2/account", {200})
    send(proxy, checks, "GET", "/v2/clock", {200})
    send(proxy, checks, "GET", "/v2/assets/SPY", {200})
    send(proxy, checks, "GET", "/v2/assets/NOSUCH", {404})
    send(proxy, checks, "GET", "/v2/positions", {200})
    send(proxy, checks, "GET", "/v2/positions/SPY", {200})
    far = {"symbol": "SPY", "qty": "1", "side": "buy", "type": "limit", "limit_price": "1", "time_in_force": "day"}
    order = send(proxy, checks, "POST", "/v2/orders", {200}, {**far, "client_order_id": "by-hand-1"})
    send(proxy, checks, "POST", "/v2/orders", {422}, {**far, "client_order_id": "by-hand-1"})
    send(proxy, checks, "POST", "/v2/orders", {403}, {**far, "qty": "9000", "limit_price": "900"})
    send(proxy, checks, "GET", f"/v2/orders/{order['id']}", {200})
    send(proxy, checks, "GET", "/v2/orders:by_client_order_id?client_order_id=by-hand-1", {200})
    send(proxy, checks, "GET", "/v2/orders:by_client_order_id?client_order_id=never-sent", {404})
    send(proxy, checks, "GET", "/v2/orders?status=open&limit=500&direction=desc", {200})
    send(proxy, checks, "GET", "/v2/orders?status=all&limit=500", {200})
    replaced = send(proxy, checks, "PATCH", f"/v2/orders/{order['id']}", {200}, {"limit_price": "2"})
    send(proxy, checks, "DELETE", f"/v2/orders/{replaced['id']}", {204})
    send(proxy, checks, "GET", "/v2/assets?status=active&asset_class=us_equity", {200})
    send(proxy, checks, "GET", "/v2/calendar?start=2026-03-02T00:00:00Z&end=2026-03-09T00:00:00Z", {200})
    worth = {"symbol": "SPY", "notional": "25.50", "side": "buy", "type": "market", "time_in_force": "day"}
    send(proxy, checks, "POST", "/v2/orders", {200}, worth)
    send(proxy, checks, "DELETE", "/v2/orders", {207})
    send(proxy, checks, "GET", "/v2/account/activities/FILL?direction=asc&page_size=100", {200})
    send(proxy, checks, "GET", "/v2/account/activities?category=non_trade_activity&direction=asc", {200})


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    if not reference().is_file():
        print(f"SKIPPED: there is no {reference()}: nothing was compared with Alpaca's own document")
        sys.exit(ABSENT)
    build = install_npm(sys.argv[2])
    document = json.loads(reference().read_text())
    for reason, apply in OVERLAYS:
        print(f"overlay: {reason}", flush=True)
        apply(document)
    checks = Checks("Alpaca's specification")
    with tempfile.TemporaryDirectory() as name, laboratory(binary) as told:
        folder = pathlib.Path(name)
        port = int(told["url"].rsplit(":", 1)[1])
        with Proxy(build, folder, document, port, True) as proxy:
            write_folder(folder, f"http://127.0.0.1:{proxy.port}")
            first = rebalance(binary, folder, ["portfolio.id=first"], checks)
            # Another portfolio of the same account, so that the session trades again: now it sells before it buys.
            weights = ["strategy.use=fixed", 'strategy.weights={SPY: 0.1, EFA: 0.2, AGG: 0.7}']
            second = rebalance(binary, folder, ["portfolio.id=second", *weights], checks)
            ask_each(proxy, checks)
        print(f"{len(first)} and {len(second)} orders, then 21 requests by hand, through the proxy", flush=True)
    checks.end()


if __name__ == "__main__":
    main()
