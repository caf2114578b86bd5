"""From when does a condition hold, and which of its clauses fail now?

The plain reading of a condition as data: slow, obvious, and what the compiled one must agree with.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tactful.core.rules.model import NEVER, NOW, WAITING, All, AnyOf, Clause, Condition


class Failure(Struct, frozen=True):
    """A clause that stands in the way: what is (`actual`, None if unknown) and what would be needed.

    `until` is the instant (ms) at which time alone mends it; None: it does not.
    """

    clause: Clause
    actual: Any
    needed: str
    until: int | None = None


def ripens(condition: Condition, scene: Any) -> int:
    """The instant from which the condition holds: `NOW`, a later ms, or `NEVER`."""
    match condition:
        case Clause():
            return condition.ripens(scene)
        case All(parts):
            return max((ripens(part, scene) for part in parts), default=NOW)
        case AnyOf(parts):
            return min((ripens(part, scene) for part in parts), default=NEVER)
        case _:
            forbidden = any(ripens(part, scene) == NOW for part in condition.parts)
            return NEVER if forbidden else NOW


def failing(condition: Condition, scene: Any) -> tuple[Failure, ...]:
    """The clauses that fail now, in the order of the rule; of an `any` none or all."""
    return tuple(_failing(condition, scene))


def clauses(condition: Condition) -> Iterator[Clause]:
    """Every clause of a condition, in the order of the rule."""
    if isinstance(condition, Clause):
        yield condition
    else:
        for part in condition.parts:
            yield from clauses(part)


def _failing(condition: Condition, scene: Any) -> Iterator[Failure]:
    match condition:
        case Clause():
            at = condition.ripens(scene)
            if at != NOW:
                until = at if at < WAITING else None
                yield Failure(condition, condition.read(scene), condition.text, until)
        case All(parts):
            for part in parts:
                yield from _failing(part, scene)
        case AnyOf(parts):
            if not any(ripens(part, scene) == NOW for part in parts):
                for part in parts:
                    yield from _failing(part, scene)
        case _:
            for part in condition.parts:
                if ripens(part, scene) == NOW:
                    yield from _holding(part, scene)


def _holding(condition: Condition, scene: Any) -> Iterator[Failure]:
    """What makes a forbidden part hold."""
    match condition:
        case Clause():
            yield Failure(condition, condition.read(scene), f"not {condition.text}")
        case All(parts) | AnyOf(parts):
            for part in parts:
                if ripens(part, scene) == NOW:
                    yield from _holding(part, scene)
        case _:
            for part in condition.parts:
                yield from _failing(part, scene)
