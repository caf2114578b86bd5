"""Local times, periods, written times and durations."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.vectors import vectors
from tactful.core.values import calendar
from tactful.core.values.calendar import (
    DAY,
    HOUR,
    MINUTE,
    CalendarError,
    Period,
    parse_rfc3339,
)

CASES = vectors("calendar.json")
ZONES = st.sampled_from(sorted(calendar.zone_names()))
INSTANTS = st.integers(parse_rfc3339("1990-01-01T00:00:00Z"), parse_rfc3339("2037-01-01T00:00:00Z"))


def wall(at_ms: int, zone: str) -> datetime:
    return calendar.to_local(at_ms, zone).replace(tzinfo=None)


def transitions(zone: str, years: tuple[int, ...] = (2025, 2026)) -> list[int]:
    """The instants of these years at which the zone's clocks jump."""
    jumps: list[int] = []
    at = parse_rfc3339(f"{years[0]}-01-01T00:00:00Z")
    end = parse_rfc3339(f"{years[-1]}-12-31T00:00:00Z")
    while at < end:
        if calendar.to_local(at, zone).utcoffset() != calendar.to_local(at + DAY, zone).utcoffset():
            low, high = at, at + DAY
            before = calendar.to_local(at, zone).utcoffset()
            while high - low > 1000:
                middle = (low + high) // 2000 * 1000
                same = calendar.to_local(middle, zone).utcoffset() == before
                low, high = (middle, high) if same else (low, middle)
            jumps.append(high)
        at += DAY
    return jumps


@pytest.mark.parametrize(
    "case", CASES["instants"], ids=lambda case: f"{case['zone']} {case['note']}"
)
def test_a_local_time_starts_and_ends_at_its_instants(case: dict[str, Any]) -> None:
    start = calendar.local_instant(case["local"], case["zone"], end=False)
    end = calendar.local_instant(case["local"], case["zone"], end=True)
    assert [calendar.format_rfc3339(at) for at in (start, end)] == [case["start"], case["end"]]


@pytest.mark.parametrize("case", CASES["instant_errors"], ids=str)
def test_what_is_no_local_time_is_refused_with_data(case: dict[str, Any]) -> None:
    with pytest.raises(CalendarError) as refused:
        calendar.local_instant(case["local"], case["zone"], end=False)
    assert refused.value.problem == case["problem"]
    assert str(refused.value)


def test_an_unknown_zone_gets_a_guess() -> None:
    with pytest.raises(CalendarError) as refused:
        calendar.zone_of("Europe/Berln")
    assert refused.value.nearest == "Europe/Berlin"
    assert "did you mean Europe/Berlin?" in str(refused.value)


def test_every_zone_loads_from_the_pinned_data() -> None:
    assert len(calendar.zone_names()) > 400
    for name in calendar.zone_names():
        assert calendar.zone_of(name).key == name


