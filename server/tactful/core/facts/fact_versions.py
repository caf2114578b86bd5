"""The order of the reported versions of one fact.

Both ledgers and the rule tests decide with this code what becomes of a report, so that a rule test
and the server never disagree.
"""

import hashlib
from enum import StrEnum
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import KINDS, AnyFact, Order, Price, Version, key_of

VersionOrdinal = tuple[Literal["int", "time"], int]
"""A version as a comparable value: its kind, and a whole number or microseconds since the Unix epoch."""

DIGEST_BYTES: Final = 16
MAX_CONTENTS: Final = 64
"""The most contents that are remembered per key. A source whose version never changes has many."""

_ORDER_STATES: Final = ("placed", "shipped", "delivered", "cancelled")
"""The states of an order, from the earliest to the latest."""


class FactOutcome(StrEnum):
    """What becomes of a report."""

    ACCEPTED = "accepted"
    """It is in force now."""
    UNCHANGED = "unchanged"
    """Its content is in force already. Only its version is stored."""
    IGNORED = "ignored"
    """It is a duplicate, or older than what is known. Nothing is stored."""
    ERASED = "erased"
    """It is about an erased customer. Nothing is stored."""


class HighestVersions(Struct, frozen=True, gc=False):
    """The highest version of each kind that was reported for one key."""

    integer: int | None = None
    """The highest whole number; `None`: no integer version was reported."""
    time: int | None = None
    """The latest instant in microseconds since the Unix epoch, UTC; `None`: none was reported."""

    def of(self, kind: Literal["int", "time"]) -> int | None:
        """Return the highest version of a kind."""
        return self.integer if kind == "int" else self.time

    def with_version(self, version: VersionOrdinal) -> "HighestVersions":
        """Return the versions with a new highest one of its kind."""
        kind, value = version
        if kind == "int":
            return HighestVersions(value, self.time)
        return HighestVersions(self.integer, value)


UNSEEN = HighestVersions()


class FactHead(Struct, frozen=True, gc=False):
    """What a ledger keeps about one key."""

    versions: HighestVersions
    kind: str
    """The kind of fact, such as `stock`."""
    body: bytes
    """The fact in force, as JSON."""
    contents: bytes = b""
    """The digest of the content in force, then those of the contents that were accepted under the
    highest versions, each after a byte for the kind of version. Empty: not recorded, as in a ledger
    of version 0.1.0."""


class FactArrival(Struct, frozen=True, gc=False):
    """What becomes of one report, and what the ledger keeps about its key from then on."""

    outcome: FactOutcome
    versions: HighestVersions
    contents: bytes


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


def content_digest(fact: AnyFact) -> bytes:
    """Return a digest of everything in a fact except its version."""
    return _digest(fact_codec.encode(structs.replace(fact, version=None)))


def stored_content_digest(kind: str, body: bytes) -> bytes:
    """Return the digest of the content of a stored fact, or of another row that is kept beside the facts."""
    if kind not in KINDS:
        return _digest(body)
    try:
        return content_digest(fact_codec.decode_stored(body))
    except msgspec.DecodeError:
        # The reader names a damaged row. A new report about it must be able to replace it.
        return _digest(body)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def comes_late(heads: HighestVersions, version: VersionOrdinal | None) -> bool:
    """Return whether `version` is older than the newest of its kind; an equal one is not late."""
    if version is None:
        return False
    known = heads.of(version[0])
    return known is not None and version[1] < known


def advance(
    head: FactHead | None,
    version: VersionOrdinal | None,
    content: bytes,
    body: bytes,
    at: int,
) -> FactArrival:
    """Return what becomes of a report.

    Integers are compared with integers, and instants with instants. A report without a version
    counts as versioned by its arrival. It is newer than every report before it, and newer than a
    version that names an earlier instant. Under an equal version, a content that was accepted
    before is a duplicate. A new content is accepted, except for an earlier state of an order.

    Args:
        head: What is kept about the key; `None`: nothing was reported yet.
        version: The version of the report; `None` if it names none.
        content: The digest of the content of the report.
        body: The report as JSON.
        at: When the report arrived, in milliseconds since the Unix epoch, UTC.
    """
    versions = head.versions if head else UNSEEN
    in_force, accepted = _recorded(head) if head else (b"", b"")
    if version is None:
        # One microsecond less, so that a version at the very instant of arrival is still newer.
        arrival = max(versions.time or 0, at * 1000 - 1)
        highest = HighestVersions(versions.integer, arrival)
        return _accept(highest, in_force, content, _without(accepted, _TIME))
    mark = _INT if version[0] == "int" else _TIME
    known = versions.of(version[0])
    if known is not None and version[1] <= known:
        taken = version[1] < known or mark + content in _split(accepted)
        if head is None or taken or _is_earlier_state(head, body):
            return FactArrival(FactOutcome.IGNORED, versions, head.contents if head else b"")
    else:
        accepted = _without(accepted, mark)
    return _accept(versions.with_version(version), in_force, content, accepted + mark + content)


_INT: Final = b"i"
_TIME: Final = b"t"
_STEP: Final = 1 + DIGEST_BYTES
"""Bytes of an accepted digest with its mark."""


def _accept(
    versions: HighestVersions, in_force: bytes, content: bytes, accepted: bytes
) -> FactArrival:
    same = content == in_force
    outcome = FactOutcome.UNCHANGED if same else FactOutcome.ACCEPTED
    return FactArrival(outcome, versions, content + accepted[-MAX_CONTENTS * _STEP :])


def _recorded(head: FactHead) -> tuple[bytes, bytes]:
    """Return the digest of the content in force, and the accepted digests with their marks."""
    if not head.contents:
        # Which version the content came under is not recorded. Under either it is a duplicate.
        content = stored_content_digest(head.kind, head.body)
        return content, _INT + content + _TIME + content
    return head.contents[:DIGEST_BYTES], head.contents[DIGEST_BYTES:]


def _split(accepted: bytes) -> list[bytes]:
    return [accepted[place : place + _STEP] for place in range(0, len(accepted), _STEP)]


def _without(accepted: bytes, mark: bytes) -> bytes:
    """Return the accepted digests without those of one mark."""
    # Nearly every key has one digest under one kind of version.
    if len(accepted) <= _STEP:
        return b"" if accepted[:1] == mark else accepted
    return b"".join(one for one in _split(accepted) if one[:1] != mark)


def _is_earlier_state(head: FactHead, body: bytes) -> bool:
    if head.kind != "order":
        return False
    before, after = fact_codec.decode_stored(head.body), fact_codec.decode_stored(body)
    return (
        isinstance(before, Order)
        and isinstance(after, Order)
        and _ORDER_STATES.index(after.status) < _ORDER_STATES.index(before.status)
    )
