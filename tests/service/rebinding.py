#!/usr/bin/env python3
"""A web page cannot trade: foreign pages in a real Chromium, and every Host and Origin over plain sockets.

    rebinding.py BINARY BUILD_FOLDER

Pages of a foreign origin, of another program on this machine, of a sandboxed frame and of a name that was bound to the
service's address after the page was loaded try every route that changes something, in every way a browser can send.
Afterwards nothing has changed; then the same requests with the right Host, which do change it.
"""
import collections
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

from peers import install_npm
from service import TRADING_SURFACES, Checks, Service, raw_exchange, status_of

ROUTES = [
    {"surface": "fetcher", "method": "POST", "path": "/fetch", "body": {}},
    {"surface": "optimizer", "method": "POST", "path": "/optimize", "body": {}},
    {"surface": "executor", "method": "POST", "path": "/execute", "body": {"dry_run": False}},
    {"surface": "executor", "method": "DELETE", "path": "/orders/none", "body": {}},
    {"surface": "executor", "method": "POST", "path": "/halt", "body": {"reason": "evil"}},
    {"surface": "executor", "method": "POST", "path": "/resume", "body": {"reason": "evil"}},
    {"surface": "executor", "method": "POST", "path": "/reconcile", "body": {}},
    {"surface": "executor", "method": "POST", "path": "/reconcile/accept", "body": {"reason": "evil"}},
    {"surface": "scheduler", "method": "POST", "path": "/execute", "body": {"dry_run": False}},
    {"surface": "scheduler", "method": "PUT", "path": "/schedule", "body": {"at": "03:33"}},
    {"surface": "scheduler", "method": "DELETE", "path": "/schedule", "body": {}},
]


class Foreign(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_):
        pass


def state_of(service):
    """What a page could have changed; a look is none of it."""
    status = service.request("scheduler", "GET", "/status").json
    return {
        "schedule": service.request("scheduler", "GET", "/schedule").json,
        "trading": status["trading_state"],
        "trading_reason": status["trading_state_reason"],
        "last_run": status["last_run"],
        "jobs": service.request("executor", "GET", "/jobs").json,
        "history": service.request("scheduler", "GET", "/history").json,
        "decisions": service.request("scheduler", "GET", "/decisions").json,
        "orders": service.request("executor", "GET", "/orders").json,
        "prices": service.request("fetcher", "GET", "/data/SPY").status,
    }


def refusals_of(service):
    """How often each status was the answer so far, as /metrics has it."""
    counts = collections.Counter()
    for line in service.request("scheduler", "GET", "/metrics").body.decode().splitlines():
        if line.startswith("rebalancer_http_requests_total{"):
            counts[int(re.search(r'status="(\d+)"', line).group(1))] += int(float(line.rsplit(" ", 1)[1]))
    return counts


def every_route_is_attacked(service, checks):
    offered = set()
    for surface in TRADING_SURFACES:
        for path, item in service.request(surface, "GET", "/openapi.json").json["paths"].items():
            if not path.startswith("/jobs"):
                offered |= {(surface, method.upper(), path) for method in item if method in ("post", "put", "delete")}
    attacked = {(row["surface"], row["method"], row["path"].replace("none", "{id}")) for row in ROUTES}
    checks.check(offered == attacked, f"routes that are not attacked, or are not there: {offered ^ attacked}")


