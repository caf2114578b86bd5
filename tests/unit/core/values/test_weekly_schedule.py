"""Weekly schedules in a time zone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.vectors import vectors
from tactful.core.values.calendar import DAY, HOUR, CalendarError, format_rfc3339, parse_rfc3339
from tactful.core.values.weekly_schedule import NEVER, OpenHours, WeeklySchedule, parse_hours

CASES = vectors("calendar.json")["schedules"]
INSTANTS = st.integers(parse_rfc3339("2025-01-01T00:00:00Z"), parse_rfc3339("2027-01-01T00:00:00Z"))
MINUTES = st.integers(0, 24 * 60 - 1)
SCHEDULES = st.builds(
    WeeklySchedule,
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "UTC"]
    ),
    hours=st.lists(
        st.builds(
            OpenHours,
            weekdays=st.frozensets(st.integers(0, 6)),
            start=MINUTES,
            end=MINUTES | st.just(24 * 60),
        ),
        max_size=3,
    ).map(tuple),
)


def schedule(zone: str, *hours: tuple[str, str]) -> WeeklySchedule:
    return WeeklySchedule(zone, tuple(parse_hours(days, times) for days, times in hours))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_timetable_is_open_in_its_windows(case: dict[str, Any]) -> None:
    found = schedule(case["zone"], *case["hours"]).windows(
        parse_rfc3339(case["since"]), parse_rfc3339(case["until"])
    )
    assert [[format_rfc3339(at) for at in window] for window in found] == case["windows"]


@given(SCHEDULES, INSTANTS)
def test_it_stays_as_it_is_until_the_next_change_and_then_differs(
    timetable: WeeklySchedule, now: int
) -> None:
    is_open, change = timetable.state(now)
    assert timetable.is_open(now) == is_open
    assert timetable.next_change(now) == change
    if change != NEVER:
        assert timetable.is_open(change) != is_open
        assert timetable.is_open(change - 1) == is_open
    horizon = min(change, now + 9 * DAY)
    assert all(timetable.is_open(at) == is_open for at in range(now, horizon, 7 * HOUR))


@given(SCHEDULES, INSTANTS)
def test_windows_are_in_order_apart_and_exactly_the_open_time(
    timetable: WeeklySchedule, since: int
) -> None:
    until = since + 3 * DAY
    windows = timetable.windows(since, until)
    edges = [at for window in windows for at in window]
    assert edges == sorted(set(edges))
    for at in range(since, until, 5 * HOUR):
        assert timetable.is_open(at) == any(start <= at < end for start, end in windows)


def test_a_timetable_without_hours_never_opens() -> None:
    assert WeeklySchedule("UTC", ()).state(0) == (False, NEVER)


def test_a_timetable_of_whole_weeks_never_closes() -> None:
    always = schedule("Europe/Berlin", ("mon-sun", "00:00-24:00"))
    assert always.state(parse_rfc3339("2026-03-28T12:00:00Z")) == (True, NEVER)


def test_days_are_named_alone_in_lists_and_in_ranges_over_the_week_end() -> None:
    assert parse_hours("sat, sun", "09:00-18:30") == OpenHours(frozenset({5, 6}), 540, 1110)
    assert parse_hours("fri-mon", "22:00-06:00") == OpenHours(frozenset({4, 5, 6, 0}), 1320, 360)
    assert parse_hours("tue", "00:00-24:00") == OpenHours(frozenset({1}), 0, 1440)


@pytest.mark.parametrize(
    "days", ["", "Mon", "monday", "mon-", "-mon", "mon-fri-sun", "mon,", "1-5"]
)
def test_what_names_no_weekdays_is_refused(days: str) -> None:
    with pytest.raises(CalendarError) as refused:
        parse_hours(days, "09:00-18:00")
    assert refused.value.problem == "weekdays"


@pytest.mark.parametrize(
    "hours",
    ["", "9:00-18:00", "09:00", "09:00-24:01", "24:00-06:00", "09:60-18:00", "09:00 - 18:00"],
)
def test_what_is_no_time_range_is_refused(hours: str) -> None:
    with pytest.raises(CalendarError) as refused:
        parse_hours("mon", hours)
    assert refused.value.problem == "hours"
