"""Coverage, false alarms, power and speed of the statistics of reports, on simulated shops.

Run: `.venv/bin/python tests/bench/bench_measurement.py [--shops 2000]`. Each shop is looked at every
day; its interval counts as right only if it contained the truth at every look.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean, median
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from harness import goal, options, report  # noqa: E402 - after the path

from support.simulated_reports import Watched, first_advice, mismatch, watched  # noqa: E402
from support.simulated_shops import (  # noqa: E402
    MISMATCHED,
    POWER_SHOPS,
    SHOPS,
    Shop,
    days_of,
    expected,
)
from tactful.measurement.advice import AdviceKind  # noqa: E402
from tactful.measurement.arm_comparison import compare_arms  # noqa: E402

LARGE = Shop(segments=SHOPS["no effect"].segments, units_per_day=1_000_000, days=1)


def coverage(shops: Iterable[Watched]) -> dict[str, float]:
    """What the looks at one kind of shop found, as shares of the shops."""
    seen = list(shops)
    return {
        "covered": round(fmean(one.covered for one in seen), 4),
        "covered_by_single_look_intervals": round(fmean(one.covered_fixed for one in seen), 4),
        "lift_covered": round(fmean(one.lift_covered for one in seen), 4),
        "alarms": sum(one.alarm for one in seen),
        "variance_removed": round(median(one.reduction for one in seen), 4),
        "not_wider_with_history": round(fmean(one.narrower for one in seen), 4),
        "looks": round(fmean(one.looks for one in seen), 1),
        "units_winsorised": round(fmean(one.units_cut for one in seen), 1),
    }


def advice(found: list[tuple[AdviceKind, int]], right: str) -> dict[str, float]:
    """How often the first advice was right or wrong, and when it came."""
    counts = Counter(
        "wait" if kind is AdviceKind.WAIT else "right" if kind == right else "wrong"
        for kind, _ in found
    )
    shares = {name: round(counts[name] / len(found), 4) for name in ("right", "wrong", "wait")}
    return shares | {"median_day": median(day for _, day in found)}


def speed() -> dict[str, float]:
    """The comparison of a million units, of which 60,000 ordered."""
    ((treated, held_out),) = days_of(LARGE, 0)
    samples = treated.sample(), held_out.sample()
    began = time.perf_counter()
    compare_arms(*samples, heavy_tailed=True)
    return {"seconds_for_a_million_units": round(time.perf_counter() - began, 3)}


def main() -> None:
    """Simulate, and report."""
    shops = int(options(__doc__, shops=2000).shops)
    figures: dict[str, Any] = {"shops": shops}
    goals = []
    # With fewer shops than 2,000 the bound is as many standard errors below 95 % as 94 % is then.
    least = 0.95 - 0.01 * (2000 / shops) ** 0.5
    with Pool(os.cpu_count()) as pool:
        for name, shop in SHOPS.items():
            found = coverage(pool.map(partial(watched, shop), range(shops), chunksize=10))
            figures[name] = found
            goals.append(goal(f"coverage, {name}", found["covered"], round(least, 4)))
            lifts = found["lift_covered"]
            goals.append(goal(f"coverage of the lift, {name}", lifts, round(least, 4)))
            most = max(6 * shops / 2000, 1)
            goals.append(
                goal(f"alarms without mismatch, {name}", found["alarms"], most, at_most=True)
            )
        narrower = figures["history"]["not_wider_with_history"]
        goals.append(goal("intervals not wider with history", narrower, 0.95))
        alarms = sum(pool.map(partial(mismatch, MISMATCHED), range(shops), chunksize=10)) / shops
        figures["55:45 instead of 50:50, 5,000 units"] = {"alarms": round(alarms, 4)}
        goals.append(goal("alarms at 55:45", alarms, 0.99))
        for name, (shop, right) in POWER_SHOPS.items():
            first = partial(first_advice, shop)
            told = advice(pool.map(first, range(shops), chunksize=10), right)
            lift = expected(shop, 0, None) / expected(shop, 1, None) - 1
            figures[f"advice, {name}"] = told | {"true_lift": round(lift, 4)}
            goals.append(goal(f"right advice within 8 weeks, {name}", told["right"], 0.8))
            goals.append(goal(f"wrong advice, {name}", told["wrong"], 0.05, at_most=True))
    figures["speed"] = speed()
    report("measurement", figures, goals)


if __name__ == "__main__":
    main()
