"""From when does a condition hold, and which of its clauses fail now?

The plain reading of a condition as data: slow, obvious, and what the compiled one must agree with.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW, All, AnyOf, Clause, Condition


class FailedClause(Struct, frozen=True):
    """A clause that stands in the way: what is (`actual`, None if unknown) and what would be needed.

    `until` is the instant (ms) at which time alone mends it; None: it does not.
    """

    clause: Clause
    actual: Any
    needed: str
    until: int | None = None


def holds_from(condition: Condition, scene: Any) -> int:
    """The instant from which the condition holds: `NOW`, a later ms, or `NEVER`."""
    match condition:
        case Clause():
            return condition.holds_from(scene)
        case All(parts):
            return max((holds_from(part, scene) for part in parts), default=NOW)
        case AnyOf(parts):
            return min((holds_from(part, scene) for part in parts), default=NEVER)
        case _:
            forbidden = any(holds_from(part, scene) == NOW for part in condition.parts)
            return NEVER if forbidden else NOW


def failed_clauses(condition: Condition, scene: Any) -> tuple[FailedClause, ...]:
    """The clauses that fail now, in the order of the rule; of an `any` none or all."""
    return tuple(_failing(condition, scene))


def clauses(condition: Condition) -> Iterator[Clause]:
    """Every clause of a condition, in the order of the rule."""
    if isinstance(condition, Clause):
        yield condition
    else:
        for part in condition.parts:
            yield from clauses(part)


def _failing(condition: Condition, scene: Any) -> Iterator[FailedClause]:
    match condition:
        case Clause():
            at = condition.holds_from(scene)
            if at != NOW:
                until = at if at < NEEDS_ACTIVITY else None
                yield FailedClause(condition, condition.read(scene), condition.text, until)
        case All(parts):
            for part in parts:
                yield from _failing(part, scene)
        case AnyOf(parts):
            if not any(holds_from(part, scene) == NOW for part in parts):
                for part in parts:
                    yield from _failing(part, scene)
        case _:
            for part in condition.parts:
                if holds_from(part, scene) == NOW:
                    yield from _holding(part, scene)


def _holding(condition: Condition, scene: Any) -> Iterator[FailedClause]:
    """What makes a forbidden part hold."""
    match condition:
        case Clause():
            yield FailedClause(condition, condition.read(scene), f"not {condition.text}")
        case All(parts) | AnyOf(parts):
            for part in parts:
                if holds_from(part, scene) == NOW:
                    yield from _holding(part, scene)
        case _:
            for part in condition.parts:
                yield from _failing(part, scene)
