#!/usr/bin/env python3
"""What the surfaces answer is what their OpenAPI documents say, according to software that is not ours.

    openapi.py BINARY BUILD_FOLDER

Every document is judged by a validator of OpenAPI 3.1. Then Prism stands as a proxy between us and every surface: it
compares each request and each answer with the document, and turns what does not agree into an error. Every operation
of the documents is sent through it, in success and in each way it can fail. At the end documents that are wrong on
purpose, which both must refuse.
"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from peers import Tool, free_port, install_npm
from service import CONFIG, TRADING_SURFACES, Checks, Client, Service, poll_until

VIOLATION = "https://stoplight.io/prism/errors"
METHODS = ("get", "put", "post", "delete", "patch")
ASKS_AGAIN = {"Prefer": "respond-async"}


def operations_of(document):
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def path_of(template, parameters):
    for name, value in parameters.items():
        template = template.replace("{" + name + "}", value)
    return template


def judge(build, folder, documents):
    """What the validator says of each, in the order given."""
    paths = []
    for number, document in enumerate(documents):
        paths.append(folder / f"judged-{number}.json")
        paths[-1].write_text(json.dumps(document))
    done = subprocess.run(
        ["node", "validate.mjs", *map(str, paths)], cwd=build, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


class Proxy(Tool):
    """Prism, which answers 500 with its own problem type where answer or request break the document."""

    def __init__(self, build, folder, document, upstream, checks_requests):
        path = folder / f"document-{free_port()}.json"
        path.write_text(json.dumps(document))
        port = free_port()
        super().__init__(
            [
                "node",
                "node_modules/.bin/prism",
                "proxy",
                path,
                f"http://127.0.0.1:{upstream}",
                "--errors",
                "--cors",
                "false",
                "--host",
                "127.0.0.1",
                "--port",
                port,
                "--validate-request",
                str(checks_requests).lower(),
            ],
            port,
            path.with_suffix(".log"),
            build,
        )

    def ask(self, method, path, body=None, headers=None):
        """The answer, and what Prism has against it: empty for nothing."""
        answer = Client(self.port, 60).request(method, path, body, headers, last=True)
        against = answer.headers.get("sl-violations", "")
        if VIOLATION.encode() in answer.body:
            against += answer.body.decode(errors="replace")
        return answer, against


class Surface:
    """One surface between two proxies: one for right requests, one that lets wrong ones pass."""

    def __init__(self, name, service, build, folder, document, checks):
        self.name = name
        self.service = service
        self.operations = operations_of(document)
        self.right = Proxy(build, folder, document, service.ports[name], True)
        self.wrong = Proxy(build, folder, document, service.ports[name], False)
        self.checks = checks
        self.succeeded = set()
        self.sent = 0

    def __enter__(self):
        self.right.__enter__()
        self.wrong.__enter__()
        return self

    def __exit__(self, *raised):
        self.right.__exit__(*raised)
        self.wrong.__exit__(*raised)

    def send(self, method, template, statuses, body=None, headers=None, query="", proxy=None, **parameters):
        path = path_of(template, parameters)
        answer, against = (proxy or self.right).ask(method, path + query, body, headers)
        self.sent += 1
        said = f"{self.name} {method} {path}{query} {str(body)[:60] if body is not None else ''}"
        self.checks.check(not against, f"{said}: {against[:1500]}")
        self.checks.check(
            answer.status in statuses,
            f"{said}: {answer.status}, not {sorted(statuses)}: {answer.body[:400].decode(errors='replace')}",
        )
        if answer.status >= 400:
            is_told = template == "/ready" or answer.content_type == "application/problem+json"
            self.checks.check(is_told, f"{said}: {answer.status} with {answer.content_type}")
        elif not against:
            self.succeeded.add((method, template))
        return answer

    def fail(self, method, template, statuses, body=None, headers=None, query="", **parameters):
        return self.send(method, template, statuses, body, headers, query, self.wrong, **parameters)

    def send_wrong_requests(self, parameters):
        """Each way a request of each operation can be wrong that its row in the document tells."""
        for (method, template), operation in self.operations.items():
            query = [row for row in operation.get("parameters", []) if row["in"] == "query"]
            self.fail(method, template, {400}, query="?no_such_parameter=1", **parameters)
            for row in query:
                for value in wrong_values(row["schema"]):
                    self.fail(method, template, {400}, query=f"?{row['name']}={value}", **parameters)
                self.fail(method, template, {400}, query=f"?{row['name']}=1&{row['name']}=2", **parameters)
            if method == "GET":
                continue
            self.fail(method, template, {403}, headers={"Origin": "http://evil.example"}, **parameters)
            if "requestBody" in operation:
                for body in (b"[]", b'"text"', b'{"no_such_key":1}', b'{"a":1,"a":1}', b'{"at":1e400}'):
                    self.fail(method, template, {400}, body=body, **parameters)
                # What is no JSON at all Prism refuses itself, so these go past it.
                for body in (b"{", b"\xff\xfe"):
                    answer = self.service.request(self.name, method, path_of(template, parameters), body)
                    right = answer.status == 400 and answer.content_type == "application/problem+json"
                    self.checks.check(right, f"{self.name} {method} {template} {body}: {answer}")
                self.fail(method, template, {415}, body=b"a=1", headers={"Content-Type": "text/plain"}, **parameters)
                self.fail(method, template, {413}, body=b'{"a":"' + b"x" * 70_000 + b'"}', **parameters)
            else:
                self.fail(method, template, {400, 415}, body=b'{"no_such_key":1}', **parameters)

    def wait_for(self, job):
        """Until it has ended."""

        def ended():
            answer = self.send("GET", "/jobs/{id}", {200}, id=job)
            return answer if answer.json["state"] not in ("queued", "running") else None

        return poll_until(ended, 60, 0.05)


def wrong_values(schema):
    if schema.get("type") == "integer":
        yield from ("abc", "1.5", "", "9" * 30, str(schema.get("minimum", 1) - 1), str(schema.get("maximum", 9**9) + 1))
    elif "enum" in schema:
        yield from ("no_such_value", "")
    elif schema.get("format") == "date":
        yield from ("2026-02-30", "yesterday", "")
    elif "minLength" in schema:
        yield ""


def ask_common(surface):
    for path in ("/health", "/metrics", "/openapi.json"):
        if ("GET", path) in surface.operations:
            surface.send("GET", path, {200})
    surface.send("GET", "/ready", {200, 503})


def ask_fetcher(surface):
    surface.send("POST", "/fetch", {200})
    surface.send("POST", "/fetch", {200}, {"as_of": "2026-03-02"})
    surface.fail("POST", "/fetch", {400}, {"as_of": "no date"})
    surface.send("POST", "/fetch", {200}, {}, {"Idempotency-Key": "fetch-1"})
    surface.send("POST", "/fetch", {200}, {}, {"Idempotency-Key": "fetch-1"})
    surface.send("POST", "/fetch", {409, 422}, {"as_of": "2026-03-02"}, {"Idempotency-Key": "fetch-1"})
    surface.send("GET", "/data/{symbol}", {200}, symbol="SPY")
    surface.send("GET", "/data/{symbol}", {200}, symbol="SPY", query="?limit=3&from=2026-01-02&to=2026-03-02")
    surface.send("GET", "/data/{symbol}", {200, 404}, symbol="NONE")
    surface.fail("GET", "/data/{symbol}", {400}, symbol="no%20symbol")
    surface.fail("GET", "/data/{symbol}", {200, 400}, symbol="SPY", query="?from=2026-03-02&to=2026-01-02")
    surface.send("GET", "/quality", {200})
    surface.send("GET", "/quality/{symbol}", {200}, symbol="QQQ")
    surface.send("GET", "/quality/{symbol}", {200, 404}, symbol="NONE")
    surface.fail("GET", "/quality/{symbol}", {400}, symbol="no%20symbol")
    work_as_job(surface, "/fetch")


def ask_optimizer(surface):
    surface.send("GET", "/optimize", {200})
    surface.send("POST", "/optimize", {200})
    surface.send(
        "POST", "/optimize", {200}, {"strategy": "min_variance", "user_age": 60, "constraints": {"max_weight": 0.5}}
    )
    surface.fail("POST", "/optimize", {400, 404, 422}, {"strategy": "no_such_strategy"})
    surface.fail("POST", "/optimize", {400}, {"user_age": -1})
    surface.fail("POST", "/optimize", {400}, {"user_age": "old"})
    surface.fail("POST", "/optimize", {400}, {"constraints": {"max_weight": 2}})
    surface.send("POST", "/optimize", {409}, {"constraints": {"max_weight": 0.1}})
    surface.send("POST", "/optimize", {409}, {"constraints": {"min_weight": 0.5}})
    limits = {"turnover_max": 2, "tracking_error_max": 1, "position_min": 0.01, "positions_max": 9, "max_weight": 0.9}
    surface.send("POST", "/optimize", {200, 400, 409}, {"constraints": limits})
    surface.send("POST", "/optimize", {200}, {"constraints": {"turnover_max": 2, "groups": ["equity >= 5%"]}})
    surface.send("POST", "/optimize", {200}, {"constraints": {"min_weight": -0.1, "gross_max": 1.5}})
    surface.send("POST", "/optimize", {400, 422}, {"constraints": {"min_weight": -0.1}})
    surface.send("POST", "/optimize", {400, 422}, {"constraints": {"groups": ["equity is 5%"]}})
    surface.send("POST", "/optimize", {400, 422}, {"constraints": {"groups": ["equty <= 5%"]}})
    for key, value in {"groups": "equity <= 5%", "positions_max": 1.5, "gross_max": 0.5, "no_such": 1}.items():
        surface.fail("POST", "/optimize", {400}, {"constraints": {key: value}})
    answer = surface.send("GET", "/allocation", {200})
    surface.send("GET", "/allocation", {304}, headers={"If-None-Match": answer.headers["etag"]})
    surface.send("GET", "/risk", {200})
    surface.send("GET", "/frontier", {200})
    surface.send("GET", "/frontier", {200}, query="?points=7")


def ask_executor(surface, folder):
    surface.send("GET", "/plan", {200})
    surface.send("POST", "/execute", {200}, {"dry_run": True})
    surface.send("POST", "/execute", {200}, {"as_of": "2026-03-02"}, {"Idempotency-Key": "execute-1"})
    surface.send("POST", "/execute", {200}, {"as_of": "2026-03-02"}, {"Idempotency-Key": "execute-1"})
    surface.send("POST", "/execute", {409, 422}, {"dry_run": True}, {"Idempotency-Key": "execute-1"})
    surface.fail("POST", "/execute", {400}, {"dry_run": "yes"})
    surface.fail("POST", "/execute", {400}, {}, {"Idempotency-Key": "x" * 300})
    surface.send("GET", "/positions", {200})
    surface.send("GET", "/drift", {200})
    orders = surface.send("GET", "/orders", {200}).json["orders"]
    surface.send("GET", "/orders", {200}, query="?limit=1&state=filled")
    surface.send("GET", "/orders", {200, 400, 404}, query="?after=no-such-order")
    surface.checks.check(orders, "there are no orders to ask about")
    surface.send("GET", "/orders/{id}", {200}, id=orders[0]["id"])
    surface.send("GET", "/orders/{id}", {404}, id="no-such-order")
    surface.send("DELETE", "/orders/{id}", {404}, id="no-such-order")
    surface.send("DELETE", "/orders/{id}", {409}, id=orders[0]["id"])
    surface.send("POST", "/reconcile", {200})
    surface.fail("POST", "/reconcile/accept", {400}, {})
    surface.fail("POST", "/reconcile/accept", {400}, {"reason": "x" * 513})
    surface.send("POST", "/reconcile/accept", {200}, {"reason": "looked at it"})
    cancel_an_open_order(surface, folder)
    surface.send("POST", "/halt", {200}, {"reason": "test", "reducing": True})
    surface.send("POST", "/halt", {200}, {"reason": "test"})
    surface.send("GET", "/ready", {503})
    surface.send("POST", "/execute", {200, 409, 422}, {"as_of": "2026-04-01"})
    surface.fail("POST", "/halt", {400}, {"reason": 1})
    surface.send("POST", "/resume", {200}, {"reason": "test"})
    surface.send("POST", "/resume", {200})
    work_as_job(surface, "/execute")


def cancel_an_open_order(surface, folder):
    """Orders of the paper broker fill bit by bit, one bit per look: long enough to find one open."""
    for day in range(1, 20):
        started = surface.send("POST", "/execute", {202}, {"as_of": f"2026-05-{day:02}"}, ASKS_AGAIN)
        job = started.json["id"]
        end = time.monotonic() + 20
        while time.monotonic() < end:
            orders = surface.service.request("executor", "GET", "/orders?limit=5").json["orders"]
            is_open = [order for order in orders if order["state"] in ("acknowledged", "partial")]
            if is_open:
                surface.send("DELETE", "/orders/{id}", {200, 202, 409}, id=is_open[0]["id"])
            if surface.service.request("executor", "GET", f"/jobs/{job}").json["state"] not in ("queued", "running"):
                break
        if ("DELETE", "/orders/{id}") in surface.succeeded:
            return


def work_as_job(surface, path):
    started = surface.send("POST", path, {202}, {"as_of": "2026-06-01"}, ASKS_AGAIN)
    job = started.json["id"]
    surface.send("GET", "/jobs", {200})
    surface.wait_for(job)
    surface.send("DELETE", "/jobs/{id}", {200, 202, 204, 409}, id=job)
    surface.send("GET", "/jobs/{id}", {404}, id="job-none")
    surface.send("DELETE", "/jobs/{id}", {404}, id="job-none")
    # One that waits behind another can be cancelled before it begins; runs are slow here, see cancel_an_open_order.
    surface.service.request("executor", "POST", "/execute", {"as_of": "2026-06-02"}, ASKS_AGAIN)
    waiting = surface.send("POST", path, {202}, {"as_of": "2026-06-03"}, ASKS_AGAIN).json["id"]
    surface.send("DELETE", "/jobs/{id}", {200, 202, 204, 409}, id=waiting)
    surface.wait_for(waiting)


def ask_scheduler(surface):
    surface.send("GET", "/status", {200})
    surface.send("POST", "/execute", {200}, {})
    surface.send("POST", "/execute", {200})
    answer = surface.send("GET", "/status", {200})
    surface.send("GET", "/status", {304}, headers={"If-None-Match": answer.headers["etag"]})
    surface.send("GET", "/history", {200})
    surface.send("GET", "/history", {200}, query="?limit=1")
    decisions = surface.send("GET", "/decisions", {200}).json["decisions"]
    surface.send("GET", "/decisions", {200}, query="?limit=1")
    surface.checks.check(decisions, "there are no decisions to ask about")
    for decision in decisions[:5]:
        surface.send("GET", "/decisions/{id}", {200}, id=decision["id"])
        surface.send("GET", "/decisions/{id}/explanation", {200}, id=decision["id"])
    surface.send("GET", "/decisions/{id}", {200}, id=decisions[0]["id"][:8])
    surface.send("GET", "/decisions/{id}/explanation", {200, 404}, id=decisions[0]["id"], query="?order=1")
    surface.send("GET", "/decisions/{id}/explanation", {400, 404}, id=decisions[0]["id"], query="?order=99999")
    for template in ("/decisions/{id}", "/decisions/{id}/explanation"):
        surface.send("GET", template, {404}, id="f" * 32)
        surface.send("GET", template, {400, 404}, id="not-hexadecimal")
    surface.send("GET", "/plugins", {200})
    surface.send("GET", "/schedule", {200})
    for body in ({"at": "close-20m"}, {"at": "09:45", "zone": "Europe/Zurich"}, {"enabled": True}, {"enabled": False}):
        surface.send("PUT", "/schedule", {200}, body)
    for body in ({"at": "25:00"}, {"zone": "Mars/Olympus"}, {"enabled": "yes"}, {"at": 5}):
        surface.fail("PUT", "/schedule", {400, 404, 422}, body)
    surface.fail("PUT", "/schedule", {400})
    surface.send("DELETE", "/schedule", {200})
    work_as_job(surface, "/execute")


ASK = {"fetcher": ask_fetcher, "optimizer": ask_optimizer, "scheduler": ask_scheduler}


def ask(name, service, build, folder, document, checks):
    with Surface(name, service, build, folder, document, checks) as surface:
        ask_common(surface)
        if name == "executor":
            ask_executor(surface, folder)
        else:
            ASK[name](surface)
        surface.send_wrong_requests({"symbol": "SPY", "id": "0" * 32})
        missing = set(surface.operations) - surface.succeeded
        checks.check(not missing, f"{name}: no success of {sorted(missing)}")
        print(f"{name}: {len(surface.operations)} operations, {surface.sent} requests through the proxy", flush=True)


def responses_of(document):
    return document["paths"]["/status"]["get"]["responses"]


def show_teeth(service, build, folder, documents, checks):
    """Documents that are wrong on purpose."""

    def changed(name, change):
        document = copy.deepcopy(documents[name])
        change(document)
        return document

    def unresolved(document):
        text = json.dumps(document).replace("#/components/schemas/Status", "#/components/schemas/NoSuchThing")
        document.clear()
        document.update(json.loads(text))

    broken = [
        changed("scheduler", lambda document: responses_of(document)["200"].pop("description")),
        changed("scheduler", lambda document: document["components"]["schemas"]["Status"].update(type="objekt")),
        changed("scheduler", lambda document: document.pop("info")),
        changed(
            "executor",
            lambda document: document["paths"]["/orders/{id}"]["get"]["parameters"][0].update({"in": "pfad"}),
        ),
        changed("scheduler", unresolved),
    ]
    for number, told in enumerate(judge(build, folder, broken)):
        checks.check(not told["valid"], f"the validator accepts wrong document {number}")

    def without_bad_request(document):
        for method in document["paths"]["/status"].values():
            method["responses"].pop("400", None)
            method["responses"].pop("default", None)

    lies = [
        (lambda document: document["components"]["schemas"]["Status"]["required"].append("no_such_member"), "/status"),
        (
            lambda document: document["components"]["schemas"]["Status"]["properties"].update(mode={"type": "integer"}),
            "/status",
        ),
        (lambda document: document["components"]["schemas"]["Status"]["properties"].pop("version"), "/status"),
        (without_bad_request, "/status?no_such_parameter=1"),
        (
            lambda document: document["paths"]["/status"]["get"]["responses"]["200"]["content"].update(
                {
                    "text/plain": document["paths"]["/status"]["get"]["responses"]["200"]["content"].pop(
                        "application/json"
                    )
                }
            ),
            "/status",
        ),
    ]
    for number, (change, path) in enumerate(lies):
        with Proxy(build, folder, changed("scheduler", change), service.ports["scheduler"], False) as proxy:
            _, against = proxy.ask("GET", path)
            checks.check(against, f"the proxy lets lie {number} pass")
    print(f"{len(broken)} broken documents, {len(lies)} that lie", flush=True)


def main():
    binary, build = sys.argv[1], install_npm(sys.argv[2])
    checks = Checks("OpenAPI")
    # Every session trades: no band, no cost to weigh, and a strategy that follows every price.
    config = CONFIG.replace("use: max_sharpe", "use: min_variance, trading_cost: 0%") + "rebalance: {threshold: none}\n"
    config = config.replace("broker: {use: paper}", "broker: {use: paper, fill_fraction: 2%}")
    with tempfile.TemporaryDirectory() as name, Service(binary, config=config) as service:
        folder = pathlib.Path(name)
        documents = {surface: service.request(surface, "GET", "/openapi.json").json for surface in TRADING_SURFACES}
        for surface, told in zip(documents, judge(build, folder, documents.values())):
            checks.check(told["valid"], f"{surface}: {json.dumps(told['errors'])[:2000]}")
            checks.check(told["version"] == "3.1", f"{surface}: OpenAPI {told['version']}")
            print(f"{surface}: {told['schemas']} schemas, valid: {told['valid']}", flush=True)
        for surface in TRADING_SURFACES:
            ask(surface, service, build, folder, documents[surface], checks)
        show_teeth(service, build, folder, documents, checks)
    checks.end()


if __name__ == "__main__":
    main()
