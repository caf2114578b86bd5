"""Every real session of a clothing shop through real sockets: correct offers and constant memory.

Run: `TACTFUL_REAL_DATA=folder .venv/bin/python tests/bench/bench_clickstream.py [--sessions N]`.
Without the real data the excerpt in `examples/data` is used. The exit code is 1 if a view caused
another offer than the rules state, or if memory grew by more than a tenth after the third sixth.
"""

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

import httpx  # noqa: E402 - after the path
import structlog  # noqa: E402
from harness import goal, report  # noqa: E402

from journeys.clickstream import catalogue, visits  # noqa: E402
from journeys.clickstream_run import RULES, SETTINGS, Tally, replay  # noqa: E402
from support.live_server import KEY, ORIGIN  # noqa: E402
from support.real_data import folder_of  # noqa: E402
from tactful.cli.shared.progress import progress  # noqa: E402

ROOT = Path(__file__).parents[2]
TOGETHER = 400
PARTS = 6
"""Each part runs every sixth session; memory is compared after each."""
FLAT = 1.1
PAGE_KIB = os.sysconf("SC_PAGESIZE") // 1024


@contextmanager
def server(scratch: Path) -> Iterator[tuple[int, int]]:
    """A server in a process of its own: its port and its process id."""
    (scratch / "rules").mkdir()
    (scratch / "rules" / "rules.yaml").write_text(RULES, "utf-8")
    (scratch / "tactful.toml").write_text(SETTINGS, "utf-8")
    command = [sys.executable, "-m", "tactful", "serve", "--port", "0", "--test-mode"]
    given = {"TACTFUL_SERVER_KEY": KEY, "TACTFUL_ORIGINS": ORIGIN, "TACTFUL_LOG_LEVEL": "error"}
    paths = {"TACTFUL_DATA": str(scratch / "data"), "TACTFUL_RULES": str(scratch / "rules")}
    environment = os.environ | given | paths | {"TACTFUL_CONFIG": str(scratch / "tactful.toml")}
    environment["PYTHONPATH"] = str(ROOT / "server")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if " at http://" in line)
        try:
            yield int(line.rpartition(":")[2]), process.pid
        finally:
            process.terminate()


def rss_kib(pid: int) -> int:
    """Resident memory now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KIB


def main() -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sessions", type=int, help="play so many, evenly chosen")
    wanted = options.parse_args().sessions
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    folder = folder_of("clickstream") or ROOT / "examples" / "data" / "clickstream"
    everything = list(visits(folder))
    some = everything[:: max(1, len(everything) // wanted)] if wanted else everything
    memory: list[int] = []
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory() as scratch, server(Path(scratch)) as (port, pid):
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
            answer = http.post("/v1/facts", json=list(catalogue(folder)))
            assert answer.json()["rejected"] == []
            started = time.perf_counter()
            with progress("playing", PARTS) as step:
                for part in range(PARTS):
                    tallies.append(asyncio.run(replay(port, some[part::PARTS], together=TOGETHER)))
                    # Everybody has left for longer than a session lasts.
                    http.post("/v1/test/clock", json={"advance": 7200}).raise_for_status()
                    memory.append(rss_kib(pid))
                    step(part + 1)
            seconds = time.perf_counter() - started
    figures = figures_of(tallies, len(some), seconds, memory)
    goals = [
        goal("wrong offers", figures["wrong"], 0, at_most=True),
        goal(
            "memory at the end, times a third of the way",
            figures["memory_growth"],
            FLAT,
            at_most=True,
        ),
    ]
    report("clickstream", figures, goals)
    return int(not all(each["met"] for each in goals))


def figures_of(
    tallies: list[Tally], sessions: int, seconds: float, memory: list[int]
) -> dict[str, Any]:
    """The figures of a run."""
    views = sum(tally.views for tally in tallies)
    wrong = [line for tally in tallies for line in tally.wrong]
    return {
        "sessions": sessions,
        "views": views,
        "offers": dict(sum((tally.offers for tally in tallies), Counter())),
        "wrong": len(wrong),
        "wrong_first": wrong[:20],
        "why_sampled": dict(sum((tally.reasons for tally in tallies), Counter()).most_common()),
        "frames": dict(sum((tally.frames for tally in tallies), Counter())),
        "views_per_second": round(views / seconds),
        "memory_mib": [round(kib / 1024) for kib in memory],
        "memory_growth": round(memory[-1] / memory[PARTS // 3], 3),
    }


if __name__ == "__main__":
    sys.exit(main())
