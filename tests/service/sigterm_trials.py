#!/usr/bin/env python3
"""SIGTERM at any moment: serve ends with 0 in time, and what it leaves behind has a name.

    sigterm_trials.py BINARY [--trials 25] [--jobs 1] [--seed N]

Each trial starts serve, puts it under load as soon as it listens (looks, fetches, schedules, and one run after the
other, each for a later session so that it trades), and sends SIGTERM at a random moment after the exec, before it is
ready too. Then, from outside: exit code 0 within 5 s; every order of the journal has ended or is counted by `status`;
every order the broker ever saw is in the journal, with no more filled than the broker filled; the sealed decisions
verify. Folders are used again, so that serve also begins where the one before was stopped; when a folder retires, one
more run must end what was interrupted, leave nothing open and reconcile with the account.
"""
import argparse
import contextlib
import datetime
import http.client
import random
import signal
import sqlite3
import subprocess
import threading
import time

from load import Load, Operation, looks
from service import CONFIG, Checks, Client, Service, seeded

END_SECONDS_MAX = 5
TRIALS_PER_FOLDER = 8
ENDED = {"filled", "cancelled", "rejected"}
# Every session trades: no band, no cost to weigh, and a strategy that follows every price. Orders fill bit by bit, so
# runs take a while.
TRADING = (
    CONFIG.replace("use: max_sharpe", "use: min_variance, trading_cost: 0%")
    + """\
rebalance: {threshold: none}
"""
)
TRADING = TRADING.replace("broker: {use: paper}", "broker: {use: paper, fill_fraction: 5%}")


def changes():
    yield Operation("fetcher", "POST", "/fetch", 3, {})
    yield Operation("executor", "POST", "/execute", 1, {"dry_run": True})
    yield Operation("scheduler", "PUT", "/schedule", 3, {"at": "16:30", "enabled": False})
    yield Operation("scheduler", "PUT", "/schedule", 3, {"at": "open+30m", "enabled": False})
    yield Operation("executor", "POST", "/reconcile", 1)


class Folder:
    """One configuration and its data, which several trials inherit from each other."""

    def __init__(self, binary, random_source, checks):
        self.service = Service(binary, config=TRADING)
        self.random = random_source
        self.checks = checks
        self.session = datetime.date(2025, 6, 2)
        self.runs = 0

    def trial(self, window, name):
        service = self.service
        moment = self.random.uniform(0, window)
        log_before = service.log.stat().st_size if service.log.exists() else 0
        service.launch()
        killer = threading.Timer(moment, lambda: service.process.send_signal(signal.SIGTERM))
        killer.start()
        listened = service.wait_for_ports(60)
        ending = threading.Event()
        load, runner = None, None
        if listened:
            ports = {name: port for name, port in service.ports.items() if name not in ("websocket", "analytics")}
            runner = threading.Thread(target=self.keep_running, args=(ports["scheduler"], ending), daemon=True)
            runner.start()
            load = Load(
                ports,
                300,
                threads=4,
                seed=self.random.randrange(1 << 30),
                operations=[*looks(), *changes()],
                drops=0.05,
            ).start()
        killer.join()
        ended = time.monotonic()
        try:
            code = service.process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            code = None
        took = time.monotonic() - ended
        ending.set()
        if load:
            load.ending.set()
        self.checks.check(
            code is not None,
            f"{name}: still there {END_SECONDS_MAX} s after SIGTERM at {moment:.3f} s:\n" f"{service.tail(15)}",
        )
        service.kill()
        if load:
            load.stop()
            runner.join(30)
        # Until its handlers stand the kernel ends it, as it does every process: then it must not have begun anything.
        is_early = code == -signal.SIGTERM and not listened and service.log.stat().st_size == log_before
        if code is not None:
            self.checks.check(
                code == 0 or is_early,
                f"{name}: ended with {code} after SIGTERM at {moment:.3f} s:\n" f"{service.tail(25)}",
            )
        self.look(name)
        if load:
            for fault in load.faults:
                # Connections end when the process does, and work that was stopped says so; any other 5xx is a mistake.
                if ": 50" in fault:
                    is_stopped = ": 503 " in fault
                    self.checks.check(is_stopped, f"{name}: {fault}")
        return {"moment": moment, "took": took, "early": is_early, "listened": listened}

    def keep_running(self, port, ending):
        """One run after the other, each a few sessions later."""
        client = Client(port, 30)
        while not ending.is_set():
            self.session += datetime.timedelta(days=3)
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = client.request("POST", "/execute", {"as_of": self.session.isoformat()})
                self.runs += answer.status == 200
                continue
            return

    def look(self, name):
        """What the folder says when nobody is there."""
        code, status = self.service.command("status")
        if not self.checks.check(code == 0, f"{name}: status ends with {code}: {status}"):
            return
        code, orders = self.service.command("orders", "--count", "10000")
        if not self.checks.check(code == 0, f"{name}: orders ends with {code}: {orders}"):
            return
        known = {order["id"]: order for order in orders["orders"]}
        unended = [order for order in known.values() if order["state"] not in ENDED]
        self.checks.check(
            len(unended) == status["open_orders"],
            f"{name}: {len(unended)} orders have not ended, status names {status['open_orders']}",
        )
        self.checks.check(
            not unended or status["interrupted_runs"] > 0 or status["ambiguous_orders"] > 0,
            f"{name}: orders are open and no run will see to them: {[o['id'] for o in unended]}",
        )
        if status["last_seal"]:
            code, verdict = self.service.command("verify")
            self.checks.check(code == 0, f"{name}: verify ends with {code}: {verdict}")
        self.compare_with_broker(name, known)

    def compare_with_broker(self, name, known):
        database = self.service.folder / "data" / "paper.db"
        if not database.exists():
            return
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as broker:
            try:
                rows = broker.execute("SELECT client_id, filled FROM orders").fetchall()
            except sqlite3.OperationalError:  # ended before its tables were made
                rows = []
        for client_id, filled in rows:
            order = known.get(client_id)
            if self.checks.check(order is not None, f"{name}: the broker has {client_id}, the journal does not"):
                told = round(float(order["filled"]) * 1e9)
                right = told == filled if order["state"] in ENDED else told <= filled
                self.checks.check(
                    right,
                    f"{name}: {client_id} is {order['state']} with {order['filled']} filled, the "
                    f"broker filled {filled / 1e9}",
                )

    def retire(self, name):
        """Whatever was left lying is picked up by the next process."""
        code, report = self.service.command("run", "--as-of", (self.session + datetime.timedelta(days=7)).isoformat())
        self.checks.check(code in (0, 4, 5), f"{name}: the run afterwards ends with {code}: {str(report)[:600]}")
        code, status = self.service.command("status")
        self.checks.check(
            code == 0 and status["open_orders"] == 0 and status["interrupted_runs"] == 0,
            f"{name}: after one more run status says {status}",
        )
        if status.get("last_run"):
            code, told = self.service.command("reconcile")
            self.checks.check(
                code == 0 and told.get("reconciled"), f"{name}: the account and the journal differ: {told}"
            )
        self.look(name)
        self.service.remove()


