"""When do the weekdays, hours and dates of a rule hold, and when does that change?"""

from collections.abc import Callable
from typing import Any, Final

from tactful.core.rules.rule import NEVER, NOW
from tactful.core.values import calendar
from tactful.core.values.weekly_schedule import WEEKDAYS, OpenHours, WeeklySchedule, parse_hours

_EVERY_DAY: Final = "mon-sun"
_ALL_DAY: Final = "00:00-24:00"
_MINUTES: Final = 24 * 60
TimetableState = Callable[[int], tuple[bool, int]]
"""now → (is it open, when does that change)."""


def schedule_hours(days: str | None, hours: str | None) -> OpenHours:
    """One entry of `schedule:`; CalendarError where it names no days or hours."""
    return parse_hours(days or _EVERY_DAY, hours or _ALL_DAY)


def weekly_state(zone: str, hours: tuple[OpenHours, ...]) -> TimetableState:
    """The state of a timetable, worked out again only when it changes."""
    schedule = WeeklySchedule(zone, hours)
    known: list[tuple[int, int, bool]] = [(0, 0, False)]

    def state(now: int) -> tuple[bool, int]:
        since, until, is_open = known[0]
        if not since <= now < until:
            is_open, until = schedule.state(now)
            known[0] = (now, until, is_open)
        return is_open, until

    return state


def holds_while_open(state: TimetableState) -> Callable[[Any], int]:
    """Scene → from when the timetable is open."""

    def ripens(scene: Any) -> int:
        is_open, changes = state(scene.now)
        return NOW if is_open else changes

    return ripens


def holds_between_dates(first: str | None, last: str | None, zone: str) -> Callable[[Any], int]:
    """Scene → from when the local date is `first` or later, and not after `last`."""
    start = calendar.local_instant(first, zone, end=False) if first else NOW
    end = calendar.local_instant(last, zone, end=True) if last else NEVER

    def ripens(scene: Any) -> int:
        now = scene.now
        return NEVER if now >= end else NOW if now >= start else start

    return ripens


def clock_hours(op: str, value: Any) -> OpenHours:
    """A comparison of the time of day as hours of every day."""
    start, end = value if op == "between" else (0, value) if op == "at_most" else (value, _MINUTES)
    return OpenHours(frozenset(range(7)), start, end)


def weekday_hours(op: str, value: tuple[str, ...]) -> OpenHours:
    """A comparison of the weekday as whole days."""
    named = {WEEKDAYS.index(word) for word in value}
    days = named if op == "in" else set(range(7)) - named
    return OpenHours(frozenset(days), 0, _MINUTES)
