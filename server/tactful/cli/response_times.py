"""How long owners take to acknowledge and to resolve alerts."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND, parse_rfc3339

NOBODY: Final = "–"
"""The owner of alerts that name none, and a time that nothing was measured of."""
COLUMNS: Final = (
    "owner", "alerts", "acknowledged", "half within", "nine in ten", "resolved: half within",
    "nine in ten",
)  # fmt: skip
_LONG: Final = 2
"""A unit is used from twice its length on: 90 minutes say more than one hour."""


def response_rows(alerts: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield a row of `COLUMNS` for each owner, in the order of their names.

    Args:
        alerts: Resolved alerts, as `GET /v1/alerts` shows them.
    """
    by_owner: dict[str, list[Mapping[str, Any]]] = {}
    for one in alerts:
        by_owner.setdefault(one.get("owner", NOBODY), []).append(one)
    for owner, found in sorted(by_owner.items()):
        noted = [_taken(one, "acknowledged") for one in found if "acknowledged" in one]
        ended = [_taken(one, "resolved") for one in found]
        yield (
            owner, f"{len(found):,}", f"{len(noted):,}", *_shares_within(noted), *_shares_within(ended),
        )  # fmt: skip


def _taken(alert: Mapping[str, Any], act: str) -> int:
    """Return the milliseconds from the alert to an act; a clock that was set back makes it 0."""
    return max(parse_rfc3339(alert[act]["at"]) - parse_rfc3339(alert["raised_at"]), 0)


def _shares_within(times: Sequence[int]) -> tuple[str, str]:
    """Return the median and the 90th percentile (nearest rank) of some milliseconds, as texts."""
    if not times:
        return NOBODY, NOBODY
    ranked = sorted(times)
    median, ninth = (ranked[math.ceil(share * len(ranked) / 10) - 1] for share in (5, 9))
    return short_time(median), short_time(ninth)


def short_time(taken: int) -> str:
    """Return milliseconds in one unit, rounded down: `45s`, `90m`, `5h`, `3d`."""
    units = (("d", DAY), ("h", HOUR), ("m", MINUTE))
    name, size = next((one for one in units if taken >= _LONG * one[1]), ("s", SECOND))
    return f"{taken // size}{name}"
