"""Mixed load on a service: every look, and every change a user makes, at a steady rate from several threads."""
import collections
import dataclasses
import http.client
import random
import socket
import threading
import time
import uuid

from service import Client


@dataclasses.dataclass(frozen=True)
class Operation:
    surface: str
    method: str
    path: str
    weight: float
    body: object = None
    keyed: bool = False  # with an Idempotency-Key, now and then one that was used before
    may_answer: frozenset = frozenset()  # statuses from 500 on that are no mistake

    @property
    def name(self):
        return f"{self.surface} {self.method} {self.path}"


def looks():
    """Every GET of the contracts; {id} stands for one that was seen."""
    paths = {
        "fetcher": ["/data/SPY", "/data/BND", "/quality", "/quality/QQQ"],
        "optimizer": ["/optimize", "/allocation", "/risk", "/frontier"],
        "executor": ["/plan", "/positions", "/orders", "/orders/{order}", "/drift"],
        "scheduler": ["/status", "/history", "/schedule", "/decisions", "/decisions/{decision}", "/plugins"],
    }
    for surface, own in paths.items():
        for path in own:
            yield Operation(surface, "GET", path, 4)
        for path in ("/health", "/metrics", "/openapi.json"):
            yield Operation(surface, "GET", path, 2)
        yield Operation(surface, "GET", "/ready", 2, may_answer=frozenset({503}))
        yield Operation(surface, "GET", "/no-such-route", 0.5)


def changes():
    yield Operation("scheduler", "POST", "/execute", 0.3, {}, keyed=True)
    yield Operation("executor", "POST", "/execute", 0.2, {"dry_run": True}, keyed=True)
    yield Operation("executor", "POST", "/execute", 0.1, {}, keyed=True)
    yield Operation("fetcher", "POST", "/fetch", 0.4, {})
    yield Operation("optimizer", "POST", "/optimize", 0.4, {"strategy": "min_variance", "user_age": 50})
    yield Operation("optimizer", "POST", "/optimize", 0.1, {"strategy": "no_such_strategy"})
    yield Operation("executor", "POST", "/reconcile", 0.2)
    yield Operation("executor", "POST", "/halt", 0.1, {"reason": "load"})
    yield Operation("executor", "POST", "/resume", 0.3)
    yield Operation("scheduler", "PUT", "/schedule", 0.3, {"at": "16:30", "enabled": False})
    yield Operation("scheduler", "PUT", "/schedule", 0.3, {"at": "close-20m", "enabled": False})


class Load:
    """Begins with start(), ends with stop(). Every answer is counted by operation and status."""

    def __init__(self, ports, rate, threads=8, seed=1, operations=None, drops=0.01):
        self.ports = ports
        self.rate = rate
        self.threads = threads
        self.seed = seed
        self.operations = operations or [*looks(), *changes()]
        self.drops = drops  # the share of requests that only open a connection, say half of one, and go
        self.lock = threading.Lock()
        self.counts = collections.Counter()  # (operation name, status)
        self.faults = collections.Counter()  # what should not have been, in words
        self.latencies = []  # since they were last taken
        self.requests = 0
        self.ids = {"order": "none", "decision": "0" * 32}
        self.ending = threading.Event()
        self.slot = 0
        self.workers = []

    def start(self):
        self.began = time.monotonic()
        self.workers = [threading.Thread(target=self.work, args=(index,), daemon=True) for index in range(self.threads)]
        for worker in self.workers:
            worker.start()
        return self

    def stop(self, seconds=30):
        self.ending.set()
        for worker in self.workers:
            worker.join(seconds)

    def take_latencies(self):
        with self.lock:
            taken, self.latencies = self.latencies, []
            return taken

    def next_moment(self):
        """When the next request is due. A load that fell behind by more than a second lets those go."""
        with self.lock:
            due = self.began + self.slot / self.rate
            late = time.monotonic() - due
            if late > 1:
                self.slot += int(late * self.rate)
            self.slot += 1
            return due

    def work(self, index):
        random_source = random.Random(self.seed * 1000 + index)
        clients = {surface: Client(port) for surface, port in self.ports.items()}
        weights = [operation.weight for operation in self.operations]
        keys = collections.deque(maxlen=20)
        while not self.ending.is_set():
            if self.ending.wait(max(0, self.next_moment() - time.monotonic())):
                break
            if random_source.random() < self.drops:
                self.drop(random_source)
                continue
            operation = random_source.choices(self.operations, weights)[0]
            headers = {}
            if operation.keyed and random_source.random() < 0.5:
                # A key belongs to one question: used before means used for the same one.
                used = [key for name, key in keys if name == (operation.name, str(operation.body))]
                key = random_source.choice(used) if used and random_source.random() < 0.3 else str(uuid.uuid4())
                keys.append(((operation.name, str(operation.body)), key))
                headers["Idempotency-Key"] = key
            if operation.method == "POST" and random_source.random() < 0.5:
                headers["Prefer"] = "respond-async"
            self.send(operation, clients[operation.surface], headers, random_source.random() < 0.05)
        for client in clients.values():
            client.close()

    def send(self, operation, client, headers, last):
        path = operation.path.format(**self.ids)
        try:
            answer = client.request(operation.method, path, operation.body, headers, last)
        except (OSError, http.client.HTTPException) as problem:
            if not self.ending.is_set():
                with self.lock:
                    self.faults[f"{operation.name}: {type(problem).__name__}: {problem}"] += 1
            return
        with self.lock:
            self.requests += 1
            self.counts[operation.name, answer.status] += 1
            if operation.method == "GET":
                self.latencies.append(answer.seconds)
            full = answer.status == 503 and "retry-after" in answer.headers
            if answer.status >= 500 and answer.status not in operation.may_answer and not full:
                self.faults[f"{operation.name}: {answer.status} {answer.body[:300].decode(errors='replace')}"] += 1
        if answer.status == 200 and operation.path in ("/orders", "/decisions"):
            self.remember(operation.path[1:-1], answer)

    def remember(self, kind, answer):
        listed = next((value for value in answer.json.values() if isinstance(value, list)), [])
        if listed:
            first = listed[0]
            self.ids[kind] = first if isinstance(first, str) else first.get("id", self.ids[kind])

    def drop(self, random_source):
        """A client that goes away: silently, within its header, within its body, before its answer."""
        text = b"GET /history HTTP/1.1\r\nHost: localhost\r\n\r\n"
        head = b"POST /optimize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        body = head + b'Content-Length: 90\r\n\r\n{"str'
        pieces = [b"", text[:20], text, text * 5, body]
        try:
            with socket.create_connection(
                ("127.0.0.1", random_source.choice(list(self.ports.values()))), 5
            ) as connection:
                connection.sendall(random_source.choice(pieces))
        except OSError as problem:
            if not self.ending.is_set():
                with self.lock:
                    self.faults[f"a connection could not be opened: {problem}"] += 1
