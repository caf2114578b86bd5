"""`make bench`: every benchmark in its short form, one table, one JSON file, one page with plots.

Each benchmark runs in a process of its own and writes its figures into bench-results/; one that
fails is named and the others go on. `--full` runs each as it runs by itself.
"""

import argparse
import html
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import harness

LIMIT: float = 120
"""Seconds that one benchmark in short form may take; together they stay under ten minutes."""
SHORT = {
    "echo": ["--rounds", "3", "--seconds", "0.6", "--connections", "200"],
    "whole_job": ["--rounds", "3", "--seconds", "0.5", "--connections", "50"],
    "active": ["--sessions", "1000", "--rounds", "2"],
    "connections": ["--connections", "5000", "--storms", "2"],
    "hostile": ["--never-readers", "300", "--silent", "300", "--half-handshakes", "1500"],
    "start": ["--products", "100000", "--customers", "100000", "--lines", "1000000"],
    "restart": ["--sessions", "300"],
    "withdrawal": ["--sessions", "1000", "--rounds", "5"],
    "clickstream": ["--sessions", "300"],
    "uk_retail": ["--orders", "300"],
}
WIDE, ROW = 640, 22


def benches() -> Iterator[str]:
    """The names of all benchmarks."""
    for path in sorted(harness.HERE.glob("bench_*.py")):
        yield path.stem.removeprefix("bench_")


def run(name: str, *, full: bool) -> dict[str, Any]:
    """Run one; what it wrote down, and how it went."""
    written = harness.RESULTS / f"{name}.json"
    written.unlink(missing_ok=True)
    command = [sys.executable, f"bench_{name}.py", *([] if full else SHORT.get(name, []))]
    began = time.monotonic()
    print(f"== {name}", flush=True)
    try:
        done = subprocess.run(
            command, cwd=harness.HERE, timeout=None if full else LIMIT, check=False,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        outcome, said = ("ran" if done.returncode == 0 else "FAILED"), done.stdout
    except subprocess.TimeoutExpired as late:
        outcome, said = f"stopped after {LIMIT:.0f} s", str(late.stdout or "")
    print(said, flush=True)
    found = json.loads(written.read_text()) if written.exists() else {"figures": {}, "goals": []}
    return found | {"outcome": outcome, "seconds": round(time.monotonic() - began, 1), "said": said}


def table(results: dict[str, dict[str, Any]]) -> str:
    """The goals and whether they are met, as text."""
    lines = []
    for name, found in results.items():
        lines.append(f"{name:<14} {found['outcome']} in {found['seconds']} s")
        for each in found["goals"]:
            mark = "met   " if each["met"] else "MISSED"
            lines.append(f"  {mark} {each['goal']}: {each['value']}")
    return "\n".join(lines)


def rates(figures: Any, path: str = "") -> Iterator[tuple[str, dict[str, float]]]:
    """Every group of contenders with events per second, wherever it stands in the figures."""
    if isinstance(figures, dict):
        group = {
            name: float(each["events_per_s"])
            for name, each in figures.items()
            if isinstance(each, dict) and "events_per_s" in each
        }
        if group:
            yield path, group
        else:
            for name, each in figures.items():
                yield from rates(each, f"{path} · {name}" if path else name)


def plot(title: str, bars: dict[str, float]) -> str:
    """Bars side by side, as SVG."""
    most = max(bars.values()) or 1
    rows = []
    for place, (name, value) in enumerate(sorted(bars.items(), key=lambda one: -one[1])):
        top = place * ROW + 4
        wide = max(1, round(value / most * (WIDE - 330)))
        rows.append(
            f'<text x="0" y="{top + 13}">{html.escape(name)}</text>'
            f'<rect x="220" y="{top}" width="{wide}" height="{ROW - 6}"/>'
            f'<text x="{226 + wide}" y="{top + 13}">{value:,.0f}</text>'
        )
    size = f'width="{WIDE}" height="{len(bars) * ROW + 8}"'
    label = html.escape(f"{title}: events per second")
    return f'<h3>{label}</h3><svg role="img" aria-label="{label}" {size}>{"".join(rows)}</svg>'


def page(results: dict[str, dict[str, Any]], machine: dict[str, Any]) -> str:
    """The report as one page that needs nothing else."""
    parts = [f"<p>{html.escape(', '.join(f'{key} {value}' for key, value in machine.items()))}</p>"]
    for name, found in results.items():
        parts.append(
            f"<h2>{html.escape(name)}</h2><p>{found['outcome']} in {found['seconds']} s</p>"
        )
        goals = "".join(
            f'<tr class="{"met" if each["met"] else "missed"}"><td>{html.escape(each["goal"])}'
            f"<td>{each['value']}<td>{'met' if each['met'] else 'missed'}"
            for each in found["goals"]
        )
        parts.append(f"<table>{goals}</table>" if goals else "")
        parts += [plot(title or name, group) for title, group in rates(found["figures"])]
        parts.append(
            f"<details><summary>figures</summary><pre>{html.escape(found['said'])}</pre></details>"
        )
    style = (
        "body{font:15px/1.5 system-ui;max-width:52rem;margin:2rem auto;padding:0 1rem}"
        "rect{fill:#3a6ea5}svg text{font:12px system-ui}.missed td{color:#a11}td{padding-right:1rem}"
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Benchmarks</title>'
        f"<style>{style}</style><h1>Benchmarks</h1>{''.join(parts)}</html>\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--full", action="store_true", help="the long form of each")
    asked = parser.parse_args()
    harness.RESULTS.mkdir(exist_ok=True)
    results = {name: run(name, full=asked.full) for name in asked.names or benches()}
    machine = harness.machine()
    document = {"machine": machine, "benches": results}
    (harness.RESULTS / "all.json").write_text(json.dumps(document, indent=2) + "\n")
    (harness.RESULTS / "report.html").write_text(page(results, machine))
    print(table(results))
    print(f"written: {harness.RESULTS / 'report.html'}")
    return int(any(found["outcome"] != "ran" for found in results.values()))


if __name__ == "__main__":
    sys.exit(main())
