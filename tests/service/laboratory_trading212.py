#!/usr/bin/env python3
"""The simulated Trading 212 is true to Trading 212's own document, says software that is not ours.

    laboratory_trading212.py BINARY BUILD_FOLDER

Prism stands before the laboratory with the official specification, corrected only where it contradicts itself: each
correction below says why. The specification is not part of this project: it is looked for in REBALANCER_REFERENCE_DIR
(default ../shared).
"""
import base64
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from openapi import Proxy
from peers import install_npm
from service import Checks

SPECIFICATION = "protocols/specs/trading212-openapi-2026-04.json"
ABSENT = 77  # what ctest counts as skipped
PREFIX = "/api/v0/equity/"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"LAB:LAB").decode()}
LEGACY = {"Authorization": "LAB"}


def reference():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(os.environ.get("REBALANCER_REFERENCE_DIR", root / ".." / "shared"))
    return folder / SPECIFICATION


def correct(document):
    """What the document says and the real API, or the document's own text, contradicts."""
    schemas = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            # Two kinds of keys are written as if both were needed at once; its text says either.
            if isinstance(operation, dict) and len(operation.get("security", [])) == 1:
                operation["security"] = [{name: scopes} for name, scopes in operation["security"][0].items()]
    for name, schema in schemas.items():
        # "If the nextPagePath field is null, you have reached the end", says its own text.
        if name.startswith("PaginatedResponse"):
            schema["properties"]["nextPagePath"]["nullable"] = True
    # Without them an empty order would be a right one.
    schemas["MarketRequest"]["required"] = ["ticker", "quantity"]
    schemas["LimitRequest"]["required"] = ["ticker", "quantity", "limitPrice"]
    return document


@contextlib.contextmanager
def laboratory(binary):
    process = subprocess.Popen(
        [binary, "laboratory", "--broker", "trading212", "--json", "--quiet"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


class Asker:
    def __init__(self, proxy, checks):
        self.proxy = proxy
        self.checks = checks
        self.sent = 0

    def send(self, method, path, statuses, body=None, keys=None):
        """Waits as its headers say when there were too many requests, which is a right answer too."""
        while True:
            answer, against = self.proxy.ask(method, path if path[0] == "/" else PREFIX + path, body, keys or BASIC)
            self.sent += 1
            self.checks.check(not against, f"{method} {path}: {against[:1500]}")
            if answer.status != 429 or 429 in statuses:
                break
            time.sleep(max(0.2, int(answer.headers["x-ratelimit-reset"]) - time.time()))
        self.checks.check(answer.status in statuses, f"{method} {path}: {answer.status}: {answer.body[:300]!r}")
        return json.loads(answer.body) if answer.body.startswith((b"{", b"[")) else None

    def refused_by_prism(self, method, path, body):
        answer, against = self.proxy.ask(method, PREFIX + path, body, BASIC)
        self.sent += 1
        self.checks.check(bool(against), f"{method} {path} {body}: Prism lets it pass with {answer.status}")


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    if not reference().is_file():
        print(f"SKIPPED: there is no {reference()}: nothing was compared with Trading 212's own document")
        sys.exit(ABSENT)
    build = install_npm(sys.argv[2])
    document = correct(json.loads(reference().read_text()))
    checks = Checks("Trading 212's specification")
    with tempfile.TemporaryDirectory() as name, laboratory(binary) as told:
        port = int(told["url"].rsplit(":", 1)[1])
        with Proxy(build, pathlib.Path(name), document, port, True) as proxy:
            asker = Asker(proxy, checks)
            send = asker.send
            send("GET", "account/summary", {200})
            send("GET", "account/summary", {200}, keys=LEGACY)
            send("GET", "metadata/instruments", {200})
            send("GET", "metadata/exchanges", {200})
            market = {"ticker": "IWM_US_EQ", "quantity": 2.5}
            made = send("POST", "orders/market", {200}, market)
            send("POST", "orders/market", {200}, {"ticker": "VODl_EQ", "quantity": 100, "extendedHours": False})
            send("POST", "orders/market", {400}, {**market, "quantity": 99_999})
            send("POST", "orders/market", {400}, {**market, "quantity": -99})
            send("POST", "orders/market", {400}, {**market, "quantity": 0.123456})
            send("POST", "orders/market", {400}, {**market, "ticker": "IWM"})
            limit = {"ticker": "SPY_US_EQ", "quantity": 1, "limitPrice": 1.5, "timeValidity": "GOOD_TILL_CANCEL"}
            resting = send("POST", "orders/limit", {200}, limit)
            send("GET", f"orders/{resting['id']}", {200})
            send("GET", "orders", {200})
            send("GET", "positions", {200})
            send("GET", "positions?ticker=IWM_US_EQ", {200})
            send("DELETE", f"orders/{resting['id']}", {200})
            send("DELETE", "orders/1", {404})
            send("GET", f"orders/{made['id']}", {200, 404})  # 404 once it is done
            history = send("GET", "history/orders?limit=1", {200})
            checks.check(history["items"], "the history is empty")
            if history["nextPagePath"]:
                send("GET", history["nextPagePath"], {200})
            send("GET", "history/orders?limit=50&ticker=IWM_US_EQ", {200})
            send("GET", "history/dividends", {200})
            send("GET", "history/transactions", {200})
            send("GET", "history/transactions", {200}, keys=LEGACY)
            for wrong in ({}, {"ticker": "IWM_US_EQ"}, {"ticker": "IWM_US_EQ", "quantity": "2"}):
                asker.refused_by_prism("POST", "orders/market", wrong)
        print(f"{asker.sent} requests through the proxy", flush=True)
    checks.end()


if __name__ == "__main__":
    main()
