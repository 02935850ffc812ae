"""A root folder run as a container would be: read-only, an unprivileged number for a user, no capabilities, no way to
get any, process ids of its own. Needs root, and a network namespace of the caller's with its loopback up."""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

# What docker-compose.yml asks for, by hand: read_only, tmpfs, the volume; then cap_drop, no-new-privileges and USER.
MOUNTS = r"""
set -e
root=$1 data=$2 user=$3; shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro,nodev "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,noexec,mode=755,size=64k tmpfs "$root/dev"
for node in null zero full random urandom; do
  touch "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mount -o remount,bind,ro,nosuid,noexec "$root/dev"
mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=16m tmpfs "$root/tmp"
mount --bind "$data" "$root/var/lib/rebalancer"
mount -o remount,bind,nosuid,nodev "$root/var/lib/rebalancer"
exec chroot "$root" /usr/bin/setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all /usr/bin/env -i "$@"
"""


class Container:
    def __init__(self, root, image, data, environment, arguments=None):
        """Starts it; `image` is what stages.Builder told of it."""
        self.root = pathlib.Path(root)
        self.image = image
        self.variables = {**image["ENV"], **environment}
        self.log = pathlib.Path(str(data) + ".log")
        words = image["ENTRYPOINT"] + (image["CMD"] if arguments is None else arguments)
        self.started = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--", "sh", "-c",
                 MOUNTS, "sh", root, data, image["USER"], *self.inner(words)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def inner(self, words):
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        return ["--chdir=" + self.image["WORKDIR"], *variables, *words]

    @property
    def pid(self):
        """Its process 1, as this side numbers it."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def processes(self):
        """The /proc folder of each of its threads, those of its children too."""
        def below(pid):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                yield task
                for child in (task / "children").read_text().split():
                    yield from below(int(child))
        return list(below(self.pid))

    def execute(self, *words):
        """As "docker exec" would: (exit code, what it printed)."""
        user, group = self.image["USER"].split(":")
        done = subprocess.run(
            ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--root", "--", "/usr/bin/setpriv", "--reuid", user,
             "--regid", group, "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
             "/usr/bin/env", "-i", *self.inner(words)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
            check=False)
        return done.returncode, done.stdout

    def request(self, port, method, path, body=None, headers=None):
        """(status, parsed JSON or text)."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        text = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, text, {**({"Content-Type": "application/json"} if text else {}),
                                                    **(headers or {})})
            response = connection.getresponse()
            content = response.read().decode()
        finally:
            connection.close()
        return response.status, json.loads(content) if "json" in response.getheader("Content-Type", "") else content

    def wait_healthy(self, port, seconds=10):
        """Seconds from the start to the first 200; None when it ended or never came."""
        while time.monotonic() - self.started < seconds and self.process.poll() is None:
            try:
                if self.request(port, "GET", "/health")[0] == 200:
                    return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(0.01)
        return None

    def stop(self, seconds=20):
        """Sends its stop signal to process 1: (exit code, seconds it took)."""
        started = time.monotonic()
        os.kill(self.pid, getattr(signal, self.image["STOPSIGNAL"]))
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return code, time.monotonic() - started

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
