"""Local dates, budget periods and written times as instants.

Instants are milliseconds since the Unix epoch, UTC; durations are milliseconds. Zones are those of the IANA Time
Zone Database, from the pinned `tzdata` package and never from the machine, so that every machine agrees. See
`server/SEMANTICS.md`, section 5.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Final, Literal
from zoneinfo import ZoneInfo

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

Period = Literal["day", "week", "month", "total"]
PERIODS: Final[tuple[Period, ...]] = ("day", "week", "month", "total")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_ONE_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time(0)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST: Final = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH) // _MILLISECOND
# Python 3.14 reads 24:00 as the next day, and earlier versions refuse it.
_LOCAL = re.compile(r"(19|2\d)\d\d-\d\d-\d\d( (?!24)\d\d:\d\d(:\d\d)?)?", re.ASCII)
_RFC3339 = re.compile(
    r"(19|2\d)\d\d-\d\d-\d\d[Tt](?!24)\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_UTC_STAMP = re.compile(r"(?<![\w.:-])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z(?!\w)", re.ASCII)
_DURATION = re.compile(r"(0|[1-9]\d{0,8})(ms|s|m|h|d)", re.ASCII)
_UNITS: Final = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": 1}


class CalendarError(ValueError):
    """A text that names no time.

    Attributes:
        problem: What was expected, stable: `zone`, `local`, `rfc3339`, `duration`, `weekdays` or `hours`.
        text: What was given.
        nearest: The nearest valid text; `None`: nothing is near.
    """

    def __init__(
        self, problem: str, message: str, *, text: str, nearest: str | None = None
    ) -> None:
        super().__init__(message)
        self.problem = problem
        self.text = text
        self.nearest = nearest


@cache
def zone_names() -> frozenset[str]:
    """Return the name of every IANA zone in the pinned data."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("ascii").split())


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return the IANA zone of a name such as `Europe/Berlin`.

    Raises:
        CalendarError: `zone`: there is no such zone.
    """
    if name not in zone_names():
        nearest = next(iter(get_close_matches(name, zone_names(), n=1)), None)
        hint = f"; did you mean {nearest}?" if nearest else "; use a name such as Europe/Berlin"
        raise CalendarError("zone", f"{name!r} is no IANA zone{hint}", text=name, nearest=nearest)
    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as an instant, rounded down to the millisecond."""
    return (moment - _EPOCH) // _MILLISECOND


