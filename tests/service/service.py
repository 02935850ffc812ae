"""A `rebalancer serve` of its own: started in a folder, asked over HTTP, measured from /proc, ended."""
import contextlib
import dataclasses
import http.client
import json
import math
import mmap
import os
import pathlib
import random
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SURFACES = ("fetcher", "optimizer", "executor", "scheduler", "analytics")
TRADING_SURFACES = ("fetcher", "optimizer", "executor", "scheduler")

# Made-up prices that give max_sharpe something to buy, and a schedule that leaves the day to the test.
CONFIG = """\
portfolio:
  tickers: [SPY, QQQ, VTI, VXUS, BND]
  classes: {BND: bond}
  investor: {age: 35}
provider: {use: simulated, seed: 8}
strategy: {use: max_sharpe, glide_path: true}
broker: {use: paper}
schedule: {at: "16:30", zone: America/New_York, calendar: XNYS, enabled: false}
log: {level: info, format: json}
"""


class ServiceFailed(Exception):
    """It did not start, or did not end, as it should; the message has the end of its log."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes
    seconds: float

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def content_type(self):
        return self.headers.get("content-type", "").split(";")[0].strip()


@dataclasses.dataclass
class Usage:
    rss_bytes: int
    private_bytes: int  # of it, what is no file's: what a leak makes grow
    descriptors: int
    threads: int


def is_sanitized(binary):
    """Whether ASan or TSan is in it: then memory and time say little."""
    with open(binary, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b"__asan_init") >= 0 or text.find(b"__tsan_init") >= 0


def usage_of(process_id):
    fields = {}
    for line in pathlib.Path(f"/proc/{process_id}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        fields[name] = value.split()
    resident, private = (int(fields[name][0]) * 1024 for name in ("VmRSS", "RssAnon"))
    return Usage(resident, private, len(os.listdir(f"/proc/{process_id}/fd")), int(fields["Threads"][0]))


def raise_descriptor_limit(wanted):
    """As near to it as the machine allows; returns what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def poll_until(condition, seconds, period=0.02):
    """The first true answer; None when there was none in time."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            return None
        time.sleep(period)


class Service:
    """With `with`: started and ready when the block begins, ended with SIGTERM after it."""

    def __init__(self, binary, folder=None, config=CONFIG, settings=()):
        self.binary = str(pathlib.Path(binary).resolve())
        self.is_sanitized = is_sanitized(self.binary)
        self.own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="rebalancer-service-"))
        self.config = self.folder / "config.yaml"
        self.config.write_text(config)
        self.settings = list(settings)
        self.log = self.folder / "serve.log"
        self.process = None
        self.ports = {}
        self.started_at = None

    def arguments(self, *command):
        words = [self.binary, "--config", str(self.config)]
        for setting in self.settings:
            words += ["--set", setting]
        return words + list(command)

    def launch(self):
        """Only the exec: see wait_for_ports()."""
        ports = [f"http.ports.{surface}=0" for surface in (*SURFACES, "websocket")]
        words = self.arguments("--json")
        for port in ports:
            words += ["--set", port]
        self.ports = {}
        with open(self.log, "ab") as log:
            self.started_at = time.monotonic()
            self.process = subprocess.Popen(
                words + ["serve"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )

    def wait_for_ports(self, seconds=30):
        """Reads the first line of stdout. False when it ended, or the time did, before it was there."""
        end = time.monotonic() + seconds
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not piece:
                return False
            line += piece
        for surface, address in json.loads(line.split(b"\n")[0])["listening"].items():
            self.ports[surface] = int(address.rsplit(":", 1)[1])
        # Nobody may block on a full pipe, whatever comes after the first line.
        threading.Thread(
            target=lambda out=self.process.stdout: shutil.copyfileobj(out, open(os.devnull, "wb")), daemon=True
        ).start()
        return True

    def start(self):
        self.launch()
        seconds = 60 if self.is_sanitized else 20
        if not self.wait_for_ports(seconds):
            self.kill()
            raise ServiceFailed(f"serve did not say where it listens within {seconds} s:\n{self.tail()}")
        if not poll_until(self.is_healthy, seconds):
            self.kill()
            raise ServiceFailed(f"/health did not answer within {seconds} s:\n{self.tail()}")
        return self

    def is_healthy(self):
        try:
            return self.request("scheduler", "GET", "/health", timeout=5).status == 200
        except OSError:
            return False

    def settle(self):
        """Waits until nothing is at work: serve fetches what is missing when it begins."""

        def is_quiet():
            jobs = self.request("executor", "GET", "/jobs").json["jobs"]
            return jobs and all(job["state"] not in ("queued", "running") for job in jobs)

        if not poll_until(is_quiet, 60):
            raise ServiceFailed(f"still at work after a minute:\n{self.tail()}")

    def stop(self, seconds=15):
        """SIGTERM. Returns the exit code and how long it took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired as late:
            self.kill()
            raise ServiceFailed(f"serve did not end within {seconds} s of SIGTERM:\n{self.tail()}") from late
        return code, time.monotonic() - began

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def remove(self):
        self.kill()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, kind, value, trace):
        try:
            if self.process.poll() is not None:
                raise ServiceFailed(f"serve ended by itself with {self.process.returncode}:\n{self.tail()}")
            code, seconds = self.stop()
            if code != 0:
                raise ServiceFailed(f"serve ended with {code} after SIGTERM:\n{self.tail()}")
            if seconds > 5 and not self.is_sanitized:
                raise ServiceFailed(f"serve took {seconds:.1f} s to end")
        finally:
            self.remove()

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def events(self):
        """The lines of its log that are JSON."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def usage(self):
        return usage_of(self.process.pid)

    def request(self, surface, method, path, body=None, headers=None, timeout=60):
        """One request on a connection of its own. A body that is no bytes is sent as JSON."""
        return Client(self.ports[surface], timeout).request(method, path, body, headers, last=True)

    def command(self, *words, seconds=60):
        """Another command on the same configuration: its exit code, and its JSON."""
        done = subprocess.run(
            self.arguments("--json", *words),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, {
                "stdout": done.stdout.decode(errors="replace"),
                "stderr": done.stderr.decode(errors="replace"),
            }


class Client:
    """A connection that is kept, and made again when the other side has closed it."""

    def __init__(self, port, timeout=60):
        self.port = port
        self.timeout = timeout
        self.connection = None
        self.made = 0  # connections so far

    def request(self, method, path, body=None, headers=None, last=False):
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        if last:
            headers.setdefault("Connection", "close")
        was_kept = self.connection is not None
        began = time.monotonic()
        try:
            answer = self.exchange(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # Only a kept connection may have been closed in the meantime, and only a look may be sent twice.
            self.close()
            if not was_kept or method not in ("GET", "HEAD", "PUT"):
                raise
            answer = self.exchange(method, path, body, headers)
        except BaseException:
            self.close()
            raise
        content = answer.read()
        if last or answer.will_close:
            self.close()
        return Answer(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            content,
            time.monotonic() - began,
        )

    def exchange(self, method, path, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.made += 1
        self.connection.request(method, path, body=body, headers=headers)
        return self.connection.getresponse()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def raw_exchange(port, data, timeout=10):
    """Bytes as they are, on a connection of their own; what came back until the other side closed or went quiet."""
    received = b""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout)) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(data)
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                received += piece
    return received


def status_of(received):
    """Of a raw answer; 0 when there was none."""
    words = received.split(b" ", 2)
    return int(words[1]) if received.startswith(b"HTTP/1.") and len(words) > 1 and words[1].isdigit() else 0


def percentile(values, share):
    """The smallest value that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


class Checks:
    """What was claimed, and what did not hold; the process ends with its verdict."""

    def __init__(self, title):
        self.title = title
        self.passed = 0
        self.failures = []

    def check(self, holds, claim):
        if holds:
            self.passed += 1
        else:
            self.failures.append(claim)
            print(f"FAILED: {claim}", flush=True)
        return bool(holds)

    def end(self):
        print(f"{self.title}: {self.passed} checks held, {len(self.failures)} failed", flush=True)
        sys.exit(1 if self.failures else 0)


def seeded(argument=None):
    """A generator, and the seed that makes the same again, which is printed."""
    seed = int(argument) if argument is not None else random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}", flush=True)
    return random.Random(seed)
