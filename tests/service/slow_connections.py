#!/usr/bin/env python3
"""A thousand slow clients, and /health answers as if nobody was there.

    slow_connections.py BINARY [--clients 1000] [--seconds 20]

A quarter each sends its header byte by byte, stops within its body, says nothing at all, or asks much and reads
nothing. Whoever is cut off comes back at once. Meanwhile /health is asked every 20 ms on new connections and on one
that is kept.
"""
import argparse
import asyncio
import contextlib
import time

from service import Checks, Service, percentile, raise_descriptor_limit

CONNECTIONS_MAX = 256  # of the service; see ServerLimits
DESCRIPTORS_BESIDE = 64  # listeners, databases, logs
HEALTH_SECONDS_MAX = 0.05
GROWTH_BYTES_MAX = 50 << 20


async def trickle(reader, writer):
    for byte in b"GET /status HTTP/1.1\r\nHost: localhost\r\nX-Filler: " + b"x" * 200:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.5)


async def half_body(reader, writer):
    writer.write(
        b"POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
    )
    await writer.drain()
    await reader.read()


async def silent(reader, writer):
    await reader.read()


async def slow_reader(reader, writer):
    writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
    await writer.drain()
    while await reader.read(1):
        await asyncio.sleep(0.5)


async def client(kind, port, end, cuts):
    while time.monotonic() < end:
        writer = None
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            # A small window, so that what is not read stays the server's.
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            await asyncio.wait_for(kind(reader, writer), max(0.1, end - time.monotonic()))
        cuts[kind.__name__] = cuts.get(kind.__name__, 0) + 1
        if writer:
            writer.close()
        await asyncio.sleep(0.05)


async def ask(reader, writer):
    """Seconds until the whole answer is there."""
    began = time.monotonic()
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    header = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in header.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return time.monotonic() - began, header.startswith(b"HTTP/1.1 200")


async def watch_health(service, end, times, faults, usages):
    """Alternately on a new connection and on one that is kept, which is a busy client and must not be cut off."""
    port = service.ports["scheduler"]
    kept = await asyncio.open_connection("127.0.0.1", port)
    due = time.monotonic()
    while time.monotonic() < end:
        try:
            times["kept"].append(await asyncio.wait_for(ask(*kept), 10))
            began = time.monotonic()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            _, right = await asyncio.wait_for(ask(reader, writer), 10)
            times["new"].append((time.monotonic() - began, right))
            writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as problem:
            faults.append(f"{type(problem).__name__} {problem}")
            with contextlib.suppress(OSError):
                kept = await asyncio.open_connection("127.0.0.1", port)
        usages.append(service.usage())
        due = max(due + 0.02, time.monotonic() - 0.2)
        await asyncio.sleep(max(0, due - time.monotonic()))


async def attack(service, clients, seconds):
    end = time.monotonic() + seconds
    kinds = [trickle, half_body, silent, slow_reader]
    ports = [service.ports[name] for name in ("fetcher", "optimizer", "executor", "scheduler")]
    cuts, times, faults, usages = {}, {"kept": [], "new": []}, [], []
    attackers = [
        asyncio.create_task(client(kinds[number % 4], ports[number // 4 % 4], end, cuts)) for number in range(clients)
    ]
    await watch_health(service, end, times, faults, usages)
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)
    return cuts, times, faults, usages


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    arguments = parser.parse_args()
    checks = Checks("slow connections")
    limit = raise_descriptor_limit(2 * arguments.clients + 500)
    checks.check(limit > arguments.clients + 200, f"this machine allows {limit} descriptors, too few for the attack")

    with Service(arguments.binary, settings=["log.level=warning"]) as service:
        for surface in ("optimizer", "scheduler"):
            service.request(surface, "GET", "/openapi.json")
        before = service.usage()
        cuts, times, faults, usages = asyncio.run(attack(service, arguments.clients, arguments.seconds))
        after = service.usage()
        answer = service.request("scheduler", "POST", "/execute", {"dry_run": True})
        checks.check(answer.status == 200, f"afterwards a dry run is answered with {answer.status}")

    checks.check(not faults, f"/health was not answered {len(faults)} times: {faults[:5]}")
    for kind, taken in times.items():
        checks.check(taken and all(right for _, right in taken), f"/health on a {kind} connection: not always 200")
        p50 = percentile([seconds for seconds, _ in taken], 0.5)
        p99 = percentile([seconds for seconds, _ in taken], 0.99)
        worst = max((seconds for seconds, _ in taken), default=0)
        print(
            f"/health on a {kind} connection: {len(taken)} times, p50 {1000 * p50:.2f} ms,"
            f" p99 {1000 * p99:.2f} ms, worst {1000 * worst:.2f} ms",
            flush=True,
        )
        checks.check(
            p99 < HEALTH_SECONDS_MAX * (10 if service.is_sanitized else 1), f"p99 on a {kind} connection is {p99:.3f} s"
        )
    descriptors = max(usage.descriptors for usage in usages)
    checks.check(descriptors <= CONNECTIONS_MAX + DESCRIPTORS_BESIDE, f"{descriptors} descriptors at the worst moment")
    growth = max(usage.rss_bytes for usage in usages) - before.rss_bytes
    print(
        f"{arguments.clients} clients for {arguments.seconds:.0f} s, cut off {sum(cuts.values())} times: {cuts}; "
        f"memory {before.rss_bytes / 2**20:.1f} MiB, {growth / 2**20:+.1f} MiB at the most, "
        f"{after.rss_bytes / 2**20:.1f} MiB after;"
        f" at most {descriptors} descriptors",
        flush=True,
    )
    # Under ASan freed memory is kept aside, so its growth says nothing.
    checks.check(growth < GROWTH_BYTES_MAX or service.is_sanitized, f"memory grew by {growth / 2**20:.1f} MiB")
    checks.check(sum(cuts.values()) >= arguments.clients - CONNECTIONS_MAX, f"only {cuts} were cut off")
    checks.end()


if __name__ == "__main__":
    main()
