"""Is a reported version of a fact newer than every version that was seen of its key?"""

from typing import Literal

from msgspec import Struct

Version = tuple[Literal["int", "time"], int]


class Heads(Struct, frozen=True):
    """The highest integer and the highest time version seen of one key."""

    integer: int | None = None
    time: int | None = None


UNSEEN = Heads()


def advance(heads: Heads, version: Version | None) -> Heads | None:
    """The heads after a newer version; None: it is known or older.

    The two kinds are compared only within themselves; no version is the time of arrival, always newer.
    """
    match version:
        case None:
            return heads
        case ("int", value):
            known = heads.integer
            newer = known is None or value > known
            return Heads(value, heads.time) if newer else None
        case ("time", value):
            known = heads.time
            newer = known is None or value > known
            return Heads(heads.integer, value) if newer else None
