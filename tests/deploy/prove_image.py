"""Builds the image from the Dockerfile without a container engine, then looks at what is in it and runs it as a
container would be run. script/prove-image starts it and says how."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import container
import dockerfile
import stages

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FETCHER, OPTIMIZER, EXECUTOR, SCHEDULER = 8080, 8081, 8082, 8083
CONFIGURATION_WRONG = 3  # exit code

# What only a build needs: none of it may be in the image.
TOOLS = {"ar", "as", "c++", "cc", "cc1plus", "ccache", "clang", "cmake", "cpp", "g++", "gcc", "gdb", "git", "ld",
         "make", "mold", "ninja", "curl", "wget", "python3"}
SOURCES = {".a", ".c", ".cc", ".cpp", ".h", ".hpp", ".o", ".cmake"}


class Checks:
    def __init__(self):
        self.failed = []

    def __call__(self, claim, holds, shown=""):
        shown = f": {shown}" if shown not in ("", None) else ""
        stages.say(f"   {'ok    ' if holds else 'FAILED'} {claim}{shown}")
        if not holds:
            self.failed.append(claim)
        return holds


def compose_environment():
    """What docker-compose.yml sets, so that this runs what it runs."""
    text = (SOURCE / "deploy/docker-compose.yml").read_text()
    return dict(re.findall(r'^      (REBALANCER_[A-Z_]+): "(.*)"$', text, re.MULTILINE))


def mirror():
    """Where this machine's own apt takes Debian 12 from."""
    if os.environ.get("MIRROR"):
        return os.environ["MIRROR"]
    lines = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
                            "Codename: bookworm"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    if not lines:
        sys.exit("no mirror of bookworm in this machine's apt configuration; name one: MIRROR=... script/prove-image")
    return lines[0]


