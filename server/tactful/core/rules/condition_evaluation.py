"""Plain evaluation of conditions, and which of their clauses fail.

The rulebook's compiler turns each condition into one generated function, `Rule.holds_from`. This
module interprets the same condition as data, which is slower but simple. Explanations use it to
name the clauses that fail, and property tests compare the generated code with it.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW, All, AnyOf, Clause, Condition


class FailedClause(Struct, frozen=True):
    """A clause that keeps a condition from holding."""

    clause: Clause
    actual: Any
    """The field's value, in the spelling of a rule file; None: unknown."""
    needed: str
    """The clause as the rule file says it, or its negation under `unless` and `none`."""
    until: int | None = None
    """When time alone makes it hold, milliseconds since the Unix epoch, UTC; None: never."""


def holds_from(condition: Condition, scene: Any) -> int:
    """Return the instant from which a condition holds.

    Args:
        condition: The condition as data.
        scene: The item in front of the shopper, `context.Scene`.

    Returns:
        `NOW`, milliseconds since the Unix epoch, UTC, `NEEDS_ACTIVITY` or `NEVER`. For `all` the
        latest instant counts, for `any` the earliest. `none` depends on the present alone, because
        a part that will hold later does not forbid anything yet.
    """
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
    """Return the clauses that fail now.

    Args:
        condition: The condition as data.
        scene: The item in front of the shopper, `context.Scene`.

    Returns:
        The clauses in the order of the rule. For an `any`, all clauses are returned or none,
        because each alone would be enough.
    """
    return tuple(_failed(condition, scene))


def clauses(condition: Condition) -> list[Clause]:
    """Return every clause of a condition, in the order of the rule."""
    if isinstance(condition, Clause):
        return [condition]
    found: list[Clause] = []
    for part in condition.parts:
        if isinstance(part, Clause):
            found.append(part)
        else:
            found += clauses(part)
    return found


def _failed(condition: Condition, scene: Any) -> Iterator[FailedClause]:
    """Yield the clauses that keep a condition from holding."""
    match condition:
        case Clause():
            at = condition.holds_from(scene)
            if at != NOW:
                until = at if at < NEEDS_ACTIVITY else None
                yield FailedClause(condition, condition.read(scene), condition.text, until)
        case All(parts):
            for part in parts:
                yield from _failed(part, scene)
        case AnyOf(parts):
            # Yield all parts or none, because each alone would be enough.
            if not any(holds_from(part, scene) == NOW for part in parts):
                for part in parts:
                    yield from _failed(part, scene)
        case _:
            for part in condition.parts:
                if holds_from(part, scene) == NOW:
                    yield from _forbidden(part, scene)


def _forbidden(condition: Condition, scene: Any) -> Iterator[FailedClause]:
    """Yield the clauses that make a forbidden part hold."""
    match condition:
        case Clause():
            yield FailedClause(condition, condition.read(scene), f"not {condition.text}")
        case All(parts) | AnyOf(parts):
            for part in parts:
                if holds_from(part, scene) == NOW:
                    yield from _forbidden(part, scene)
        case _:
            # Under a double negation a clause has to hold, so the clauses that fail are yielded.
            for part in condition.parts:
                yield from _failed(part, scene)
