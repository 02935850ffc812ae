#!/usr/bin/env python3
"""What a release build of `serve` costs and gives: see bench/http_load.

    http_load.py BINARY LOAD_PROGRAM [--seconds 10] [--connections 32]
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "service"))
from service import Service  # noqa: E402

STARTS = 20
IDLE_SECONDS = 10
PATHS = (("scheduler", "/status"), ("optimizer", "/allocation"), ("scheduler", "/health"))


def start_seconds(binary, first):
    """Until it listens, until /health answers, until /ready says yes; the prices are there from a run before."""
    service = Service(binary, folder=first.folder, settings=["log.level=warning"])
    service.launch()
    service.wait_for_ports()
    listening = time.monotonic() - service.started_at
    service.request("scheduler", "GET", "/health")
    healthy = time.monotonic() - service.started_at
    while service.request("scheduler", "GET", "/ready").status != 200:
        if time.monotonic() - service.started_at > 20:
            sys.exit(f"not ready after 20 s: {service.request('scheduler', 'GET', '/ready').body.decode()}")
    ready = time.monotonic() - service.started_at
    service.stop()
    return listening, healthy, ready


def throughput(port, path, seconds, connections):
    """wrk's requests per second, one thread of load against the service's one thread of I/O."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"],
        capture_output=True,
        text=True,
        check=True,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"not every answer was right:\n{done.stdout}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def latency(program, port, path, rate, seconds, connections):
    done = subprocess.run(
        [program, str(port), path, str(rate), str(seconds), str(connections)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"not every answer was right: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("load")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args()

    rows = []
    service = Service(arguments.binary, settings=["log.level=warning"])
    try:
        service.start()
        first = service.request("scheduler", "POST", "/execute", {})
        if first.status != 200:
            sys.exit(f"the first run is answered with {first.status}: {first.body.decode()}")
        service.stop()
        starts = [start_seconds(arguments.binary, service) for _ in range(STARTS)]
        for name, taken in zip(("listening", "first answer", "/ready says yes"), zip(*starts)):
            rows.append(
                (
                    f"exec to {name}, median of {STARTS} (slowest)",
                    f"{1000 * statistics.median(taken):.0f} ms ({1000 * max(taken):.0f} ms)",
                )
            )

        service.start()
        time.sleep(IDLE_SECONDS)
        rows.append((f"resident memory, idle for {IDLE_SECONDS} s", f"{service.usage().rss_bytes / 2**20:.1f} MiB"))
        for surface, path in PATHS:
            port = service.ports[surface]
            size = len(service.request(surface, "GET", path).body)
            most = throughput(port, path, arguments.seconds, arguments.connections)
            rows.append((f"GET {path}, {size} bytes, {arguments.connections} connections", f"{most:,.0f} per second"))
            # Half of what is promised, 50,000; half of the most it gives leaves a machine of two cores no room.
            at = latency(arguments.load, port, path, 25_000, arguments.seconds, arguments.connections)
            rows.append(
                (
                    f"the same at {at['rate']:,} per second, p50 / p90 / p99 / p99.9 / worst",
                    " / ".join(f"{at[name]:.2f}" for name in ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms"))
                    + " ms",
                )
            )
        rows.append(("resident memory after it", f"{service.usage().rss_bytes / 2**20:.1f} MiB"))
        service.stop()
    finally:
        service.remove()
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


if __name__ == "__main__":
    main()
