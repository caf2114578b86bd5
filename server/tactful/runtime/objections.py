"""Objections of customers that an operator states and lifts: no offers, or not of an item.

An objection is a fact, so standing offers end at once, explanations show it, and an erasure of the
customer deletes it.
"""

from secrets import token_hex
from typing import Any, Final

from msgspec import structs, to_builtins

from tactful.core.facts.customer_facts import Objection
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import ms
from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.runtime.operators import state_fact
from tactful.runtime.shop import Shop

OWN_PREFIX: Final = "console:"
"""Beginning of the ids of objections that operators state."""
MAX_DAYS: Final = 365
"""The longest objection that an operator states, in days, unless it has no end."""


class UnknownObjectionError(Exception):
    """The customer has no active objection of this id."""


class RefusedObjectionError(Exception):
    """The objection would be no valid fact; the message says why."""


async def state_objection(
    shop: Shop, customer: str, operator: str, *, sku: str | None = None, days: int | None = None
) -> str:
    """State that a customer asked for no offers, or not to be offered an item; durable on return.

    Args:
        shop: The shop.
        customer: The shop's id of the customer.
        operator: Name of the operator, for the audit log.
        sku: The item, in all its variants; `None`: everything.
        days: For how many days; `None`: until it is lifted.

    Returns:
        The id of the objection.

    Raises:
        RefusedObjectionError: An id is too long.
        LedgerError: The objection is not stored.
    """
    # Random, because the audit log keeps the id after the customer is erased.
    objection = f"{OWN_PREFIX}{token_hex(12)}"
    fact: dict[str, Any] = {"type": "objection", "objection": objection, "customer": customer}
    if sku is not None:
        fact["skus"] = [sku]
    if days is not None:
        fact["until"] = format_rfc3339(shop.clock.now() + days * DAY)
    what = "no offers" if sku is None else "not an item"
    length = "until it is lifted" if days is None else f"for {days} day{'' if days == 1 else 's'}"
    report = await state_fact(shop, fact, operator, detail=f"{what} {length}")
    if report.rejected:
        raise RefusedObjectionError(report.rejected[0].message)
    return objection


async def lift_objection(shop: Shop, customer: str, objection: str, operator: str) -> None:
    """Lift an active objection that an operator stated; durable on return.

    Raises:
        UnknownObjectionError: The customer has no such objection.
        LedgerError: The objection is not lifted.
    """
    for stored in await shop.ledger.facts_about([("customer", customer)], ["objection"]):
        found = decode_stored(stored.body)
        if (
            isinstance(found, Objection)
            and (found.customer, found.objection) == (customer, objection)
            and is_liftable(found)
            and is_active(found, shop.clock.now())
        ):
            fact = to_builtins(structs.replace(found, status="lifted"))
            await state_fact(shop, fact, operator, detail="objection lifted")
            return
    raise UnknownObjectionError(objection)


def is_liftable(objection: Objection) -> bool:
    """Return whether operators may lift it. A system of the shop would state its own anew."""
    return objection.objection.startswith(OWN_PREFIX)


def is_active(objection: Objection, now: int) -> bool:
    """Return whether it holds at an instant, in milliseconds since the Unix epoch, UTC."""
    ended = objection.until is not None and ms(objection.until) <= now
    return objection.status == "active" and not ended
