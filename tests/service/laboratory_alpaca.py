#!/usr/bin/env python3
"""Alpaca's own client, npm @alpacahq/alpaca-trade-api, understands the simulated stream of trade updates.

    laboratory_alpaca.py BINARY BUILD_FOLDER

It signs in, listens, and is told of orders that fill and of one that is cancelled; wrong keys are refused in words that
it takes as final.
"""
import contextlib
import json
import pathlib
import subprocess
import sys
from decimal import Decimal

from peers import install_npm
from service import Checks


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


def client(build, url, key, secret):
    done = subprocess.run(
        ["node", "alpaca_client.mjs", url, key, secret], cwd=build, capture_output=True, text=True, timeout=120
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line["event"], line["rest"]) for line in lines], done.stderr[-2000:]


def check_updates(events, checks):
    said = dict(events)
    checks.check(said.get("authenticated") is True, f"it is not let in: {events}")
    checks.check(said.get("subscription") == ["trade_updates"], f"listening: {said.get('subscription')}")
    updates = [rest for event, rest in events if event == "update"]
    names = {"peer-1": [], "peer-2": []}
    for update in updates:
        names[update["order"]["clientOrderId"]].append(update["event"])
        checks.check(bool(update.get("timestamp")) and bool(update.get("executionId")), f"incomplete: {update}")
    checks.check(names["peer-1"][0] == "new" and names["peer-1"][-1] == "fill", f"peer-1: {names['peer-1']}")
    checks.check(set(names["peer-1"][1:-1]) <= {"partial_fill"}, f"peer-1: {names['peer-1']}")
    checks.check(names["peer-2"][0] == "new" and names["peer-2"][-1] == "canceled", f"peer-2: {names['peer-2']}")
    fills = [update for update in updates if update["event"] in ("partial_fill", "fill")]
    checks.check(sum(Decimal(fill["qty"]) for fill in fills) == 3, f"fills: {fills}")
    checks.check(fills[-1]["positionQty"] == "3" and Decimal(fills[-1]["price"]) > 0, f"last fill: {fills[-1]}")
    checks.check(fills[-1]["order"]["id"] == said["order"]["id"], "the last fill is of another order")
    checks.check(fills[-1]["order"]["filledQty"] == said["order"]["filled_qty"], "stream and look differ")
    checks.check("error" not in said, f"it complains: {said.get('error')}")


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    build = install_npm(sys.argv[2])
    checks = Checks("Alpaca's stream by @alpacahq/alpaca-trade-api")
    with laboratory(binary) as told:
        events, complaints = client(build, told["url"], told["key"], told["secret"])
        checks.check(("done", []) in events, f"it did not end: {complaints}")
        check_updates(events, checks)
        events, complaints = client(build, told["url"], told["key"], "wrong")
        checks.check(("authenticated", False) in events, f"wrong keys: {events} {complaints}")
        checks.check(("error", "auth failed") in events, f"wrong keys: {events}")
    checks.end()


if __name__ == "__main__":
    main()
