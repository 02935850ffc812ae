#!/usr/bin/env python3
"""Hours of mixed load: memory and descriptors must not grow.

    soak.py BINARY [--minutes 60] [--rate 200] [--out build/soak] [--seed N]

Every ten seconds (in a short run, sixty times) one row of samples.csv; at the end soak.svg, summary.json, the log and a
verdict. Growth is the slope of a straight line through the last three quarters of the samples, times their length;
below five minutes it is told and not judged, because caches still fill. Exit code 1: it grew, or something was answered
wrongly.
"""
import argparse
import csv
import json
import pathlib
import shutil
import statistics
import sys
import time

from load import Load
from service import Service, percentile, poll_until

GROWTH_MAX = 0.01  # of memory
DESCRIPTORS_MAX = 2  # of descriptors, while connections come and go
SAMPLE_SECONDS = 10
JUDGED_MINUTES_MIN = 5
FIELDS = ["seconds", "rss_kib", "private_kib", "descriptors", "threads", "requests", "faults", "p50_ms", "p99_ms"]


def line_through(samples, field):
    """Value at the beginning and growth over the whole of a least-squares line."""
    times = [row["seconds"] for row in samples]
    values = [row[field] for row in samples]
    if len(set(times)) < 2:
        return values[0] if values else 0, 0
    slope, start = statistics.linear_regression(times, values)
    return start + slope * times[0], slope * (times[-1] - times[0])


def sparkline(values, width=60):
    blocks = "▁▂▃▄▅▆▇█"
    step = max(1, len(values) / width)
    picked = [values[int(at * step)] for at in range(min(width, len(values)))]
    low, high = min(values), max(values)
    return "".join(blocks[int((value - low) / (high - low or 1) * 7)] for value in picked)


