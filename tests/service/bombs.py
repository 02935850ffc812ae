#!/usr/bin/env python3
"""Input that is meant to hurt: JSON bombs at every route that takes a body, wrong requests at every route, YAML bombs.

    bombs.py BINARY

Each is refused with 4xx (exit code 3 for YAML) at once, memory stays, nothing was done, and no answer shows its inside.
The time is the best of three, because the machine has other things to do; a bomb hurts every time.
"""
import contextlib
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from service import CONFIG, TRADING_SURFACES, Checks, Service, raw_exchange, status_of

GROWTH_BYTES_MAX = 20 << 20
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
INSIDES = (
    b"terminate called",
    b"std::",
    b"boost::",
    b".cpp",
    b"Sanitizer",
    b"what():",
    b"#0 0x",
    b"/home/",
    b"/usr/",
    b"sqlite",
)


def json_bombs():
    yield "depth of arrays", b"[" * 30_000 + b"]" * 30_000
    yield "depth of arrays, open", b"[" * 60_000
    yield "depth of objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    yield "depth beneath a known key", b'{"constraints":' + b'{"max_weight":' * 4_000 + b"1" + b"}" * 4_001
    yield "width of an array", b"[" + b",".join([b"1"] * 30_000) + b"]"
    yield "width of an object", b"{" + b",".join(b'"k%d":1' % number for number in range(6_000)) + b"}"
    yield "100,000 keys", b"{" + b",".join(b'"k%d":1' % number for number in range(100_000)) + b"}"
    yield "100,000 equal keys", b"{" + b",".join([b'"at":1'] * 100_000) + b"}"
    yield "9,000 equal keys", b"{" + b",".join([b'"a":1'] * 9_000) + b"}"
    yield "duplicate key", b'{"dry_run":true,"dry_run":false}'
    yield "duplicate key, escaped", b'{"at":"16:30","\\u0061t":"16:31"}'
    yield "long string", b'{"reason":"' + b"x" * 60_000 + b'"}'
    yield "very long string", b'{"reason":"' + b"x" * (1 << 20) + b'"}'
    yield "long key", b'{"' + b"k" * 60_000 + b'":1}'
    yield "escapes", b'{"reason":"' + b"\\u0041" * 10_000 + b'"}'
    for number in (
        b"1e400",
        b"-1e400",
        b"1" * 50_000,
        b"1e" + b"9" * 10_000,
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"0x10",
        b"01",
        b"+1",
        b".5",
        b"1.",
        b"1e",
        b"--1",
    ):
        yield f"number {number[:12].decode()}", b'{"user_age":' + number + b"}"
    for text in (
        b"{",
        b"[",
        b'"',
        b"{}{}",
        b"{} x",
        b"nul",
        b"tru",
        b"true",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"{]",
        b"[}",
        b"{'a':1}",
        b"{a:1}",
        b'{"a":1,}',
        b"[1,]",
        b"/* */{}",
        b"// x\n{}",
        b"\xef\xbb\xbf{}",
        b'{"a"}',
        b'{"a":}',
        b"{,}",
    ):
        yield f"not JSON {text[:12]!r}", text
    for text in (
        b"\xff",
        b"\xc3",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\\ud800",
        b"\\ud800\\ud800",
        b"\\uZZZZ",
        b"\\x41",
        b"\x00",
        b"\n",
        b"\x1f",
    ):
        yield f"string of {text!r}", b'{"reason":"' + text + b'"}'
    yield "truncated", b'{"reason":"tes'
    yield "UTF-16", '{"dry_run":true}'.encode("utf-16")
    yield "unknown key", b'{"no_such_key":1}'
    yield "hash collisions", b"{" + b",".join(b'"%s":1' % key for key in equal_length_keys(5_000)) + b"}"


def equal_length_keys(count):
    for number in range(count):
        yield b"".join(b"Aa" if number >> bit & 1 else b"BB" for bit in range(4))[:6] + b"%04x" % number


