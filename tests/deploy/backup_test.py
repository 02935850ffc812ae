#!/usr/bin/env python3
"""backup_test.py BINARY: what docs/operations.md says of backup and restore, done to a service at work."""
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = ""
VERIFICATION_FAILED = 9  # exit code
DRILL_SECONDS_MAX = 60


class Service:
    """`serve` in a folder of its own, with the deployed configuration but for its paths and ports."""

    def __init__(self, folder):
        self.folder = folder
        text = (SOURCE / "deploy/config/config.yaml").read_text()
        (folder / "config.yaml").write_text(text.replace("/var/lib/rebalancer/", "rebalancer/"))
        (folder / "rebalancer").mkdir(exist_ok=True)
        names = ("fetcher", "optimizer", "executor", "scheduler", "analytics", "websocket")
        ports = ", ".join(f"{name}: 0" for name in names)
        self.log = open(folder / "log", "ab")
        self.process = subprocess.Popen(
            [BINARY, "--json", "--set", "http.ports={" + ports + "}", "--set", "schedule.enabled=false", "serve"],
            cwd=folder, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.listening = json.loads(self.process.stdout.readline())["listening"]

    def ask(self, surface, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.listening[surface] + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.close()
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def command(folder, *words):
    """(exit code, stdout)."""
    done = subprocess.run([BINARY, *words], cwd=folder, env={}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


class Backup(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "live").mkdir()
        self.service = self.serve()
        self.assertEqual(self.service.ask("executor", "/execute", {})["outcome"], "traded")

    def serve(self):
        service = Service(self.folder / "live")
        self.addCleanup(service.close)
        return service

    def copied(self, name):
        """The data folder, copied, beside a configuration that leads to it."""
        to = self.folder / name
        shutil.copytree(self.folder / "live/rebalancer", to / "rebalancer")
        shutil.copy(self.folder / "live/config.yaml", to)
        return to

    def assert_whole(self, folder):
        started = time.monotonic()
        code, status = command(folder, "status", "--json")
        self.assertEqual(code, 0, status)
        for words in (("verify",), ("reconcile",)):
            code, said = command(folder, *words)
            self.assertEqual(code, 0, said)
        self.assertLess(time.monotonic() - started, DRILL_SECONDS_MAX)
        return json.loads(status)

    def test_stopped_copied_started(self):
        before = self.service.ask("scheduler", "/history")
        self.assertEqual(self.service.stop(), 0)
        copy = self.copied("copy")
        again = self.serve()
        self.assertEqual(again.ask("scheduler", "/history"), before)
        self.assertNotEqual(again.ask("executor", "/execute", {})["outcome"], "traded")
        again.stop()
        status = self.assert_whole(copy)
        self.assertEqual(status["last_run"]["id"], before["runs"][0]["id"])

        # The drill would notice.
        next((copy / "rebalancer/decisions").glob("*.json")).unlink()
        self.assertEqual(command(copy, "verify")[0], VERIFICATION_FAILED)

    def test_snapshot_of_one_instant(self):
        self.service.process.send_signal(signal.SIGSTOP)
        copy = self.copied("snapshot")
        self.service.process.send_signal(signal.SIGCONT)
        self.assert_whole(copy)
        self.assertEqual(self.service.stop(), 0)

    def test_what_sqlite_can_copy_while_it_runs(self):
        def copy(name):
            source = sqlite3.connect(f"file:{self.folder / 'live/rebalancer' / name}?mode=ro", uri=True, timeout=0.1)
            target = sqlite3.connect(self.folder / name)
            try:
                source.execute("SELECT count(*) FROM sqlite_schema")  # backup() itself would wait for ever
                source.backup(target)
                return target.execute("PRAGMA integrity_check").fetchone()[0]
            finally:
                source.close()
                target.close()

        for name in ("journal.db", "paper.db"):
            with self.assertRaisesRegex(sqlite3.OperationalError, "locked", msg=name):
                copy(name)
        self.assertEqual(copy("rebalancer.db"), "ok")
        self.assertEqual(self.service.stop(), 0)


if __name__ == "__main__":
    BINARY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
