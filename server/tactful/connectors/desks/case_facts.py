"""The case that a ticket gives, with the links and the kind that were found before.

A later delivery with empty fields does not untie a product, and an older delivery that arrives late
still adds what it names. Where two deliveries name different orders or kinds, the newer one counts.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from tactful.connectors.desks.ticket_kinds import surest
from tactful.connectors.desks.tickets import MAX_SKUS, Ticket
from tactful.core.facts.customer_facts import Case
from tactful.core.facts.fact_values import LinkStep

_LADDER: Final[Sequence[LinkStep]] = (
    "agent", "sku_field", "sku_tag", "order_field", "order_text", "customer", "contact",
)  # fmt: skip
"""The steps of the link ladder, the most exact first."""


class TicketContext(Struct, frozen=True):
    """What the shop knows already and the case of a ticket depends on."""

    own_orders: Collection[str] = frozenset()
    """Those of the ticket's `numbers` that are orders of its customer or contact."""
    before: Case | None = None
    """The case as the deliveries so far gave it."""


def case_of(ticket: Ticket, context: TicketContext) -> Case | None:
    """Return the case of a ticket; `None`: nothing says whose it is, so it can suppress nothing.

    Args:
        ticket: One delivery.
        context: What is known already.
    """
    found = _as_case(ticket, context.own_orders)
    before = context.before
    case = found if before is None else _grown(before, found)
    if case.customer or case.purchaser or case.orders or case.contact:
        return case
    return None


def _as_case(ticket: Ticket, own_orders: Collection[str]) -> Case:
    order, by = _link(ticket, own_orders)
    return Case(
        case=ticket.case,
        customer=ticket.customer,
        order=order,
        skus=tuple(dict.fromkeys((*ticket.skus, *ticket.tag_skus)))[:MAX_SKUS],
        kind=ticket.kind,
        status=ticket.status,  # type: ignore[arg-type]
        opened_at=ticket.opened_at,
        resolved_at=ticket.resolved_at,
        merged_into=ticket.merged_into,
        contact=ticket.contact,
        linked_by=by,
        kind_by=ticket.kind_by,
        version=ticket.version,
    )


def _link(ticket: Ticket, own_orders: Collection[str]) -> tuple[str | None, LinkStep | None]:
    """Return the order of a ticket, and the first step of the ladder that found anything."""
    stated = next((number for number in ticket.stated if number in own_orders), None)
    in_field = ticket.order or stated
    in_text = next((number for number in ticket.numbers if number in own_orders), None)
    steps: tuple[tuple[LinkStep, Any], ...] = (
        ("sku_field", ticket.skus),
        ("sku_tag", ticket.tag_skus),
        ("order_field", in_field),
        ("order_text", in_text),
        ("customer", ticket.customer),
        ("contact", ticket.contact),
    )
    return in_field or in_text, next((step for step, found in steps if found), None)


def _grown(before: Case, found: Case) -> Case:
    """Return the newer of two states of a case, with the links of both and the surer kind."""
    newest = found if _is_newer(found, before) else before
    other = before if newest is found else found
    steps = (one.linked_by for one in (newest, other) if one.linked_by)
    by = min(steps, key=_LADDER.index, default=None)
    kind_by = surest((newest.kind_by, other.kind_by))
    surer = newest if newest.kind_by == kind_by else other
    return structs.replace(
        newest,
        **_links(before, newest, other),
        customer=newest.customer or other.customer,
        contact=newest.contact or other.contact,
        opened_at=min(before.opened_at, found.opened_at),
        linked_by=by,
        kind=surer.kind,
        kind_by=kind_by,
    )


def _links(before: Case, newest: Case, other: Case) -> dict[str, Any]:
    """Return the items and the order of both states; those that an agent stated stay as they are."""
    if before.linked_by == "agent":
        return {"skus": before.skus, "order": before.order}
    skus = tuple(sorted({*newest.skus, *other.skus}))[:MAX_SKUS]
    return {"skus": skus, "order": _surer_order(newest, other)}


def _surer_order(newest: Case, other: Case) -> str | None:
    """Return the order of a case: an order field is surer than the text of the ticket."""
    if newest.order is None or other.order is None:
        return newest.order or other.order
    from_text = newest.linked_by == "order_text" and other.linked_by != "order_text"
    return other.order if from_text else newest.order


def _is_newer(found: Case, before: Case) -> bool:
    """Return whether a case is at least as new. A version that is no instant is from elsewhere."""
    mine, theirs = found.version, before.version
    if mine is None or theirs is None or isinstance(mine, int) or isinstance(theirs, int):
        return True
    return mine >= theirs