def check_content(checks, root):
    """What is in the image, file by file."""
    tools, sources, special, size = [], [], [], 0
    for path in root.rglob("*"):
        name = "/" + str(path.relative_to(root))
        if path.is_symlink() or not path.is_file():
            continue
        size += path.stat().st_blocks * 512
        if path.name in TOOLS and os.access(path, os.X_OK):
            tools.append(name)
        if path.suffix in SOURCES and not name.startswith("/usr/share/perl"):
            sources.append(name)
        ours = name.startswith(("/usr/bin/rebalancer", "/usr/lib/rebalancer", "/etc/rebalancer"))
        if ours and path.stat().st_mode & 0o022:
            special.append(name)
    checks("no compiler, build tool or downloader in it", not tools, tools[:5] or "")
    checks("no source, header or object in it", not sources, sources[:5] or "")
    checks("nobody but root may write the program, its plugins and its configuration", not special, special[:5] or "")
    packages = subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package}\n"],
                              stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    program = (root / "usr/bin/rebalancer").stat().st_size
    plugins = sorted((root / "usr/lib/rebalancer/plugins").glob("*.so"))
    stages.say(f"   image {size / 2**20:.0f} MiB in {len(packages)} packages; the program {program / 2**20:.1f} MiB, "
               f"{len(plugins)} plugins {sum(path.stat().st_size for path in plugins) / 2**20:.1f} MiB")
    missing = []
    for path in [root / "usr/bin/rebalancer", *plugins]:
        file = pathlib.Path("/") / path.relative_to(root)
        linked = subprocess.run(["chroot", root, "ldd", file], stdout=subprocess.PIPE, text=True, check=True).stdout
        missing += [line.strip() for line in linked.splitlines() if "not found" in line]
    checks("every library that the program and its plugins are linked with is there", not missing, missing[:5] or "")
    elf = subprocess.run(["readelf", "-hdlW", root / "usr/bin/rebalancer"], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    checks("the program is position independent, with relocations read-only and all bound at the start",
           "DYN (Position-Independent Executable" in elf and "GNU_RELRO" in elf and "BIND_NOW" in elf and
           not re.search(r"GNU_STACK.* RWE", elf))


def check_privileges(checks, running):
    """User, groups and capabilities of each of its threads."""
    wrong = []
    number = running.image["USER"].split(":")[0]
    for folder in running.processes():
        status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
        facts = {**{name: int(status[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
                 "Uid": status["Uid"].split() == [number] * 4, "Gid": status["Gid"].split() == [number] * 4,
                 "Groups": not status["Groups"].split(), "NoNewPrivs": status["NoNewPrivs"].strip() == "1"}
        wrong += [f"{name} is {status[name].strip()}" for name, holds in facts.items() if not holds]
    threads = len(running.processes())
    checks(f"user {number}, no groups, no capabilities, no way to new ones, in {threads} threads", not wrong,
           wrong[:5] or "")


def check_writable(checks, running):
    allowed = ["/proc", "/dev", "/tmp", *running.image["VOLUME"]]
    pruned = " ".join(f"-path {path} -prune -o" for path in allowed)
    # Folders that it may not even read are complaints on stderr.
    _, found = running.execute("sh", "-c", f"find / {pruned} ! -type l -writable -print 2>/dev/null; echo looked")
    checks(f"nothing is writable but {', '.join(allowed[2:])}", found == "looked\n",
           found[:300].removesuffix("looked\n"))
    mounts = (pathlib.Path(f"/proc/{running.pid}/mountinfo").read_text()).splitlines()
    root = next(line for line in mounts if line.split()[4] == "/")
    checks("its root is mounted read-only", root.split()[5].split(",")[0] == "ro")


def listening(running):
    """{"0.0.0.0:8083", ...} of its network."""
    found = set()
    for line in pathlib.Path(f"/proc/{running.pid}/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A":
            address, port = words[1].split(":")
            found.add(".".join(str(part) for part in reversed(bytes.fromhex(address))) + f":{int(port, 16)}")
    return found


def check_stop(checks, running, when):
    code, seconds = running.stop()
    checks(f"SIGTERM to process 1 ends it within 5 s, {when}", code == 0 and seconds < 5,
           f"{seconds:.2f} s, exit code {code}")


def check_first(checks, running):
    seconds = running.wait_healthy(SCHEDULER)
    if not checks("it becomes healthy", seconds is not None, seconds and f"{seconds:.2f} s after its start"):
        return None
    for port in (FETCHER, OPTIMIZER, EXECUTOR, SCHEDULER):
        checks(f"port {port} answers /health", running.request(port, "GET", "/health")[0] == 200)
    health = running.image["HEALTHCHECK"]["CMD"]
    code, said = running.execute(*health)
    checks(f"the health check, {' '.join(health)}, ends with 0", code == 0, said.strip()[:200])
    checks("it listens on every address, as docker-compose.yml tells it to",
           all(address.startswith("0.0.0.0:") for address in listening(running)), sorted(listening(running)))
    check_privileges(checks, running)
    check_writable(checks, running)
    status, report = running.request(EXECUTOR, "POST", "/execute", {"dry_run": False},
                                     {"Idempotency-Key": "prove-image"})
    outcome = report.get("outcome") if isinstance(report, dict) else None
    checks("POST /execute trades on paper", status == 200 and outcome == "traded",
           f"{status} {outcome or json.dumps(report)[:300]}")
    status, history = running.request(SCHEDULER, "GET", "/history")
    check_stop(checks, running, "after a run")
    return history


def check_again(checks, running, history):
    """The same data, without what docker-compose.yml adds."""
    seconds = running.wait_healthy(SCHEDULER)
    if not checks("it starts again on the same data", seconds is not None, seconds and f"{seconds:.2f} s"):
        return
    status, found = running.request(SCHEDULER, "GET", "/history")
    checks("the history is what it was", status == 200 and found == history)
    status, report = running.request(EXECUTOR, "POST", "/execute", {"dry_run": False})
    outcome = report.get("outcome") if isinstance(report, dict) else None
    checks("POST /execute trades nothing a second time in that session", status == 200 and outcome != "traded",
           f"{status} {outcome or json.dumps(report)[:300]}")
    checks("without docker-compose.yml it listens on loopback alone",
           all(address.startswith("127.0.0.1:") for address in listening(running)), sorted(listening(running)))
    code, found = running.execute("find", "/tmp", "-mindepth", "1")
    checks("it leaves nothing in /tmp", code == 0 and not found, found[:200])
    code, found = running.execute("find", "/var/lib/rebalancer", "-type", "f", "-printf", "%P %m %u\\n")
    stages.say("   its data:\n" + "".join(f"      {line}\n" for line in sorted(found.splitlines())).rstrip("\n"))
    number = running.image["USER"].split(":")[0]
    checks("its data is its own", all(line.split()[2] == number for line in found.splitlines()))
    check_stop(checks, running, "the second time")


def look_at(folder):
    """In a network namespace of its own: the second half."""
    image = json.loads((folder / "image.json").read_text())
    root, data, checks = folder / "image", folder / "data", Checks()
    shutil.rmtree(data, ignore_errors=True)
    data.with_suffix(".log").unlink(missing_ok=True)
    subprocess.run(["cp", "-a", root / "var/lib/rebalancer", data], check=True)
    stages.say("== what is in it")
    check_content(checks, root)
    environment = compose_environment()

    stages.say("== run as docker-compose.yml runs it")
    running = container.Container(root, image, data, environment)
    try:
        history = check_first(checks, running)
    finally:
        running.kill()
    if history is not None:
        stages.say("== run again, without docker-compose.yml")
        running = container.Container(root, image, data, {})
        try:
            check_again(checks, running, history)
        finally:
            running.kill()

    stages.say("== run as it must not be")
    running = container.Container(root, image, data, {"REBALANCER_HTTP_BIND": "0.0.0.0"})
    try:
        code = running.process.wait(10)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        running.kill()
    checks("it refuses every address without token, TLS or http.exposed", code == CONFIGURATION_WRONG,
           "it runs" if code is None else f"exit code {code}")
    if checks.failed:
        log = data.with_suffix(".log")
        stages.say("\n".join(["", f"the end of {log}:", *log.read_text(errors="replace").splitlines()[-30:], "",
                              f"{len(checks.failed)} FAILED: " + "; ".join(checks.failed)]))
        return 1
    stages.say("all of it holds")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="script/prove-image", description=__doc__)
    parser.add_argument("folder", nargs="?", default="/var/tmp/rebalancer-image", type=pathlib.Path)
    parser.add_argument("--reuse", action="store_true", help="keep the build stage of the last time")
    parser.add_argument("--commit", default="unknown", help="what docker build would get as --build-arg COMMIT")
    parser.add_argument("--compiler-cache", default="", help="a folder for ccache, kept between builds")
    parser.add_argument("--look-at", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.folder.resolve()
    if options.look_at:
        return look_at(folder)

    tools = ("debootstrap", "unshare", "nsenter", "setpriv", "ip", "readelf", "dpkg-query")
    missing = [tool for tool in tools if not shutil.which(tool)]
    if os.geteuid() != 0 or missing:
        sys.exit("needs root" + (f" and {', '.join(missing)}" if missing else ""))
    os.nice(10)
    os.umask(0o022)
    folder.mkdir(parents=True, exist_ok=True)
    base = stages.base_of(folder, mirror())
    builder = stages.Builder(SOURCE, folder, base, {"COMMIT": options.commit}, options.compiler_cache)
    parts = dockerfile.parse((SOURCE / "Dockerfile").read_text())
    for stage in parts[:-1]:
        builder.build(stage, options.reuse)
    _, image = builder.build(parts[-1])
    (folder / "image.json").write_text(json.dumps(image, indent=1))
    return subprocess.run(["unshare", "--net", "--mount", "--propagation", "private", "--", "sh", "-c",
                           'ip link set lo up && exec "$@"', "sh", sys.executable, "-B", __file__, "--look-at", folder],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
