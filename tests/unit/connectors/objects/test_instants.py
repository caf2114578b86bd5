"""Instants as help desks write them."""

from datetime import UTC, datetime

import pytest

from tactful.connectors.objects.instants import InstantError, read_instant
from tactful.connectors.objects.paths import Scalar

INSTANT = datetime(2026, 11, 29, 19, 41, 47, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-29T19:41:47Z",
        "2026-11-29T13:41:47-06:00",
        "2026-11-29T19:41:47",
        "2026-11-29.19:41:47",
        "2026-11-29 19:41:47",
        1795981307,
        "1795981307.0",
        "1795981307000",
        1795981307000.0,
    ],
)
def test_the_spellings_of_help_desks_are_read(value: Scalar) -> None:
    assert read_instant(value) == INSTANT


def test_nanoseconds_are_cut() -> None:
    assert read_instant("2025-01-08T14:25:30.123456789Z") == datetime(
        2025, 1, 8, 14, 25, 30, 123456, UTC
    )


@pytest.mark.parametrize("value", ["1970-01-01T00:00:00Z", 0, "0001-01-01T00:00:00Z"])
def test_some_values_mean_that_there_is_no_date(value: Scalar) -> None:
    assert read_instant(value) is None


@pytest.mark.parametrize("value", ["yesterday", "2026", "29.11.2026", 10**30, float("inf")])
def test_what_is_no_instant_is_refused(value: Scalar) -> None:
    with pytest.raises(InstantError, match="is no instant"):
        read_instant(value)