def ready_seconds(binary):
    """From exec until it listens, here and now."""
    service = Service(binary, config=TRADING)
    try:
        service.launch()
        service.wait_for_ports(60)
        seconds = time.monotonic() - service.started_at
        service.stop()
        return seconds
    finally:
        service.remove()


def worker(binary, names, seed, window, checks, results, progress):
    random_source = random.Random(seed)
    folder = None
    for number, name in enumerate(names):
        if folder is None:
            folder = Folder(binary, random_source, checks)
        results.append(folder.trial(window, name))
        if (number + 1) % TRIALS_PER_FOLDER == 0 or number + 1 == len(names):
            folder.retire(f"{name}, retired")
            results[-1]["runs"] = folder.runs
            folder = None
        progress()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--trials", type=int, default=25)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    seed = seeded(arguments.seed)
    checks = Checks("SIGTERM")
    ready = ready_seconds(arguments.binary)
    # Long enough that most trials are under load when they end, however slow the build.
    window = max(0.4, 3 * ready)
    print(f"listening {ready:.3f} s after exec; SIGTERM between 0 and {window:.2f} s after it", flush=True)

    results = []
    step = max(1, arguments.trials // 10)

    def progress():
        if len(results) % step == 0:
            print(f"{len(results)} of {arguments.trials} trials, {len(checks.failures)} failures", flush=True)

    names = [f"trial {number}" for number in range(arguments.trials)]
    threads = [
        threading.Thread(
            target=worker,
            args=(
                arguments.binary,
                names[index :: arguments.jobs],
                seed.randrange(1 << 30),
                window,
                checks,
                results,
                progress,
            ),
        )
        for index in range(arguments.jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    checks.check(len(results) == arguments.trials, f"only {len(results)} of {arguments.trials} trials came to an end")
    if results:
        slowest = max(result["took"] for result in results)
        early = sum(result["early"] for result in results)
        under_load = sum(result["listened"] for result in results)
        runs = sum(result.get("runs", 0) for result in results)
        print(
            f"{len(results)} trials: {under_load} after it listened, {early} before its handlers stood, {runs} runs"
            f" answered; the slowest end took {slowest:.2f} s",
            flush=True,
        )
    checks.end()


if __name__ == "__main__":
    main()