def attack_with_browser(service, build, checks):
    with tempfile.TemporaryDirectory() as name:
        foreign = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
        threading.Thread(target=foreign.serve_forever, daemon=True).start()
        plan = {
            "browser": "/usr/bin/chromium",
            "foreign_port": foreign.server_port,
            "surfaces": {surface: service.ports[surface] for surface in TRADING_SURFACES},
            "routes": ROUTES,
        }
        path = pathlib.Path(name) / "plan.json"
        path.write_text(json.dumps(plan))
        before = state_of(service)
        done = subprocess.run(
            ["node", "attack.mjs", path], cwd=build, capture_output=True, text=True, timeout=900, check=False
        )
        foreign.shutdown()
    if not checks.check(done.returncode == 0, f"the browser failed: {done.stderr[-3000:]}"):
        return
    told = json.loads(done.stdout)
    after = state_of(service)
    # The page of our own came last, and changed the time.
    checks.check(
        told["own"] == 200 and after["schedule"]["at"] == "11:11", f"a page of the service's own may not: {told['own']}"
    )
    service.request("scheduler", "DELETE", "/schedule")
    after = state_of(service)
    checks.check(after == before, f"changed from {json.dumps(before)} to {json.dumps(after)}")

    for kind in ("foreign", "neighbour", "opaque"):
        for row in told[kind]:
            readable = isinstance(row["saw"], int) and row["saw"] != 0
            checks.check(not readable and row["saw"] != "open", f"a {kind} page sees an answer: {row}")
    for row in told["foreign_looks"]:
        checks.check(not isinstance(row["saw"], int), f"a foreign page may look: {row}")
    for row in told["rebound"]:
        if row["way"].startswith("fetch"):
            checks.check(row["saw"] in (403, 421), f"the rebound name is answered: {row}")
    for row in told["rebound_looks"]:
        checks.check(row["saw"] in (403, 421), f"the rebound name may look: {row}")
    count = sum(len(told[kind]) for kind in ("foreign", "neighbour", "opaque", "rebound"))
    refused = refusals_of(service)
    # It was the service that said no, not the browser: of the ways above at least these reach it.
    arrived = sum(row["way"] in ("simple", "form_plain", "form_empty", "beacon") for row in told["foreign"])
    checks.check(refused[403] >= arrived, f"{arrived} requests that a browser sends unasked, {refused[403]} refused")
    checks.check(refused[421] >= len(told["rebound"]) // 2, f"{refused[421]} requests to the rebound name were refused")
    print(
        f"{count} tries of a real browser at {len(ROUTES)} routes: {refused[403]} refused for their origin,"
        f" {refused[421]} for their host, nothing changed",
        flush=True,
    )


def matrix(port, others, foreign_port):
    """(Host or a list of them, Origin, statuses of a GET, statuses of a POST); none: not sent."""
    right = f"127.0.0.1:{port}"
    fine, foreign, misdirected, bad = {200}, {403}, {421}, {400}
    for host in (right, f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}", "localhost", "127.0.0.1"):
        yield host, None, fine, fine
    for host in (
        f"evil.example:{port}",
        "evil.example",
        f"localhost.evil.example:{port}",
        f"evil-localhost:{port}",
        f"127.0.0.1.evil.example:{port}",
        f"127.0.0.2:{port}",
        f"0.0.0.0:{port}",
        f"[::]:{port}",
        f"2130706433:{port}",
        f"0x7f.1:{port}",
        f"localhost.:{port}",
        f"rebalancer:{port}",
        f"[::ffff:127.0.0.1]:{port}",
    ):
        yield host, None, misdirected | bad, misdirected | bad
    for host in (
        None,
        "",
        [right, right],
        [right, "evil.example"],
        ["evil.example", right],
        f"localhost:{port}@evil.example",
        f"evil.example/{right}",
        f"{right}, evil.example",
        f"user@{right}",
        f"local host:{port}",
        f"localhost:{port}:1",
        "localhost:port",
        f"[::1:{port}",
        "localhost:99999999",
    ):
        yield host, None, bad | misdirected, bad | misdirected
    for origin in (f"http://{right}", f"http://localhost:{port}", *(f"http://127.0.0.1:{other}" for other in others)):
        yield right, origin, fine, fine
    for origin in (
        "http://evil.example",
        f"http://evil.example:{port}",
        "null",
        f"https://127.0.0.1:{port}",
        f"http://127.0.0.1:{foreign_port}",
        "http://localhost",
        f"http://localhost:{port}.evil.example",
        f"http://{right}@evil.example",
        f"http://{right}/path",
        "file://",
        f"chrome-extension://{right}",
        f"ws://{right}",
        right,
        "",
        f"http://{right} http://evil.example",
        f"http://127.0.0.1.evil.example:{port}",
        f"http://{right}:80",
        "http://",
        f" http://evil.example,http://{right}",
    ):
        yield right, origin, fine, foreign | bad
    yield f"evil.example:{port}", f"http://evil.example:{port}", misdirected, misdirected | foreign


def try_matrix(service, checks):
    port = service.ports["executor"]
    others = [service.ports[surface] for surface in TRADING_SURFACES if surface != "executor"]
    rows = list(matrix(port, others, 9))
    for host, origin, looks, changes in rows:
        hosts = host if isinstance(host, list) else [] if host is None else [host]
        fields = "".join(f"Host: {value}\r\n" for value in hosts)
        fields += f"Origin: {origin}\r\n" if origin is not None else ""
        before = service.request("scheduler", "GET", "/status").json["trading_state"]
        look = raw_exchange(port, f"GET /health HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
        path = "/halt" if before == "active" else "/resume"
        change = raw_exchange(
            port, f"POST {path} HTTP/1.1\r\n{fields}Connection: close\r\nContent-Length: 0\r\n\r\n".encode()
        )
        after = service.request("scheduler", "GET", "/status").json["trading_state"]
        said = f"Host {host!r}, Origin {origin!r}"
        checks.check(status_of(look) in looks, f"{said}: GET is answered {look[:200]!r}, not {looks}")
        checks.check(status_of(change) in changes, f"{said}: POST is answered {change[:200]!r}, not {changes}")
        checks.check(
            (after != before) == (status_of(change) == 200),
            f"{said}: {status_of(change)}, and trading went from {before} to {after}",
        )
    for site, statuses in (("cross-site", {403}), ("same-origin", {200}), ("none", {200})):
        answer = service.request("executor", "POST", "/resume", headers={"Sec-Fetch-Site": site})
        checks.check(answer.status in statuses, f"Sec-Fetch-Site {site}: {answer.status}")
    # Nothing that would let a foreign page read, and nothing to ask before it writes.
    for method in ("GET", "OPTIONS"):
        answer = service.request(
            "scheduler",
            method,
            "/status",
            headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"},
        )
        allowed = [name for name in answer.headers if name.startswith("access-control-")]
        checks.check(not allowed, f"{method} is answered with {allowed}")
    print(f"{len(rows)} combinations of Host and Origin", flush=True)


def same_requests_work(service, checks):
    """The control: with the right Host the same rows do what they say."""
    port = service.ports
    for row in ROUTES:
        answer = service.request(
            row["surface"],
            row["method"],
            row["path"],
            row["body"] if row["body"] else None,
            {"Host": f"localhost:{port[row['surface']]}"},
        )
        wanted = 404 if row["path"] == "/orders/none" else 200
        checks.check(answer.status == wanted, f"with the right Host: {row}: {answer.status} {answer.body[:300]}")
    state = state_of(service)
    checks.check(
        state["orders"]["orders"] and state["decisions"]["decisions"],
        "the same requests with the right Host traded nothing",
    )


def main():
    build = install_npm(sys.argv[2])
    checks = Checks("foreign pages")
    with Service(sys.argv[1], settings=["log.level=warning"]) as service:
        service.settle()
        every_route_is_attacked(service, checks)
        attack_with_browser(service, build, checks)
        try_matrix(service, checks)
        same_requests_work(service, checks)
    checks.end()


if __name__ == "__main__":
    main()
