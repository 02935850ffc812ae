#!/usr/bin/env python3
"""docs/optimizer-cost.svg: what an optimum costs against the number of assets.

build/release/bin/optimizer_bench --benchmark_format=json | bench/optimizer_cost.py > docs/optimizer-cost.svg
"""
import json
import math
import sys

SERIES = {"min_variance": ("minimum variance", "#2563eb"), "max_sharpe": ("highest Sharpe ratio", "#c2410c"),
          "whole_frontier": ("whole frontier", "#047857"),
          "min_variance_low_rank": ("minimum variance, 500 days given directly", "#7c3aed")}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 460, 76, 24, 30, 56
X, Y = (15, 7000), (3e-6, 0.3)


def place(value, low, high, start, end):
    return start + (math.log(value) - math.log(low)) / (math.log(high) - math.log(low)) * (end - start)


def x(count):
    return place(count, *X, LEFT, WIDTH - RIGHT)


def y(seconds):
    return place(seconds, *Y, HEIGHT - BOTTOM, TOP)


def time_text(seconds):
    return f"{seconds * 1e6:g} us" if seconds < 1e-3 else f"{seconds * 1e3:g} ms"


def main():
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
    points = {name: [] for name in SERIES}
    for row in json.load(sys.stdin)["benchmarks"]:
        name, _, count = row["name"].partition("/")
        if name in points:
            points[name].append((int(count), row["cpu_time"] * units[row["time_unit"]]))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
           f'height="{HEIGHT}" role="img" aria-label="Time of one answer against the number of assets">',
           "<style>:root{--ink:#1f2430;--soft:#6b7280;--grid:#e5e7eb;--page:#ffffff}"
           "@media (prefers-color-scheme:dark){:root{--ink:#e5e7eb;--soft:#9ca3af;--grid:#2d3340;--page:#12151c}}"
           "text{font:12px system-ui,sans-serif;fill:var(--soft)}.name{fill:var(--ink)}.grid{stroke:var(--grid)}"
           "</style>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="var(--page)"/>']
    for count in (20, 100, 500, 1000, 2000, 5000):
        out.append(f'<line class="grid" x1="{x(count):.1f}" x2="{x(count):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
                   f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{count}</text>')
    for seconds in (1e-5, 1e-4, 1e-3, 1e-2, 1e-1):
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(seconds):.1f}" y2="{y(seconds):.1f}"/>'
                   f'<text x="{LEFT - 8}" y="{y(seconds) + 4:.1f}" text-anchor="end">{time_text(seconds)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">assets</text>')
    for row, (name, (title, color)) in enumerate(SERIES.items()):
        if not points[name]:
            sys.exit(f"no figures of {name}")
        line = " ".join(f"{x(count):.1f},{y(seconds):.1f}" for count, seconds in points[name])
        out.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        out += [f'<circle cx="{x(count):.1f}" cy="{y(seconds):.1f}" r="3.5" fill="{color}"><title>{count}: '
                f'{time_text(float(f"{seconds:.2g}"))}</title></circle>' for count, seconds in points[name]]
        at = TOP + 16 + 18 * row
        out.append(f'<line x1="{LEFT + 16}" x2="{LEFT + 40}" y1="{at - 4}" y2="{at - 4}" stroke="{color}" '
                   f'stroke-width="2"/><text class="name" x="{LEFT + 48}" y="{at}">{title}</text>')
    print("\n".join([*out, "</svg>"]))


main()
