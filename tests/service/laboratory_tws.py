#!/usr/bin/env python3
"""Somebody else's client of TWS, npm @stoqey/ib, understands every message of the simulated gateway.

    laboratory_tws.py BINARY BUILD_FOLDER

For each server version in turn it connects, looks at contracts, positions, the account and prices, places, changes and
cancels orders, and asks for orders and executions. A field too many or too few makes its decoder complain.
"""
import contextlib
import json
import pathlib
import subprocess
import sys

from peers import install_npm
from service import Checks

VERSIONS = (157, 162, 163, 164, 170, 176, 177, 178, 182, 183, 186, 189, 192, 193)
WRONG_LAYOUT = ("Underrun", "unprocessed data", "No parser")


@contextlib.contextmanager
def laboratory(binary):
    process = subprocess.Popen(
        [binary, "laboratory", "--broker", "interactive_brokers", "--json", "--quiet"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


def check_version(build, port, version, client_id, account, checks):
    done = subprocess.run(
        ["node", "tws_client.mjs", str(port), str(version), str(client_id)],
        cwd=build,
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    said = {line["event"]: line["rest"] for line in lines}
    checks.check("done" in said, f"version {version}: {said.get('failed')} {done.stderr[-1000:]}")
    checks.check(said.get("version") == [version], f"version {version}: it is {said.get('version')}")
    checks.check(said.get("managedAccounts", [""])[0].startswith(account), f"version {version}: account")
    for line in lines:
        wrong = line["event"] == "error" and any(word in line["rest"][2] for word in WRONG_LAYOUT)
        checks.check(not wrong, f"version {version}: {line['rest']}")
    orders = [line["rest"] for line in lines if line["event"] == "openOrder"]
    checks.check(
        {rest[2].get("orderRef") for rest in orders} == {"ref-1", "ref-2"},
        f"version {version}: references {[rest[2].get('orderRef') for rest in orders]}",
    )
    executions = [line["rest"][2] for line in lines if line["event"] == "execDetails"]
    checks.check(
        executions and all(each["orderRef"] == "ref-1" and each["permId"] for each in executions),
        f"version {version}: executions {executions}",
    )
    return len(lines)


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    build = install_npm(sys.argv[2])
    checks = Checks("TWS by @stoqey/ib")
    messages = 0
    with laboratory(binary) as told:
        port = int(told["url"].rsplit(":", 1)[1])
        for client_id, version in enumerate(VERSIONS, 1):
            messages += check_version(build, port, version, client_id, told["account"], checks)
    print(f"{len(VERSIONS)} versions, {messages} events", flush=True)
    checks.end()


if __name__ == "__main__":
    main()
