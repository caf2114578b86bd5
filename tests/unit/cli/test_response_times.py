"""How long owners take for alerts."""

from typing import Any

import pytest

from tactful.cli.response_times import COLUMNS, NOBODY, response_rows, short_time
from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND, format_rfc3339

T0 = 1_773_144_000_000


def alert(resolved: int, acknowledged: int | None = None, **fields: Any) -> dict[str, Any]:
    """A resolved alert; the times are milliseconds since it was raised."""
    shown = {"raised_at": format_rfc3339(T0), "resolved": {"at": format_rfc3339(T0 + resolved)}}
    if acknowledged is not None:
        shown["acknowledged"] = {"at": format_rfc3339(T0 + acknowledged)}
    return shown | fields


def test_each_owner_has_the_median_and_the_ninetieth_percentile_of_both_times() -> None:
    found = [alert(n * HOUR, n * MINUTE, owner="ada@shop.example") for n in range(1, 11)]
    found += [alert(3 * DAY, owner="bo@shop.example"), alert(30 * SECOND)]
    rows = [*response_rows(found)]
    assert rows == [
        ("ada@shop.example", "10", "10", "5m", "9m", "5h", "9h"),
        ("bo@shop.example", "1", "0", NOBODY, NOBODY, "3d", "3d"),
        (NOBODY, "1", "0", NOBODY, NOBODY, "30s", "30s"),
    ]
    assert {len(row) for row in rows} == {len(COLUMNS)}


def test_without_alerts_there_are_no_rows() -> None:
    assert [*response_rows([])] == []


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    assert [*response_rows([alert(-HOUR, -MINUTE)])] == [(NOBODY, "1", "1", "0s", "0s", "0s", "0s")]


@pytest.mark.parametrize(
    ("taken", "text"),
    [
        (999, "0s"),
        (119 * SECOND, "119s"),
        (2 * MINUTE, "2m"),
        (119 * MINUTE, "119m"),
        (2 * HOUR, "2h"),
        (47 * HOUR, "47h"),
        (2 * DAY, "2d"),
        (400 * DAY, "400d"),
    ],
)
def test_a_time_is_told_in_the_unit_of_which_it_has_at_least_two(taken: int, text: str) -> None:
    assert short_time(taken) == text