def picture(samples):
    """Memory and descriptors over time as an SVG of two panels."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" font-family="sans-serif" font-size="12">',
        '<rect width="720" height="400" fill="white"/>',
    ]
    end = samples[-1]["seconds"] or 1
    for top, field, title, scale in (
        (30, "rss_kib", "resident memory, MiB", 1024),
        (220, "descriptors", "descriptors", 1),
    ):
        values = [row[field] / scale for row in samples]
        high = max(values) * 1.1
        points = " ".join(
            f"{60 + 640 * row['seconds'] / end:.1f},{top + 140 - 140 * row[field] / scale / high:.1f}"
            for row in samples
        )
        parts.append(
            f'<text x="60" y="{top - 8}">{title}: {min(values):.1f} to {max(values):.1f}</text>'
            f'<path d="M60 {top}V{top + 140}H700" fill="none" stroke="#999"/>'
            f'<text x="55" y="{top + 8}" text-anchor="end">{high:.0f}</text>'
            f'<text x="55" y="{top + 140}" text-anchor="end">0</text>'
            f'<polyline points="{points}" fill="none" stroke="#1f6fb2" stroke-width="1.5"/>'
        )
    parts.append(f'<text x="700" y="380" text-anchor="end">{end / 60:.0f} minutes</text></svg>')
    return "\n".join(parts)


def sample(service, load, began):
    usage = service.usage()
    latencies = load.take_latencies()
    return {
        "seconds": round(time.monotonic() - began, 1),
        "rss_kib": usage.rss_bytes // 1024,
        "private_kib": usage.private_bytes // 1024,
        "descriptors": usage.descriptors,
        "threads": usage.threads,
        "requests": load.requests,
        "faults": sum(load.faults.values()),
        "p50_ms": round(1000 * percentile(latencies, 0.5), 2),
        "p99_ms": round(1000 * percentile(latencies, 0.99), 2),
    }


def run(service, load, seconds, out):
    samples = []
    period = min(SAMPLE_SECONDS, seconds / 60)
    began = time.monotonic()
    with open(out / "samples.csv", "w", newline="") as file:
        table = csv.DictWriter(file, FIELDS)
        table.writeheader()
        while time.monotonic() - began < seconds:
            time.sleep(min(period, max(0.1, seconds - (time.monotonic() - began))))
            if service.process.poll() is not None:
                break
            samples.append(sample(service, load, began))
            table.writerow(samples[-1])
            file.flush()
            if len(samples) % 30 == 0:
                row = samples[-1]
                print(
                    f"{row['seconds'] / 60:5.0f} min  {row['rss_kib'] / 1024:6.1f} MiB  {row['descriptors']:4} open"
                    f"  {row['requests']:8} requests  p99 {row['p99_ms']:.1f} ms  {row['faults']} faults",
                    flush=True,
                )
    return samples


def put_under_load(service, arguments):
    """The whole life of the service: samples, the load, usage before and after, and what went wrong."""
    failures = []
    first = service.request("scheduler", "POST", "/execute", {})
    print(f"first run: {first.status} {first.body[:200].decode(errors='replace')}", flush=True)
    idle = service.usage()
    ports = {name: port for name, port in service.ports.items() if name not in ("websocket", "analytics")}
    load = Load(ports, arguments.rate, seed=arguments.seed).start()
    samples = run(service, load, 60 * arguments.minutes, arguments.out)
    load.stop()
    if service.process.poll() is not None:
        sys.exit(f"serve ended by itself with {service.process.returncode}:\n{service.tail()}")
    # Idle connections are closed after 5 s.
    settled = poll_until(lambda: service.usage().descriptors <= idle.descriptors, 30, 0.2)
    after = service.usage()
    if not settled:
        failures.append(f"{after.descriptors} descriptors when the load is over, {idle.descriptors} before it")
    code, seconds = service.stop()
    if code != 0 or seconds > 5:
        failures.append(f"SIGTERM: exit code {code} after {seconds:.1f} s")
    status, told = service.command("status")
    if status != 0:
        failures.append(f"status ends with {status} afterwards: {told}")
    verified, verdict = service.command("verify", seconds=600)
    if verified != 0:
        failures.append(f"verify ends with {verified}: {str(verdict)[:500]}")
    figures = {
        "minutes": arguments.minutes,
        "requests": load.requests,
        "requests_per_second": load.requests / samples[-1]["seconds"],
        "rss_idle_kib": idle.rss_bytes // 1024,
        "rss_last_kib": samples[-1]["rss_kib"],
        "rss_after_kib": after.rss_bytes // 1024,
        "descriptors_idle": idle.descriptors,
        "descriptors_after": after.descriptors,
        "decisions": verdict.get("decisions"),
        "stop_seconds": seconds,
        "answers": {f"{name} {status}": count for (name, status), count in sorted(load.counts.items())},
    }
    failures += [f"{count} x {fault}" for fault, count in load.faults.most_common(20)]
    return samples, figures, failures


def judge_growth(samples, figures, failures, is_sanitized):
    used = samples[len(samples) // 4 :]
    base, growth = line_through(used, "rss_kib")
    _, private_growth = line_through(used, "private_kib")
    _, more_descriptors = line_through(used, "descriptors")
    figures |= {
        "rss_fit_begin_kib": round(base),
        "rss_fit_growth_kib": round(growth),
        "rss_fit_growth": growth / base,
        "private_fit_growth": private_growth / base,
        "descriptors_fit_growth": more_descriptors,
    }
    if figures["minutes"] < JUDGED_MINUTES_MIN:
        return
    # Resident memory, as promised; the program's own pages are told beside it, for whoever looks for a leak.
    if growth > GROWTH_MAX * base and not is_sanitized:
        failures.append(
            f"memory grew by {growth / base:.2%} ({growth:.0f} KiB), at most {GROWTH_MAX:.0%} may be"
        )
    if abs(more_descriptors) > DESCRIPTORS_MAX:
        failures.append(f"descriptors changed by {more_descriptors:.1f}")


def tell(samples, figures, failures):
    memory = sparkline([row["rss_kib"] for row in samples])
    descriptors = sparkline([row["descriptors"] for row in samples])
    print(
        f"memory       {memory}  {figures['rss_fit_begin_kib'] / 1024:.1f} MiB,"
        f" {figures['rss_fit_growth']:+.2%} over the last 3/4,"
        f" {figures['private_fit_growth']:+.2%} without the pages of files"
    )
    print(
        f"descriptors  {descriptors}  {figures['descriptors_fit_growth']:+.1f} over the last 3/4;"
        f" {figures['descriptors_idle']} before the load, {figures['descriptors_after']} after it"
    )
    print(
        f"requests     {figures['requests']}, {figures['requests_per_second']:.0f} per second,"
        f" {figures['decisions']} decisions"
    )
    for failure in failures:
        print(f"FAILED: {failure}")
    print("soak: " + ("failed" if failures else "memory and descriptors are flat"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/soak"))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    service = Service(arguments.binary, settings=["log.level=warning"])
    try:
        service.start()
        samples, figures, failures = put_under_load(service, arguments)
    finally:
        if service.log.exists():
            shutil.copy(service.log, arguments.out / "serve.log")
        service.remove()
    judge_growth(samples, figures, failures, service.is_sanitized)
    (arguments.out / "summary.json").write_text(json.dumps(figures | {"failures": failures}, indent=1) + "\n")
    (arguments.out / "soak.svg").write_text(picture(samples))
    tell(samples, figures, failures)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
