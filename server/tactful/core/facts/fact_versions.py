"""The order of the reported versions of one fact.

Both ledgers and the rule tests decide with this code which of two versions is in force, so that a rule
test and the server never disagree.
"""

from typing import Literal

from msgspec import Struct

from tactful.core.facts.fact_types import AnyFact, Price, Version, key_of

VersionOrdinal = tuple[Literal["int", "time"], int]
"""A version as a comparable value: its kind, and a whole number or microseconds since the Unix epoch."""


class HighestVersions(Struct, frozen=True):
    """The highest version of each kind that was reported for one key."""

    integer: int | None = None
    """The highest whole number; `None`: no integer version was reported."""
    time: int | None = None
    """The latest instant in microseconds since the Unix epoch, UTC; `None`: none was reported."""


UNSEEN = HighestVersions()


def ordinal(version: Version | None) -> VersionOrdinal | None:
    """Return a reported version as a comparable value; `None` where the fact has no version."""
    if version is None:
        return None
    if isinstance(version, int):
        return "int", version
    return "time", round(version.timestamp() * 1_000_000)


def versioned_key(fact: AnyFact, at: int) -> str:
    """Return the key under which versions of `fact` supersede one another.

    Args:
        fact: The fact as it was reported.
        at: When it was reported, in milliseconds since the Unix epoch, UTC. It stands in for the
            version of a fact that names none.
    """
    version = ordinal(fact.version)
    return key_of(fact, f"{version[0]}:{version[1]}" if version else f"at:{at}")


def is_dated(fact: AnyFact) -> bool:
    """Return whether a late version of `fact` is kept.

    Dated public prices are kept, because claims of a reduction depend on past prices.
    """
    return isinstance(fact, Price) and fact.since is not None


def comes_late(heads: HighestVersions, version: VersionOrdinal | None) -> bool:
    """Return whether `version` is older than the newest of its kind; an equal one is not late."""
    if version is None:
        return False
    kind, value = version
    known = heads.integer if kind == "int" else heads.time
    return known is not None and value < known


def advance(
    heads: HighestVersions, version: VersionOrdinal | None, at: int
) -> HighestVersions | None:
    """Return the highest versions after a report, or `None` if the report is known or older.

    Integers are compared with integers, and instants with instants. A report without a version
    counts as versioned by its arrival. It is newer than every report before it, and newer than a
    version that names an earlier instant.

    Args:
        heads: The highest versions before the report.
        version: The version of the report; `None` if it names none.
        at: When the report arrived, in milliseconds since the Unix epoch, UTC.
    """
    if version is None:
        # One microsecond less, so that a version at the very instant of arrival is still newer.
        return HighestVersions(heads.integer, max(heads.time or 0, at * 1000 - 1))
    kind, value = version
    known = heads.integer if kind == "int" else heads.time
    if known is not None and value <= known:
        return None
    if kind == "int":
        return HighestVersions(value, heads.time)
    return HighestVersions(heads.integer, value)
