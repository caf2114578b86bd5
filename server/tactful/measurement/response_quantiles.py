"""Response times from counts of buckets: the median, the 95th and the 99th percentile."""

import math
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Final, Literal

from msgspec import Struct

BOUNDS_MS: Final = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 500, 1_000, 3_000)
"""Upper bounds of the buckets, in milliseconds; a last bucket has none."""

HISTOGRAM_MS: Final = (5, 20, 50, 200, 1_000, math.inf)
"""Upper bounds of the few buckets of a histogram for a page, in milliseconds."""
_NO_BOUND: Final = "inf"


class ResponseTime(Struct, frozen=True, kw_only=True):
    """How fast the server answered one kind of signal or fact.

    The times are estimates: within a bucket, they are taken to be evenly spread.
    """

    of: Literal["signal", "fact"]
    kind: str
    """The kind of the signal, or the type of the fact."""
    answers: int
    """How many were answered."""
    p50_ms: float
    """Half of the answers took at most so many milliseconds."""
    p95_ms: float
    """19 in 20 did."""
    p99_ms: float
    """99 in 100 did. What took longer than the last bound counts as that bound."""
    slow: int
    """How many took longer than the last bound."""


def bucket_name(of: str, kind: str, place: int) -> str:
    """Return the name under which the ledger counts a bucket, such as `signal view 5`.

    The upper bound is part of it, so that other bounds do not change what was counted before.

    Args:
        of: `signal` or `fact`.
        kind: Its kind.
        place: The place of the bucket; that of the last one is the number of bounds.
    """
    bound = str(BOUNDS_MS[place]) if place < len(BOUNDS_MS) else _NO_BOUND
    return f"{of} {kind} {bound}"


def response_times(counts: Iterable[tuple[str, int]]) -> list[ResponseTime]:
    """Return the response times of each kind, signals first, in order of their kinds.

    Args:
        counts: (name of a bucket, number of answers in it); a name may come several times.
    """
    kinds: dict[tuple[str, str], dict[float, int]] = {}
    for name, count in counts:
        of, kind, bound = name.split(" ")
        upper = float(bound)
        buckets = kinds.setdefault((of, kind), {})
        buckets[upper] = buckets.get(upper, 0) + count
    return [
        _response_time("signal" if of == "signal" else "fact", kind, buckets)
        for (of, kind), buckets in sorted(
            kinds.items(), key=lambda one: (one[0][0] != "signal", one[0][1])
        )
    ]


def signal_histogram(counts: Iterable[tuple[str, int]]) -> list[int]:
    """Return how many signals were answered within each of `HISTOGRAM_MS`, and not within the one before.

    Args:
        counts: As `response_times` takes them.
    """
    found = [0] * len(HISTOGRAM_MS)
    for name, count in counts:
        of, _, bound = name.split(" ")
        if of == "signal":
            found[bisect_left(HISTOGRAM_MS, float(bound))] += count
    return found


def _response_time(
    of: Literal["signal", "fact"], kind: str, buckets: dict[float, int]
) -> ResponseTime:
    return ResponseTime(
        of=of,
        kind=kind,
        answers=sum(buckets.values()),
        p50_ms=_quantile(buckets, 0.50),
        p95_ms=_quantile(buckets, 0.95),
        p99_ms=_quantile(buckets, 0.99),
        slow=buckets.get(float(_NO_BOUND), 0),
    )


def _quantile(buckets: dict[float, int], share: float) -> float:
    """Return the duration below which a share of the answers lies, in milliseconds."""
    uppers = sorted(buckets)
    sums = list(accumulate(buckets[upper] for upper in uppers))
    wanted = share * sums[-1]
    place = bisect_left(sums, wanted)
    upper = uppers[place]
    if upper > BOUNDS_MS[-1]:
        return float(BOUNDS_MS[-1])
    lower = max((bound for bound in (0, *BOUNDS_MS) if bound < upper), default=0)
    count = buckets[upper]
    below = sums[place] - count
    return round(lower + (upper - lower) * (wanted - below) / count, 2)