@pytest.mark.thorough
def test_both_clock_changes_of_every_zone_give_the_right_instants() -> None:
    seen = {"gap": 0, "twice": 0}
    for zone in sorted(calendar.zone_names()):
        for at in transitions(zone):
            last, first = wall(at - 1000, zone), wall(at, zone)
            jump = (first - last) // timedelta(seconds=1) * 1000 - 1000
            inside = f"{last + timedelta(seconds=1) + timedelta(milliseconds=abs(jump) // 2):%F %T}"
            if jump > 0:
                seen["gap"] += 1
                assert calendar.local_instant(inside, zone, end=False) == at
                assert calendar.local_instant(inside, zone, end=True) == at
            else:
                seen["twice"] += 1
                middle = f"{first + timedelta(milliseconds=-jump // 2):%F %T}"
                start = calendar.local_instant(middle, zone, end=False)
                end = calendar.local_instant(middle, zone, end=True)
                assert (start, end) == (at + jump // 2, at - jump // 2)
                assert wall(start, zone) == wall(end, zone)
    assert min(seen.values()) > 100


@given(ZONES, INSTANTS)
def test_a_wall_time_contains_the_instant_that_shows_it(zone: str, at: int) -> None:
    at -= at % 1000
    text = f"{wall(at, zone):%F %T}"
    start = calendar.local_instant(text, zone, end=False)
    end = calendar.local_instant(text, zone, end=True)
    assert start <= at <= end
    assert wall(start, zone) == wall(end, zone) == wall(at, zone)
    assert at in (start, end)


@given(ZONES, INSTANTS)
def test_an_instant_lies_between_the_start_and_the_end_of_its_local_day(zone: str, at: int) -> None:
    day = wall(at, zone).date()
    start, end = calendar.day_start(day, zone), calendar.day_end(day, zone)
    assert start <= at < end
    assert wall(start, zone).date() == wall(end - 1, zone).date() == day
    assert wall(end, zone).date() > day
    assert wall(start - 1, zone).date() < day


@given(ZONES, st.dates(date(1990, 1, 1), date(2037, 1, 1)))
def test_a_day_ends_where_the_next_one_starts_unless_they_overlap(zone: str, day: date) -> None:
    end, following = calendar.day_end(day, zone), calendar.day_start(day + timedelta(days=1), zone)
    assert following <= end
    assert end - calendar.day_start(day, zone) in {0, *range(20 * HOUR, 28 * HOUR + 1, MINUTE // 6)}


@given(ZONES, INSTANTS)
def test_a_gap_ends_at_the_first_instant_after_it(zone: str, at: int) -> None:
    text = f"{wall(at, 'UTC'):%F %T}"
    start = calendar.local_instant(text, zone, end=False)
    assert wall(start, zone) >= datetime.fromisoformat(text)
    assert wall(start - 1, zone) < datetime.fromisoformat(text)


@pytest.mark.parametrize("case", CASES["periods"], ids=str)
def test_an_instant_falls_into_its_period(case: dict[str, Any]) -> None:
    at = parse_rfc3339(case["at"])
    assert calendar.period_key(case["period"], at, case["zone"]) == case["key"]
    bounds = calendar.period_bounds(case["period"], at, case["zone"])
    assert (bounds and [calendar.format_rfc3339(it) for it in bounds]) == case["bounds"]


@given(st.sampled_from(["day", "week", "month"]), ZONES, INSTANTS)
def test_a_period_is_one_run_of_instants_with_one_key(period: Period, zone: str, at: int) -> None:
    bounds = calendar.period_bounds(period, at, zone)
    assert bounds is not None
    start, end = bounds
    key = calendar.period_key(period, at, zone)
    assert start <= at < end
    assert calendar.period_key(period, start, zone) == key
    assert calendar.period_key(period, end - 1, zone) == key
    assert calendar.period_key(period, end, zone) != key
    assert calendar.period_key(period, start - 1, zone) != key


@pytest.mark.parametrize("case", CASES["rfc3339"], ids=str)
def test_a_written_time_is_read(case: dict[str, Any]) -> None:
    assert parse_rfc3339(case["text"]) == case["ms"]


@pytest.mark.parametrize("text", CASES["rfc3339_errors"])
def test_what_is_no_written_time_is_refused(text: str) -> None:
    with pytest.raises(CalendarError) as refused:
        parse_rfc3339(text)
    assert refused.value.problem == "rfc3339"


@given(INSTANTS)
def test_a_written_time_can_be_read_again(at: int) -> None:
    assert parse_rfc3339(calendar.format_rfc3339(at)) == at
    assert calendar.to_ms(datetime.fromisoformat(calendar.format_rfc3339(at))) == at


@given(INSTANTS, st.integers(0, 999))
def test_an_instant_is_floored_to_the_millisecond(at: int, microseconds: int) -> None:
    moment = calendar.to_local(at, "UTC") + timedelta(microseconds=microseconds)
    assert calendar.to_ms(moment) == parse_rfc3339(moment.isoformat()) == at


@pytest.mark.parametrize("case", CASES["durations"], ids=str)
def test_a_duration_is_read(case: dict[str, Any]) -> None:
    assert calendar.parse_duration(case["text"]) == case["ms"]


@pytest.mark.parametrize("case", CASES["shortest"], ids=str)
def test_a_duration_is_written_as_short_as_it_can_be(case: dict[str, Any]) -> None:
    written = calendar.format_duration(calendar.parse_duration(case["text"]))
    assert written == case["shortest"]


@pytest.mark.parametrize("text", CASES["duration_errors"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(CalendarError) as refused:
        calendar.parse_duration(text)
    assert refused.value.problem == "duration"


@given(st.integers(0, 999_999_999))
def test_a_written_duration_can_be_read_again(duration: int) -> None:
    assert calendar.parse_duration(calendar.format_duration(duration)) == duration


@settings(max_examples=200)
@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_calendar_error(text: str) -> None:
    for read in (parse_rfc3339, calendar.parse_duration, calendar.zone_of):
        try:
            read(text)
        except CalendarError as error:
            refused = error
        else:
            continue
        assert refused.text == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (253_402_300_799_000 + 90 * calendar.DAY, "9999-12-31T23:59:59Z"),
        (-62_135_596_800_000 - 1, "0001-01-01T00:00:00Z"),
    ],
)
def test_an_instant_outside_the_years_1_to_9999_is_written_as_the_nearest(
    at: int, text: str
) -> None:
    assert calendar.format_rfc3339(at) == text


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("2026-03-10T12:00:00.9Z", "UTC", "2026-03-10 12:00:00 UTC"),
        ("2026-03-10T12:00:00Z", "Europe/Berlin", "2026-03-10 13:00:00 CET"),
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25 02:30:00 CEST"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25 02:30:00 CET"),
        ("2026-03-10T12:00:00Z", "America/Sao_Paulo", "2026-03-10 09:00:00 -03"),
        ("by itself at 2026-03-31T22:00:00Z", "Europe/Berlin", "by itself at 2026-04-01 00:00:00 CEST"),
        ("2026-02-31T12:00:00Z", "Europe/Berlin", "2026-02-31T12:00:00Z"),
        ("x2026-03-10T12:00:00Z", "Europe/Berlin", "x2026-03-10T12:00:00Z"),
        ("nothing", "Europe/Berlin", "nothing"),
    ],
)  # fmt: skip
def test_people_read_instants_in_the_zone_of_the_shop(text: str, zone: str, said: str) -> None:
    assert calendar.with_local_times(text, zone) == said


@pytest.mark.parametrize("at", [-(10**18), 10**18])
def test_instants_outside_the_calendar_are_written_too(at: int) -> None:
    assert calendar.format_local(at, "Pacific/Kiritimati")[:2] in {"00", "99"}


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(CalendarError):
        calendar.format_local(0, "Europe/Nowhere")
