#!/usr/bin/env python3
"""A real Prometheus scrapes every surface, and knows what the service knows.

    scrape.py BINARY BUILD_FOLDER

Before it, promtool checks the text of each /metrics.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

from peers import Tool, free_port
from service import TRADING_SURFACES, Checks, Client, Service, poll_until

DOMAIN = ("rebalancer_build_info", "rebalancer_portfolio_value", "rebalancer_trading_state")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def samples_of(text, prefix):
    """{(name, labels): value} of the exposition's lines whose name begins like that."""
    found = {}
    for line in text.splitlines():
        if line.startswith(prefix):
            series, _, value = line.rpartition(" ")
            name, _, labels = series.partition("{")
            found[name, frozenset(LABEL.findall(labels))] = float(value)
    return found


class Prometheus(Tool):
    def __init__(self, folder, targets):
        config = folder / "prometheus.yml"
        jobs = "".join(
            f"  - job_name: {name}\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
            for name, port in targets.items()
        )
        config.write_text(f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}")
        port = free_port()
        super().__init__(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            port,
            folder / "prometheus.log",
            folder,
        )

    def query(self, expression):
        """[(labels without job and instance, job, value)]; none while it starts."""
        answer = Client(self.port).request(
            "GET", "/api/v1/query?" + urllib.parse.urlencode({"query": expression}), last=True
        )
        if answer.status != 200:
            return []
        return [
            (
                frozenset(
                    (key, value) for key, value in row["metric"].items() if key not in ("job", "instance", "__name__")
                ),
                row["metric"]["job"],
                float(row["value"][1]),
            )
            for row in answer.json["data"]["result"]
        ]


def main():
    checks = Checks("Prometheus")
    with tempfile.TemporaryDirectory() as name, Service(sys.argv[1]) as service:
        run = service.request("scheduler", "POST", "/execute", {})
        checks.check(run.status == 200, f"a run is answered with {run.status}: {run.body[:300]}")
        for surface in TRADING_SURFACES:
            # Something to count: a success and a failure of each.
            service.request(surface, "GET", "/ready")
            service.request(surface, "GET", "/no-such-route")
            answer = service.request(surface, "GET", "/metrics")
            checks.check(
                answer.headers["content-type"].startswith("text/plain; version=0.0.4"),
                f"{surface}: /metrics is {answer.headers['content-type']}",
            )
            judged = subprocess.run(
                ["promtool", "check", "metrics"], input=answer.body, capture_output=True, check=False
            )
            checks.check(
                judged.returncode == 0 and not judged.stderr,
                f"{surface}: promtool says {judged.stderr.decode()} {judged.stdout.decode()}",
            )

        targets = {surface: service.ports[surface] for surface in TRADING_SURFACES}
        with Prometheus(pathlib.Path(name), targets) as prometheus:
            is_up = poll_until(
                lambda: {job for _, job, value in prometheus.query("up") if value == 1} == set(targets), 60, 0.2
            )
            checks.check(is_up, f"not every target is up: {prometheus.query('up')}")
            own = service.request("scheduler", "GET", "/metrics").body.decode()
            for metric in DOMAIN:
                told = {labels: value for (found, labels), value in samples_of(own, metric).items() if found == metric}
                checks.check(told, f"/metrics has no {metric}")

                def agrees(metric=metric, told=told):
                    seen = [row for row in prometheus.query(metric) if row[1] == "scheduler"]
                    return {labels: value for labels, _, value in seen} == told

                checks.check(
                    poll_until(agrees, 15, 0.2), f"Prometheus has {prometheus.query(metric)}, the service {told}"
                )
            equity = float(service.request("executor", "GET", "/positions").json["equity"])
            values = {value for _, _, value in prometheus.query("rebalancer_portfolio_value")}
            checks.check(
                any(abs(value - equity) < 0.005 for value in values),
                f"rebalancer_portfolio_value is {values}, GET /positions says {equity}",
            )

            # A halt is seen from outside.
            before = prometheus.query("rebalancer_trading_state")
            service.request("executor", "POST", "/halt", {"reason": "seen from outside"})
            checks.check(
                poll_until(
                    lambda: sorted(map(str, prometheus.query("rebalancer_trading_state"))) != sorted(map(str, before)),
                    15,
                    0.2,
                ),
                "Prometheus does not see the halt",
            )
            names = {name for name, _ in samples_of(own, "rebalancer_")}
            print(f"{len(names)} series names, {len(samples_of(own, 'rebalancer_'))} series", flush=True)
    checks.end()


if __name__ == "__main__":
    main()
