"""Weekly schedules in a time zone: whether one is open, and when that changes next."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import DAY, CalendarError, day_end, to_local, wall_instant

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEVER: Final = 2**62
"""The next change of a schedule that never changes."""

_DAY_MINUTES: Final = 24 * 60
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
# A week repeats, but a clock change may skip a short range once: three weeks always contain the next change.
# Most schedules change within two days, which costs less to compute.
_HORIZONS: Final = (2 * DAY, 21 * DAY)


class OpenHours(Struct, frozen=True):
    """Hours of the local day on some weekdays."""

    weekdays: frozenset[int]
    """0 is Monday."""
    start: int
    """In minutes since local midnight."""
    end: int
    """In minutes since local midnight; at or before `start`, it lies on the following day."""


class WeeklySchedule(Struct, frozen=True):
    """Weekly hours in one IANA zone; the schedule is open while any of them applies."""

    zone: str
    hours: tuple[OpenHours, ...]

    def windows(self, since: int, until: int) -> list[tuple[int, int]]:
        """Return when it is open within [since, until), as half-open windows in order that never touch.

        Args:
            since: In milliseconds since the Unix epoch, UTC.
            until: In milliseconds since the Unix epoch, UTC.
        """
        # Two days back find a range over midnight even where a zone skipped a whole day, as Samoa did in 2011.
        day = to_local(since - 2 * DAY, self.zone).date()
        last = to_local(until, self.zone).date()
        found: list[tuple[int, int]] = []
        while day <= last:
            found += self._on(day)
            day += timedelta(days=1)
        clipped = ((max(start, since), min(end, until)) for start, end in _merged(found))
        return [(start, end) for start, end in clipped if start < end]

    def is_open(self, now: int) -> bool:
        """Return whether `now` lies in a window."""
        return bool(self.windows(now, now + 1))

    def next_change(self, now: int) -> int:
        """Return the first instant after `now` at which `is_open` differs, or `NEVER`."""
        return self.state(now)[1]

    def state(self, now: int) -> tuple[bool, int]:
        """Return (`is_open(now)`, `next_change(now)`), which cost little more together than alone."""
        is_open = False
        for horizon in _HORIZONS:
            start, end = next(iter(self.windows(now, now + horizon)), (NEVER, NEVER))
            is_open = start <= now
            change = end if is_open else start
            if change < now + horizon:
                return is_open, change
        return is_open, NEVER

    def _on(self, day: date) -> Iterator[tuple[int, int]]:
        for hours in self.hours:
            if day.weekday() in hours.weekdays:
                start = _at(day, hours.start, self.zone, end=False)
                following = day if hours.end > hours.start else day + timedelta(days=1)
                end = _at(following, hours.end, self.zone, end=True)
                if start < end:
                    yield start, end


def parse_hours(days: str, hours: str) -> OpenHours:
    """Parse weekdays and hours, such as `mon-fri` or `sat, sun` with `09:00-18:00`.

    Raises:
        CalendarError: `weekdays` or `hours`: the text has another form.
    """
    found = _HOURS.fullmatch(hours)
    start, end = (
        (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
        if found
        else (0, -1)
    )
    if not 0 <= end <= _DAY_MINUTES:
        message = f"{hours[:40]!r} is no time range; write local times such as 09:00-18:00"
        raise CalendarError("hours", message, text=hours[:40])
    return OpenHours(frozenset(_weekdays(days)), start, end)


def _weekdays(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            message = f"{text[:40]!r} names no weekdays; write mon-fri or sat, sun"
            raise CalendarError("weekdays", message, text=text[:40])
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        yield from ((start + step) % 7 for step in range((end - start) % 7 + 1))


def _at(day: date, minute: int, zone: str, *, end: bool) -> int:
    if minute == _DAY_MINUTES:
        return day_end(day, zone)
    return wall_instant(datetime.combine(day, time(minute // 60, minute % 60)), zone, end=end)


def _merged(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
