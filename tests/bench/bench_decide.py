"""Processor time of one decision under a rulebook of a hundred rules, in µs.

Run: `.venv/bin/python tests/bench/bench_decide.py`. The cases are interleaved round by round. The
least processor time counts: nothing here waits, and other work on the machine only adds to it.
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from bench_rules import rulebook  # noqa: E402 - after the path
from harness import goal, options, report  # noqa: E402

from support.builders import (  # noqa: E402
    DAY,
    MINUTE,
    T0,
    but,
    case,
    context,
    item,
    kept,
    order,
    product,
    session,
    stock,
)
from support.naive_assembly import NaiveShop  # noqa: E402
from tactful.core.context import Context  # noqa: E402
from tactful.core.customer.profile import profile  # noqa: E402
from tactful.core.decide import decide  # noqa: E402
from tactful.core.decision import PushOffer  # noqa: E402
from tactful.core.rules.policy import Policy  # noqa: E402
from tactful.core.session import signals  # noqa: E402

ROUNDS, TURNS = 60, 60
MATCHING = 10
"""Rules that match, in the cases with matching rules."""


def cases(rules: int) -> dict[str, Context]:
    """The kinds of turns that are measured."""
    book: Any = but(rulebook(rules), policy=Policy())
    shoe = item(
        product=kept(product(brand="Nordek", categories=("shoes/running",))),
        stock={"DE": (kept(stock(available=40)),)},
    )
    boots = item(product=kept(product(categories=("boots",))))
    long, short = session(views=3), session(views=3, running_since=T0 - 1000)
    told = [product(), *(order(f"o{n}", "HAT-1", placed_at=T0 - n * DAY) for n in range(5))]
    told += [case(f"k{n}", skus=["HAT-1"], order=f"o{n}") for n in range(5)]
    shop = NaiveShop((fact, T0 - 9 * DAY) for fact in told)  # type: ignore[misc]
    known = profile(shop.history("c1"), Policy())
    customer = but(long, customer="c1", consent="personal")

    def turn(signal: signals.Signal, here: Any = long, what: Any = shoe, **more: Any) -> Context:
        return context(session=here, items=[what], signal=signal, rulebook=book, **more)

    return {
        "an input, long engaged, nothing matches": turn(signals.ActivityReported("input"), what=boots),
        "a page view, too early to speak": turn(signals.ItemViewed("RUN-42"), short),
        "time passes, nothing matches": turn(signals.TimerFired(), what=boots),
        "time passes, ten rules match and rest": turn(signals.TimerFired(), _dismissed(long)),
        "time passes, an offer is pushed": turn(signals.TimerFired()),
        "time passes, a known shopper with five cases": turn(signals.TimerFired(), customer, profile=known),
        "a fact changes, nothing is up": turn(signals.FactsChanged()),
    }  # fmt: skip


def _dismissed(before: Any) -> Any:
    return but(before, contact=before.contact.with_cooldown("product", "run", T0 + MINUTE))


def measured(turn: Context, turns: int) -> float:
    """µs per decision."""
    began = time.thread_time()
    for _ in range(turns):
        decide(turn)
    return (time.thread_time() - began) / turns * 1e6


def main() -> None:
    """Prints µs per decision, case by case."""
    chosen = options(__doc__, rules=100, rounds=ROUNDS)
    turns = cases(int(chosen.rules))
    pushes = {name: [*filter(_pushed, decide(turn).effects)] for name, turn in turns.items()}
    assert sorted(map(len, pushes.values())) == [0] * 5 + [1, 1], pushes
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(int(chosen.rounds)):
        for name, turn in turns.items():
            times[name].append(measured(turn, TURNS))
    figures = {name: round(min(found), 2) for name, found in times.items()}
    idle = figures["an input, long engaged, nothing matches"]
    nothing = figures["time passes, nothing matches"]
    each = (figures["time passes, ten rules match and rest"] - nothing) / MATCHING
    goals = [
        goal("µs for a turn without a match", idle, 5, at_most=True),
        goal("µs for each rule that matches", each, 6, at_most=True),
    ]
    report("decide", figures, goals)


def _pushed(effect: object) -> bool:
    return isinstance(effect, PushOffer)


if __name__ == "__main__":
    main()
