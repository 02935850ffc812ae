#!/usr/bin/env python3
"""A thousand slow clients, and /health answers as if nobody was there.

    slow_connections.py BINARY [--clients 1000] [--seconds 20]

A quarter each sends its header byte by byte, stops within its body, says nothing at all, or asks much and reads
nothing. Whoever is cut off comes back a second later. Meanwhile /health is asked every 20 ms, on new connections and on
one that is kept.
"""
import argparse
import asyncio
import collections
import contextlib
import http.client
import multiprocessing
import time

from service import TRADING_SURFACES, Checks, Client, Service, percentile, raise_descriptor_limit

CONNECTIONS_MAX = 256  # of the service; see ServerLimits
DESCRIPTORS_BESIDE = 64  # listeners, databases, logs
HEALTH_SECONDS_MAX = 0.05
GROWTH_BYTES_MAX = 50 << 20
PAUSE_SECONDS = 1  # until a client that was cut off comes back


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
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            await asyncio.wait_for(kind(reader, writer), max(0.1, end - time.monotonic()))
        if time.monotonic() < end:
            cuts[kind.__name__] += 1
        if writer:
            writer.close()
        await asyncio.sleep(PAUSE_SECONDS)


async def attack_all(ports, clients, end, cuts):
    kinds = [trickle, half_body, silent, slow_reader]
    attackers = [
        asyncio.create_task(client(kinds[number % 4], ports[number // 4 % len(ports)], end, cuts))
        for number in range(clients)
    ]
    await asyncio.sleep(max(0, end - time.monotonic()))
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)


def attack(ports, clients, end, told):
    """In a process of its own, so that its work is not in our times."""
    cuts = collections.Counter()
    asyncio.run(attack_all(ports, clients, end, cuts))
    told.put(dict(cuts))


def watch_health(service, end):
    """Seconds of each answer, by kind of connection, what failed, and usage: new connections, and one that is kept."""
    port = service.ports["scheduler"]
    times, faults, usages = {"kept": [], "new": []}, [], []
    kept = Client(port, 10)
    due = time.monotonic()
    while time.monotonic() < end:
        for kind in times:
            began = time.monotonic()
            try:
                if kind == "kept":
                    answer = kept.request("GET", "/health")
                else:
                    answer = service.request("scheduler", "GET", "/health", timeout=10)
                if answer.status != 200:
                    faults.append(f"{kind}: {answer.status}")
            except (OSError, http.client.HTTPException) as problem:
                faults.append(f"{kind}: {type(problem).__name__} {problem}")
            times[kind].append(time.monotonic() - began)
        usages.append(service.usage())
        due = max(due + 0.02, time.monotonic() - 0.2)
        time.sleep(max(0, due - time.monotonic()))
    return times, faults, usages, kept.made - 1


def judge(checks, times, faults, lost, is_sanitized):
    # Whoever asks all the time is no slow client; only when this process was not given the processor for as long as the
    # slow ones are kept may it be taken for one.
    checks.check(lost <= len(times["kept"]) / 100, f"the kept connection was cut off {lost} times")
    checks.check(not faults, f"/health failed {len(faults)} times: {collections.Counter(faults).most_common(5)}")
    for kind, taken in times.items():
        p50, p99, worst = percentile(taken, 0.5), percentile(taken, 0.99), max(taken)
        print(
            f"/health on a {kind} connection: {len(taken)} times, p50 {1000 * p50:.2f} ms, p99 {1000 * p99:.2f} ms,"
            f" worst {1000 * worst:.2f} ms",
            flush=True,
        )
        limit = HEALTH_SECONDS_MAX * (10 if is_sanitized else 1)
        checks.check(p99 < limit, f"p99 on a {kind} connection is {1000 * p99:.0f} ms")


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
        for surface in TRADING_SURFACES:
            service.request(surface, "GET", "/openapi.json")
        before = service.usage()
        end = time.monotonic() + arguments.seconds
        told = multiprocessing.Queue()
        ports = [service.ports[name] for name in TRADING_SURFACES]
        attacker = multiprocessing.Process(target=attack, args=(ports, arguments.clients, end, told), daemon=True)
        attacker.start()
        times, faults, usages, lost = watch_health(service, end)
        cuts = told.get(timeout=60)
        attacker.join()
        after = service.usage()
        answer = service.request("scheduler", "POST", "/execute", {"dry_run": True})
        checks.check(answer.status == 200, f"afterwards a dry run is answered with {answer.status}")

    judge(checks, times, faults, lost, service.is_sanitized)
    descriptors = max(usage.descriptors for usage in usages)
    growth = max(usage.rss_bytes for usage in usages) - before.rss_bytes
    print(
        f"{arguments.clients} clients for {arguments.seconds:.0f} s, cut off {sum(cuts.values())} times: {cuts}; "
        f"memory {before.rss_bytes / 2**20:.1f} MiB, {growth / 2**20:+.1f} MiB at the most, "
        f"{after.rss_bytes / 2**20:.1f} MiB after; at most {descriptors} descriptors; the busy"
        f" connection was cut off {lost} times",
        flush=True,
    )
    checks.check(
        descriptors <= CONNECTIONS_MAX + DESCRIPTORS_BESIDE, f"{descriptors} descriptors at the worst moment"
    )
    # Under ASan freed memory is kept aside, so its growth says nothing.
    checks.check(growth < GROWTH_BYTES_MAX or service.is_sanitized, f"memory grew by {growth / 2**20:.1f} MiB")
    checks.check(sum(cuts.values()) >= arguments.clients - CONNECTIONS_MAX, f"only {cuts} were cut off")
    checks.end()


if __name__ == "__main__":
    main()