def wire_bombs(method, path):
    """What needs bytes of its own rather than a body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Connection: close", ""]
    head = "\r\n".join(lines).encode()
    chunked = head + b"Transfer-Encoding: chunked\r\n"
    yield "gzip bomb", head + b"Content-Encoding: gzip\r\n", gzip.compress(b"[" * 10_000_000)[:60_000], True
    yield "a chunk per byte", chunked, b"1\r\n[\r\n" * 30_000 + b"0\r\n\r\n", False
    yield "chunk extensions", chunked, b"1;" + b"x=y;" * 20_000 + b"\r\n[\r\n0\r\n\r\n", False
    yield "a huge chunk", chunked, b"ffffffffffffffff\r\n[", False
    yield "a huge length", head + b"Content-Length: 99999999999999999999\r\n", b"[", False
    yield "a body that is too long", head + b"Content-Length: 100000000\r\n", b"[", False
    yield "trailers", chunked, b"1\r\n[\r\n0\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n", False


def traversals():
    """50 ways out of a folder, none of which is a route."""
    steps = [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "..%5c",
        "..\\",
        "%252e%252e%252f",
        "..%c0%af",
        "..%ef%bc%8f",
        "....//",
        "..;/",
        ".%2e/",
    ]
    ends = ["etc/passwd", "data/journal.db", "config.yaml"]
    found = [step * 6 + end for step in steps for end in ends]
    found += [
        "data/../../etc/passwd",
        "orders/../../../etc/passwd",
        "./health",
        "health/.",
        "health/..",
        "//etc/passwd",
        "%00",
        "health%00",
        "health/%2e%2e/ready",
        "decisions/..%2f..%2fjournal.db",
        "orders/%2e%2e%2fjournal.db",
        "file:///etc/passwd",
        "~root/.bashrc",
        "C:%5cWindows%5cwin.ini",
    ]
    return found[:50]


def refuse_bombs(service, documents, checks):
    limit = 0.5 if service.is_sanitized else 0.05
    slowest, sent = (0, ""), 0
    routes = [
        (surface, method.upper(), path)
        for surface, document in documents.items()
        for path, item in document["paths"].items()
        for method in item
        if method in ("post", "put")
    ]
    before = service.usage().rss_bytes
    for surface, method, path in routes:
        bombs = [(name, head_of(method, path, len(body)), body, True) for name, body in json_bombs()]
        for name, head, body, framed in bombs + list(wire_bombs(method, path)):
            if framed and b"Content-Length" not in head:
                head += b"Content-Length: %d\r\n" % len(body)
            best = 10.0
            for _ in range(3):
                began = time.monotonic()
                received = raw_exchange(service.ports[surface], head + b"\r\n" + body)
                best = min(best, time.monotonic() - began)
                sent += 1
                if best < limit:
                    break
            slowest = max(slowest, (best, f"{name} at {method} {path}"))
            status = status_of(received)
            checks.check(400 <= status < 500, f"{surface} {method} {path}, {name}: {received[:300]!r}")
            checks.check(
                received.count(b"HTTP/1.1 ") == 1,
                f"{surface} {method} {path}, {name}: several answers {received[:600]!r}",
            )
            checks.check(best < limit, f"{surface} {method} {path}, {name}: {1000 * best:.0f} ms")
            checks.check(
                not any(inside in received for inside in INSIDES),
                f"{surface} {method} {path}, {name}: shows {received[:500]!r}",
            )
    growth = service.usage().rss_bytes - before
    print(
        f"{sent} bombs at {len(routes)} routes: slowest {1000 * slowest[0]:.1f} ms ({slowest[1]}), "
        f"memory {growth / 2**20:+.1f} MiB",
        flush=True,
    )
    checks.check(growth < GROWTH_BYTES_MAX or service.is_sanitized, f"memory grew by {growth / 2**20:.1f} MiB")


def head_of(method, path, length):
    return (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {length}\r\n"
    ).encode()


def refuse_wrong_requests(service, documents, checks):
    sent = 0

    def refused(surface, method, target, statuses, body=b""):
        nonlocal sent
        sent += 1
        head = (
            head_of(method, target, len(body))
            if body
            else f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode()
        )
        received = raw_exchange(service.ports[surface], head + b"\r\n" + body)
        status = status_of(received)
        checks.check(
            status in statuses, f"{surface} {method} {target}: {status}, not {sorted(statuses)}: {received[:300]!r}"
        )
        checks.check(
            b"application/problem+json" in received, f"{surface} {method} {target}: no problem+json: {received[:300]!r}"
        )
        checks.check(
            not any(inside in received for inside in INSIDES), f"{surface} {method} {target}: shows {received[:500]!r}"
        )
        return received

    for surface, document in documents.items():
        for path, item in document["paths"].items():
            own = path.replace("{symbol}", "SPY").replace("{id}", "0" * 32)
            offered = {method.upper() for method in item}
            for method in set(METHODS) - offered:
                received = refused(surface, method, own, {405})
                header = received.split(b"\r\n\r\n")[0].lower()
                checks.check(
                    all(name.lower().encode() in header.split(b"\r\nallow:")[-1].split(b"\r\n")[0] for name in offered),
                    f"{surface} {method} {path}: Allow does not name {offered}: {header!r}",
                )
            for method in offered & {"GET", "POST", "PUT", "DELETE"}:
                refused(surface, method, own + "?no_such_parameter=1", {400})
                refused(surface, method, own + "?" + "a=1&" * 300, {400, 414})
                refused(surface, method, own + "?%", {400})
                refused(surface, method, own + "?%ff=%00", {400})
            refused(surface, "BREW", own, {400, 405, 501})
            for text in (
                "'%20OR%201=1--",
                "%3Cscript%3E",
                "%00",
                "%f0%9f%92%a5",
                "x" * 200,
                "x" * 1900,
                "-1",
                "%7B%7B7*7%7D%7D",
                "%25n%25n%25n",
            ):
                if "{" in path:
                    refused(surface, "GET", path.replace("{symbol}", text).replace("{id}", text), {400, 404, 405, 414})
        for text in traversals():
            for method in ("GET", "POST", "DELETE"):
                refused(surface, method, "/" + text, {400, 404})
    print(f"{sent} wrong requests, {len(traversals())} ways out of a folder among them", flush=True)


def yaml_bombs():
    aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
    )
    yield "alias bomb", CONFIG + aliases
    yield "alias bomb in a known place", aliases + CONFIG.replace("[SPY, QQQ, VTI, VXUS, BND]", "*a11")
    yield "alias to itself", CONFIG + "a: &a [*a]\n"
    yield "merge of itself", CONFIG + "a: &a\n  <<: *a\n"
    yield "depth of sequences", CONFIG + "a: " + "[" * 50_000 + "]" * 50_000 + "\n"
    yield "depth of maps", CONFIG + "a: " + "{b: " * 20_000 + "1" + "}" * 20_000 + "\n"
    yield "depth by indentation", CONFIG + "a:\n" + "".join(" " * level + "b:\n" for level in range(1, 1500))
    yield "depth of dashes", CONFIG + "a:\n" + "- " * 20_000 + "1\n"
    yield "duplicate key", CONFIG + "log: {level: debug}\n"
    yield "duplicate key within", CONFIG.replace("zone: America/New_York", "zone: America/New_York, zone: Europe/Paris")
    yield "100,000 keys", CONFIG + "".join(f"k{number}: 1\n" for number in range(100_000))
    yield "huge scalar", CONFIG + "a: '" + "x" * 5_000_000 + "'\n"
    yield "huge scalar in a known place", CONFIG.replace("America/New_York", "x" * 2_000_000)
    yield "huge key", CONFIG + "k" * 1_000_000 + ": 1\n"
    yield "huge number", CONFIG.replace("age: 35", "age: " + "9" * 100_000)
    yield "not a number", CONFIG.replace("age: 35", "age: .nan")
    yield "a million documents", CONFIG + "---\n" * 1_000_000
    yield "tags", CONFIG + "a: !!python/object/apply:os.system [id]\n"
    yield "binary", "\x00\x01\x02" * 1000
    yield "unclosed", CONFIG + 'a: "'
    yield "tabs", CONFIG + "a:\n\t- b\n"


def refuse_yaml(binary, is_sanitized, checks):
    seconds_max = 10 if is_sanitized else 1
    slowest, largest = (0, ""), (0, "")

    def check_config(text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "config.yaml"
            path.write_text(text)
            began = time.monotonic()
            process = subprocess.Popen(
                [binary, "--config", str(path), "config", "check"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stderr.close()
            return process.returncode, time.monotonic() - began, usage.ru_maxrss * 1024, said

    code, _, ordinary, said = check_config(CONFIG)
    checks.check(code == 0, f"the configuration without a bomb: {code} {said[:300]!r}")
    count = 0
    for name, text in yaml_bombs():
        count += 1
        code, seconds, peak, said = check_config(text)
        slowest, largest = max(slowest, (seconds, name)), max(largest, (peak - ordinary, name))
        checks.check(code == 3, f"YAML, {name}: exit code {code} {said[:300]!r}")
        checks.check(seconds < seconds_max, f"YAML, {name}: {seconds:.2f} s")
        checks.check(len(said) < 200_000, f"YAML, {name}: {len(said)} bytes of talk")
    print(
        f"{count} YAML bombs: slowest {slowest[0]:.2f} s ({slowest[1]}), "
        f"at most {largest[0] / 2**20:+.1f} MiB ({largest[1]})",
        flush=True,
    )


def main():
    checks = Checks("bombs")
    with Service(sys.argv[1], settings=["log.level=warning"]) as service:
        documents = {surface: service.request(surface, "GET", "/openapi.json").json for surface in TRADING_SURFACES}
        before = {
            path: service.request("scheduler", "GET", path).json for path in ("/schedule", "/history", "/decisions")
        }
        trading = service.request("scheduler", "GET", "/status").json["trading_state"]
        refuse_bombs(service, documents, checks)
        refuse_wrong_requests(service, documents, checks)
        after = {path: service.request("scheduler", "GET", path).json for path in before}
        checks.check(json.dumps(after) == json.dumps(before), f"something was done: {str(after)[:1000]}")
        checks.check(
            service.request("scheduler", "GET", "/status").json["trading_state"] == trading,
            "trading was halted or resumed",
        )
        with contextlib.suppress(OSError):
            talk = service.log.read_text(errors="replace")
            checks.check("Sanitizer" not in talk, f"a sanitizer spoke:\n{service.tail()}")
        refuse_yaml(service.binary, service.is_sanitized, checks)
    checks.end()


if __name__ == "__main__":
    main()
