"""Instants as other systems write them."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from tactful.connectors.objects.paths import Scalar

_ROUNDUP: Final = re.compile(r"^(\d{4}-\d\d-\d\d)\.(\d\d:)")
"""Roundup has a dot between date and time."""
_NUMBER: Final = re.compile(r"[0-9]{9,}(?:\.[0-9]+)?", re.ASCII)
"""A number since the Unix epoch as text. Dates without signs between their parts have 8 digits."""
_MILLISECONDS: Final = 10**11
"""Numbers from here on are milliseconds since the Unix epoch: as seconds they are in the year 5138."""
_NO_DATE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Request Tracker writes the Unix epoch where there is no date."""


class InstantError(Exception):
    """A value that is no instant."""


def read_instant(value: Scalar) -> datetime | None:
    """Return an instant in UTC; `None`: the value means that there is none.

    RFC 3339 and ISO 8601 are read, and numbers since the Unix epoch. An instant without a zone is in
    UTC: the systems that write such instants store them in UTC.

    Raises:
        InstantError: The value is no instant.
    """
    try:
        found = _read(value)
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise InstantError(
            f"{str(value)[:40]!r} is no instant. Write it as 2026-03-09T08:00:00Z."
        ) from error
    return None if found == _NO_DATE or found.year == 1 else found


def _read(value: Scalar) -> datetime:
    text = str(value).strip()
    if not isinstance(value, str) or _NUMBER.fullmatch(text):
        number = Decimal(text)
        return _NO_DATE + timedelta(
            milliseconds=int(number if number >= _MILLISECONDS else number * 1000)
        )
    found = datetime.fromisoformat(_ROUNDUP.sub(r"\1T\2", text))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
