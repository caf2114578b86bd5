"""Is a reported version of a fact newer than every version that was seen of its key?"""

from typing import Literal

from msgspec import Struct

Version = tuple[Literal["int", "time"], int]


class HighestVersions(Struct, frozen=True):
    """The highest integer and the highest time version seen of one key."""

    integer: int | None = None
    time: int | None = None


UNSEEN = HighestVersions()


def comes_late(heads: HighestVersions, version: Version | None) -> bool:
    """Whether it is older than what is known, not only known."""
    if version is None:
        return False
    kind, value = version
    known = heads.integer if kind == "int" else heads.time
    return known is not None and value < known


def advance(heads: HighestVersions, version: Version | None, at: int) -> HighestVersions | None:
    """The heads after a newer version; None: it is known or older. `at`: when it arrives (ms).

    The two kinds are compared only within themselves. No version is the time of arrival: it is newer
    than what came before, and whatever bears an earlier instant is older than it.
    """
    match version:
        case None:
            return HighestVersions(heads.integer, max(heads.time or 0, at * 1000 - 1))
        case ("int", value):
            known = heads.integer
            newer = known is None or value > known
            return HighestVersions(value, heads.time) if newer else None
        case ("time", value):
            known = heads.time
            newer = known is None or value > known
            return HighestVersions(heads.integer, value) if newer else None
