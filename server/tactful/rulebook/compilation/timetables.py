"""Weekdays, hours and dates of rules as functions of the time."""

from collections.abc import Callable
from typing import Any, Final

from tactful.core.rules.rule import NEVER, NOW
from tactful.core.values import calendar
from tactful.core.values.weekly_schedule import WEEKDAYS, OpenHours, WeeklySchedule, parse_hours

_EVERY_DAY: Final = "mon-sun"
_ALL_DAY: Final = "00:00-24:00"
_MINUTES: Final = 24 * 60
TimetableState = Callable[[int], tuple[bool, int]]
"""Instant → (whether it is open, the instant at which that changes), in milliseconds."""


def schedule_hours(days: str | None, hours: str | None) -> OpenHours:
    """Read one entry of `schedule:`.

    Args:
        days: weekdays such as "mon-fri"; None: every day.
        hours: a range such as "09:00-18:00"; None: the whole day.

    Raises:
        CalendarError: the text names no weekdays or no hours.
    """
    return parse_hours(days or _EVERY_DAY, hours or _ALL_DAY)


def weekly_state(zone: str, hours: tuple[OpenHours, ...]) -> TimetableState:
    """Return the state of a weekly timetable as a function of the time.

    The last state is kept until it changes, as most calls ask about the same stretch of time.

    Args:
        zone: IANA time zone of the timetable.
        hours: the entries of the timetable; it is open while one of them is.
    """
    schedule = WeeklySchedule(zone, hours)
    last: list[tuple[int, int, bool]] = [(0, 0, False)]

    def state(now: int) -> tuple[bool, int]:
        since, until, is_open = last[0]
        if not since <= now < until:
            is_open, until = schedule.state(now)
            last[0] = (now, until, is_open)
        return is_open, until

    return state


def holds_while_open(state: TimetableState) -> Callable[[Any], int]:
    """Return a function: scene → the instant from which the timetable is open."""

    def holds_from(scene: Any) -> int:
        is_open, changes = state(scene.now)
        return NOW if is_open else changes

    return holds_from


def holds_between_dates(first: str | None, last: str | None, zone: str) -> Callable[[Any], int]:
    """Return a function: scene → the instant from which the local date is in a range.

    Args:
        first: first local date or date-time; None: no beginning.
        last: last local date or date-time, inclusive; None: no end.
        zone: IANA time zone of both.
    """
    start = calendar.local_instant(first, zone, end=False) if first else NOW
    end = calendar.local_instant(last, zone, end=True) if last else NEVER

    def holds_from(scene: Any) -> int:
        now = scene.now
        return NEVER if now >= end else NOW if now >= start else start

    return holds_from


def clock_hours(op: str, value: Any) -> OpenHours:
    """Return a comparison of `time.of_day` (minutes since midnight) as hours of every day."""
    start, end = value if op == "between" else (0, value) if op == "at_most" else (value, _MINUTES)
    return OpenHours(frozenset(range(7)), start, end)


def weekday_hours(op: str, value: tuple[str, ...]) -> OpenHours:
    """Return a comparison of `time.weekday` as whole days."""
    named = {WEEKDAYS.index(word) for word in value}
    days = named if op == "in" else set(range(7)) - named
    return OpenHours(frozenset(days), 0, _MINUTES)
