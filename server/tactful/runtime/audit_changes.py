"""What the audit log says of an operator action: values before and after, amount, and role.

The values are texts without personal data. An order or a customer is never named among them, because
the audit log outlives an erasure.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from msgspec import Struct

from tactful.core.facts.fact_types import Case, Objection, Recall, Remedy
from tactful.core.values.calendar import format_rfc3339, to_ms
from tactful.core.values.money import Money, format_plain
from tactful.rulebook.language.units import format_percent

NONE: Final = "none"
"""The value of what is empty."""
_ROLE: Final[ContextVar[str]] = ContextVar("role", default="")


class ActionChange(Struct, frozen=True, kw_only=True):
    """What an action changed; names that did not change are left out."""

    before: dict[str, str]
    after: dict[str, str]
    amount: Money | None = None
    """What the action gave away or no longer reserves; `None`: it moved no money."""


NO_CHANGE: Final = ActionChange(before={}, after={})
"""An action whose values are secret, or that has none."""


def change(
    before: Mapping[str, str], after: Mapping[str, str], amount: Money | None = None
) -> ActionChange:
    """Return the change between two states, each name → value."""
    names = {*before, *after}
    changed = {name for name in names if before.get(name) != after.get(name)}
    return ActionChange(
        before={name: value for name, value in before.items() if name in changed},
        after={name: value for name, value in after.items() if name in changed},
        amount=amount,
    )


def changed(name: str, before: object, after: object) -> ActionChange:
    """Return the change of one value."""
    return change({name: str(before)}, {name: str(after)})


def fact_change(before: Any, after: Any) -> ActionChange:
    """Return the change that a fact makes.

    Args:
        before: The version of the fact that was in force; `None`: there was none.
        after: The fact that an operator stated.
    """
    amount = None
    if isinstance(after, Remedy) and after.value.amount is not None and before is None:
        amount = Money(after.value.amount, after.value.currency or "")
    return change(fact_values(before), fact_values(after), amount)


def fact_values(fact: Any) -> dict[str, str]:
    """Return the values of a fact that the audit log may keep; of other kinds none."""
    match fact:
        case Remedy():
            named = fact.cause
            cause = "case" if named.case else "order" if named.order else "items"
            return {
                "value": _remedy_value(fact),
                "cause": cause,
                "expires": format_rfc3339(to_ms(fact.expires_at)),
            }
        case Recall():
            return {"status": fact.status, "items": listed(fact.skus or (fact.product or "",))}
        case Objection():
            until = format_rfc3339(to_ms(fact.until)) if fact.until else NONE
            return {"status": fact.status, "items": listed(fact.skus or ["all"]), "until": until}
        case Case():
            order = "named" if fact.order else NONE
            return {"kind": fact.kind, "items": listed(fact.skus), "order": order}
        case _:
            return {}


def listed(values: Iterable[str]) -> str:
    """Return values as one text, such as `a, b`; `none` for no value."""
    return ", ".join(values) or NONE


def _remedy_value(fact: Remedy) -> str:
    value = fact.value
    if value.percent_bp is not None:
        return format_percent(value.percent_bp)
    return format_plain(Money(value.amount or 0, value.currency or ""))


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Enter a role into the audit log with the actions of this task."""
    token = _ROLE.set(role)
    try:
        yield
    finally:
        _ROLE.reset(token)


def present_role() -> str:
    """Return the role of this task; empty if it is not known."""
    return _ROLE.get()
