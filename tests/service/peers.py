"""Other people's tools: installed once into the build folder, started on loopback ports of their own."""
import contextlib
import fcntl
import hashlib
import pathlib
import shutil
import socket
import subprocess
import sys

from service import poll_until

HERE = pathlib.Path(__file__).resolve().parent


def install_npm(build):
    """The packages of npm/package-lock.json, in build/npm; returns that folder. Several tests may ask at once."""
    if shutil.which("npm") is None:
        sys.exit("npm is missing; script/test --peers installs it, and what else these tests need")
    source = HERE / "npm"
    folder = pathlib.Path(build).resolve() / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(
        (source / "package-lock.json").read_bytes() + (source / "package.json").read_bytes()
    ).hexdigest()
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "installed"
        if not stamp.exists() or stamp.read_text() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(source / name, folder / name)
            subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"],
                cwd=folder,
                check=True,
                stdin=subprocess.DEVNULL,
            )
            stamp.write_text(wanted)
    for script in source.glob("*.mjs"):
        shutil.copy(script, folder / script.name)
    return folder


def free_port():
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def is_open(port):
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Tool:
    """A server of somebody else's, ended with the block. Its output goes to a file, shown when it does not start."""

    def __init__(self, words, port, log, folder=None):
        self.words = [str(word) for word in words]
        self.port = port
        self.log = pathlib.Path(log)
        self.folder = folder
        self.process = None

    def __enter__(self):
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder
            )
        if not poll_until(lambda: self.process.poll() is not None or is_open(self.port), 60, 0.05) or not is_open(
            self.port
        ):
            self.__exit__(None, None, None)
            raise RuntimeError(
                f"{self.words[0]} does not listen on {self.port}:\n{self.log.read_text(errors='replace')[-3000:]}"
            )
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
