"""`make bench`: every benchmark in its short form, one table, one JSON file, one page with plots.

Each benchmark runs in a process of its own and writes its figures into bench-results/. One that
fails is named, and the others continue. `--full` runs each at full length.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import harness
from report import page

LIMIT: float = 120
"""Seconds that one benchmark in short form may take; together they stay under ten minutes."""
SHORT = {
    "echo": ["--rounds", "3", "--seconds", "0.6", "--connections", "200"],
    "whole_job": ["--rounds", "3", "--seconds", "0.5", "--connections", "50"],
    "active": ["--sessions", "1000", "--rounds", "2"],
    "blocking": ["--rounds", "1", "--facts", "20000", "--exported", "20000", "--erased", "5000"],
    "connections": ["--connections", "3000", "--storms", "3"],
    "flood": ["--rounds", "1", "--seconds", "4.0", "--control", "0"],
    "hostile": ["--never-readers", "300", "--silent", "300", "--half-handshakes", "1500"],
    "start": ["--products", "100000", "--customers", "100000", "--lines", "1000000"],
    "effects": ["--units", "20000"],
    "inbound": ["--rounds", "2", "--seconds", "4.0"],
    "measurement": ["--shops", "200"],
    "mixed_load": ["--rounds", "2", "--facts", "20000", "--exported", "20000", "--erased", "5000"],
    "nodes": ["--seconds", "30", "--control", "0"],
    "oracle": ["--worlds", "20000"],
    "redeem": ["--attempts", "20000", "--rounds", "3"],
    "restart": ["--sessions", "1000", "--restarts", "2", "--control", "100"],
    "withdrawal": ["--sessions", "2000", "--rounds", "5", "--all", "2000", "--all-rounds", "2"],
    "clickstream": ["--sessions", "300"],
    "uk_retail": ["--orders", "300"],
}


def benches() -> Iterator[str]:
    """The names of all benchmarks."""
    for path in sorted(harness.HERE.glob("bench_*.py")):
        yield path.stem.removeprefix("bench_")


def run(name: str, *, full: bool) -> dict[str, Any]:
    """Run one benchmark; return its figures and its outcome."""
    written = harness.RESULTS / f"{name}.json"
    written.unlink(missing_ok=True)
    command = [sys.executable, f"bench_{name}.py", *([] if full else SHORT.get(name, []))]
    began = time.monotonic()
    print(f"== {name}", flush=True)
    outcome, said = _watched(command, None if full else LIMIT)
    print(said, flush=True)
    found = json.loads(written.read_text()) if written.exists() else {"figures": {}, "goals": []}
    return found | {"outcome": outcome, "seconds": round(time.monotonic() - began, 1), "said": said}


def _watched(command: list[str], limit: float | None) -> tuple[str, str]:
    """Run a command; at the time limit, end it with every process that it started."""
    process = subprocess.Popen(
        command, cwd=harness.HERE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        said, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"stopped after {limit:.0f} s", process.communicate()[0]
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return ("ran" if process.returncode == 0 else "FAILED"), said


def table(results: dict[str, dict[str, Any]]) -> str:
    """The goals and whether they are met, as text."""
    lines = []
    for name, found in results.items():
        lines.append(f"{name:<14} {found['outcome']} in {found['seconds']} s")
        lines += [f"  measured without {one}" for one in found.get("without", ())]
        for each in found["goals"]:
            mark = "met   " if each["met"] else "MISSED"
            lines.append(f"  {mark} {each['goal']}: {each['value']}")
    goals = [goal for found in results.values() for goal in found["goals"]]
    lines.append(f"{sum(goal['met'] for goal in goals)} of {len(goals)} goals met")
    return "\n".join(lines)


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
