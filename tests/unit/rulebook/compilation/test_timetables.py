"""Weekdays, hours and dates of rules."""

import pytest

from support.rule_files import NOW as T0
from support.rule_files import rule, scene
from tactful.core.rules.rule import NEVER, NOW
from tactful.core.values.calendar import DAY, HOUR, MINUTE, CalendarError
from tactful.core.values.weekly_schedule import OpenHours
from tactful.rulebook.compilation import timetables


def test_a_date_is_compared_in_the_time_zone_of_the_rule() -> None:
    zone = "valid: {timezone: Pacific/Auckland}"
    tomorrow = "[time.date: 2026-03-11]"
    assert rule(tomorrow, zone).holds_from(scene()) == NOW
    assert rule(tomorrow).holds_from(scene()) == T0 + 12 * 60 * MINUTE
    assert rule("[time.date: {at_most: 2026-03-09}]").holds_from(scene()) == NEVER
    assert rule("[time.date: {between: [2026-03-09, 2026-03-10]}]").holds_from(scene()) == NOW


def test_conditions_on_hours_and_weekdays_hold_from_their_opening() -> None:
    evening = rule('[time.of_day: {between: ["18:00", "20:00"]}]')
    assert evening.holds_from(scene()) == T0 + 6 * 60 * MINUTE
    assert evening.holds_from(scene(now=T0 + 7 * 60 * MINUTE)) == NOW
    tuesday = rule("[time.weekday: tue]")
    assert [tuesday.holds_from(scene(now=T0 + n * MINUTE)) for n in (0, 1, 2)] == [NOW] * 3
    assert rule("[time.weekday: {not: [tue]}]").holds_from(scene()) == T0 + 12 * 60 * MINUTE
    assert rule('[time.of_day: {at_most: "13:00"}]').holds_from(scene()) == NOW
    assert rule('[time.of_day: {at_least: "13:00"}]').holds_from(scene()) == T0 + 60 * MINUTE


def test_an_entry_without_days_or_hours_is_every_day_or_all_day() -> None:
    assert timetables.schedule_hours("sat, sun", None) == OpenHours(frozenset({5, 6}), 0, 1440)
    assert timetables.schedule_hours(None, "09:00-18:00") == OpenHours(
        frozenset(range(7)), 540, 1080
    )
    with pytest.raises(CalendarError):
        timetables.schedule_hours("monday", None)


def test_the_state_of_a_timetable_is_worked_out_once_until_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    class Schedule:
        def __init__(self, *_: object) -> None: ...

        def state(self, now: int) -> tuple[bool, int]:
            asked.append(now)
            return True, now + HOUR

    monkeypatch.setattr(timetables, "WeeklySchedule", Schedule)
    state = timetables.weekly_state("UTC", ())
    assert [state(T0 + n) for n in (0, 1, HOUR - 1)] == [(True, T0 + HOUR)] * 3
    assert asked == [T0]
    state(T0 + HOUR)
    state(T0 - 1)  # a clock that goes back is asked about as well
    assert asked == [T0, T0 + HOUR, T0 - 1]


def test_a_comparison_of_the_time_of_day_is_open_every_day() -> None:
    every_day = frozenset(range(7))
    assert timetables.clock_hours("between", (60, 120)) == OpenHours(every_day, 60, 120)
    assert timetables.clock_hours("at_most", 120) == OpenHours(every_day, 0, 120)
    assert timetables.clock_hours("at_least", 60) == OpenHours(every_day, 60, 1440)


def test_a_comparison_of_the_weekday_is_open_all_day() -> None:
    assert timetables.weekday_hours("in", ("mon", "sun")) == OpenHours(frozenset({0, 6}), 0, 1440)
    assert timetables.weekday_hours("not", ("mon", "sun")) == OpenHours(
        frozenset({1, 2, 3, 4, 5}), 0, 1440
    )


def test_dates_without_a_beginning_or_an_end_are_open_there() -> None:
    from_now_on = timetables.holds_between_dates("2026-03-10", None, "UTC")
    until_today = timetables.holds_between_dates(None, "2026-03-10", "UTC")
    assert from_now_on(scene(now=T0)) == NOW
    assert from_now_on(scene(now=T0 - DAY)) == T0 - 12 * HOUR
    assert until_today(scene(now=T0)) == NOW
    assert until_today(scene(now=T0 + DAY)) == NEVER
