"""Five restarts of the whole server under 10,000 sessions that hold offers, accept and buy.

One round works as a service manager does, with an inherited socket, one with a port that two servers
share, and two are controls without either: ended by SIGTERM, and killed. The controls must refuse
connections.
"""

import tempfile
from pathlib import Path
from typing import Any

import harness
from restarts import Restarted, restarted

WAYS = {"socket handed on": "handed on", "port shared": "shared"}
CONTROLS = {"control, SIGTERM": "terminate", "control, killed": "kill"}


async def play(way: str, sessions: int, restarts: int, signal: str = "terminate") -> Restarted:
    """Run once, in a folder of its own."""
    rate = max(20, sessions / 100)
    with tempfile.TemporaryDirectory() as folder:
        return await restarted(
            Path(folder), way=way, sessions=sessions, restarts=restarts, rate=rate, signal=signal
        )


def shown(found: Restarted) -> dict[str, Any]:
    """The figures of one run."""
    return {
        "wrong": found.wrong,
        "asked again": found.asked_again,
        "offers": found.offers,
        "redeemed": found.redeemed,
        "resumed after s, p50": round(found.away(0.5), 2),
        "resumed after s, p99": round(found.away(0.99), 2),
        "stop s": found.stop_s,
        "processor s a restart": found.cpu_s,
    }


async def main() -> None:
    asked = harness.options(__doc__, sessions=10_000, restarts=5, control=300)
    harness.on_load_core()
    figures, goals = {}, []
    for name, way in WAYS.items():
        found = await play(way, asked.sessions, asked.restarts)
        figures[name] = shown(found)
        again = sum(found.asked_again.values())
        goals += [
            harness.goal(f"refused, {name}", found.count("refused"), 0, at_most=True),
            harness.goal(f"offers lost or doubled, {name}", found.count("offer"), 0, at_most=True),
            harness.goal(f"anything else wrong, {name}", found.others(), 0, at_most=True),
            harness.goal(f"redemptions that had to be asked again, {name}", again, 0, at_most=True),
            harness.goal(f"s until resumed, p99, {name}", found.away(0.99), 5, at_most=True),
        ]
    for name, signal in CONTROLS.items():
        found = await play("none", asked.control, 1, signal)
        figures[name] = shown(found)
        goals.append(harness.goal(f"refused, {name}", found.count("refused"), 1))
    harness.report("restart", figures, goals)


if __name__ == "__main__":
    harness.run(main)