def to_local(at_ms: int, zone: str) -> datetime:
    """Return an instant as a datetime in a zone."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone_of(zone))


def local_instant(text: str, zone: str, *, end: bool) -> int:
    """Return the instant of `2026-03-31` or `2026-03-29 02:30`, as a start or an end in a zone.

    A date alone is its whole local day, however many hours that has. A time inside a gap is the first instant
    after the gap. An ambiguous start is the first occurrence, an ambiguous end the second.

    Args:
        text: A local date, or a local date and time.
        zone: The name of an IANA zone.
        end: Whether the text ends a window; else it starts one.

    Raises:
        CalendarError: `local`: the text has neither form; `zone`: there is no such zone.
    """
    wall = _parse_local(text)
    if len(text) > len("2026-03-31"):
        return wall_instant(wall, zone, end=end)
    return day_end(wall.date(), zone) if end else day_start(wall.date(), zone)


def wall_instant(wall: datetime, zone: str, *, end: bool) -> int:
    """Return the instant at which clocks in a zone show the naive `wall`; see `local_instant`."""
    first, second, in_gap = _occurrences(wall, zone)
    return second if end or in_gap else first


def day_start(day: date, zone: str) -> int:
    """Return the first instant of a local day."""
    return wall_instant(datetime.combine(day, _MIDNIGHT), zone, end=False)


def day_end(day: date, zone: str) -> int:
    """Return the instant that ends a local day, 23, 24 or 25 hours after it began.

    Where midnight occurs twice, it is the second one only if the clock went back into the old day.
    """
    first, second, in_gap = _occurrences(datetime.combine(day + _ONE_DAY, _MIDNIGHT), zone)
    fell_back = to_local(second - 1, zone).date() <= day
    return second if in_gap or fell_back else first


def period_key(period: Period, now: int, zone: str) -> str:
    """Return the key of the period that contains `now`: `2026-03-10`, `2026-W11`, `2026-03` or `total`.

    Weeks are those of ISO 8601.
    """
    if period == "total":
        return "total"
    day = to_local(now, zone).date()
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"
    return day.isoformat() if period == "day" else f"{day.year:04}-{day.month:02}"


def period_bounds(period: Period, now: int, zone: str) -> tuple[int, int] | None:
    """Return the half-open [start, end) of the period that contains `now`; `None` for `total`."""
    if period == "total":
        return None
    day = to_local(now, zone).date()
    if period == "day":
        start = last = day
    elif period == "week":
        start = day - timedelta(days=day.weekday())
        last = start + timedelta(days=6)
    else:
        start = day.replace(day=1)
        last = (start + timedelta(days=31)).replace(day=1) - _ONE_DAY
    return day_start(start, zone), day_end(last, zone)


def parse_rfc3339(text: str) -> int:
    """Parse a timestamp of RFC 3339, such as `2026-03-10T12:00:00.5+01:00`.

    Digits below the millisecond are cut off, and leap seconds are refused.

    Raises:
        CalendarError: `rfc3339`: it is no timestamp, or has neither an offset nor Z.
    """
    try:
        if _RFC3339.fullmatch(text):
            return to_ms(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError):
        pass
    message = f"{text[:40]!r} is no time; write UTC such as 2026-03-10T12:00:00Z"
    raise CalendarError("rfc3339", message, text=text[:40])


def format_rfc3339(at_ms: int) -> str:
    """Return an instant as a timestamp of RFC 3339 in UTC, with milliseconds only where there are some.

    An instant outside the years 1 to 9999 becomes the nearest one inside. Such instants occur where a cooldown
    follows a date that means "never".
    """
    at_ms = min(max(at_ms, _FIRST), _LAST)
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    precision = "milliseconds" if at_ms % SECOND else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def format_local(at_ms: int, zone: str) -> str:
    """Return an instant to the second for people in a zone: `2026-03-10 13:00:00 CET`.

    Zones without letters have their offset: `2026-03-10 15:00:00 +03`.

    Args:
        at_ms: Milliseconds since the Unix epoch, UTC. An instant that no calendar can show becomes the
            nearest one.
        zone: The name of an IANA zone.

    Raises:
        CalendarError: `zone`: there is no such zone.
    """
    # The first and last day of the calendar may lie outside of it in the zone.
    at_ms = min(max(at_ms, _FIRST + DAY), _LAST - DAY)
    local = to_local(at_ms, zone)
    return f"{local.replace(tzinfo=None).isoformat(' ', 'seconds')} {local.tzname()}"


def with_local_times(text: str, zone: str) -> str:
    """Return a text in which timestamps of RFC 3339 in UTC are written as `format_local` does."""

    def written(found: re.Match[str]) -> str:
        try:
            return format_local(parse_rfc3339(found[0]), zone)
        except CalendarError:  # such as the 31st of February
            return found[0]

    return _UTC_STAMP.sub(written, text)


def parse_duration(text: str) -> int:
    """Parse `45s`, `15m`, `36h`, `30d` or `250ms`; return milliseconds.

    Raises:
        CalendarError: `duration`: it is no number with a unit.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        message = (
            f"{text[:40]!r} is no duration; write a number and a unit, such as 45s, 15m or 30d"
        )
        raise CalendarError("duration", message, text=text[:40])
    return int(found[1]) * _UNITS[found[2]]


def format_duration(duration_ms: int) -> str:
    """Return the shortest exact text: 900000 → `15m`, 86400000 → `1d`; the inverse of `parse_duration`."""
    if duration_ms == 0:
        return "0s"
    unit = next(unit for unit, size in _UNITS.items() if duration_ms % size == 0)
    return f"{duration_ms // _UNITS[unit]}{unit}"


def _parse_local(text: str) -> datetime:
    try:
        if _LOCAL.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    message = f"{text[:40]!r} is no local time; write 2026-03-31 or 2026-03-31 18:00"
    raise CalendarError("local", message, text=text[:40])


def _occurrences(wall: datetime, zone: str) -> tuple[int, int, bool]:
    """Return (first instant, second instant, in a gap); the two differ where the clock went back over `wall`."""
    info = zone_of(zone)
    early = to_ms(wall.replace(tzinfo=info, fold=0))
    late = to_ms(wall.replace(tzinfo=info, fold=1))
    # In a gap the two instants are swapped, because PEP 495 defines `fold` that way.
    if late < early:
        after = _gap_end(late, early, info)
        return after, after, True
    return early, late, False


def _gap_end(before: int, after: int, info: ZoneInfo) -> int:
    """Return the transition in (before, after], to the second, which is the resolution of zone data."""
    new = _offset(after, info)
    low, high = before // SECOND, after // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle * SECOND, info) == new:
            high = middle
        else:
            low = middle
    return high * SECOND


def _offset(at_ms: int, info: ZoneInfo) -> timedelta | None:
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(info).utcoffset()
