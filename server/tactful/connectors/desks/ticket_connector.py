"""The connector of a help desk, made of its mapping file."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tactful.connectors.allow_list import ContactDigests, Kept, Reduction, Subject
from tactful.connectors.connector import (
    Connector,
    Envelope,
    Headers,
    Json,
    Listing,
    Mapped,
    Terms,
    UnreadableDeliveryError,
    basic,
    bearer,
    token,
)
from tactful.connectors.desks.case_facts import TicketContext, case_of
from tactful.connectors.desks.mapping_file import ListBlock, MappingFile, as_paths
from tactful.connectors.desks.tickets import Ticket, TicketError, TicketReader
from tactful.core.facts.fact_types import AnyFact, Case, Order
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.facts.shopper_contacts import contacts_of
from tactful.core.values.calendar import parse_duration

TOPIC: Final = "ticket"
"""The one topic of help desks: every delivery states a ticket."""
_NO_CONTACTS: Final = ContactDigests(b"")


def ticket_connector(mapping: MappingFile) -> Connector:
    """Return the connector of a help desk.

    Args:
        mapping: Its mapping file, without errors.
    """
    reader = TicketReader(mapping)

    def envelope(headers: Headers, body: Json) -> Envelope:
        try:
            ticket = reader.read(body, _NO_CONTACTS)
        except TicketError as error:
            raise UnreadableDeliveryError(str(error)) from error
        # Most help desks send no id. The same delivery again has the same body.
        own = headers.get("webhook-id") or _digest(body)
        return Envelope(id=own, topic=TOPIC, about=f"case {ticket.case}")

    def reduce(payload: Any, contacts: ContactDigests) -> Kept:
        ticket = reader.read(payload, contacts)
        return Kept(msgspec.to_builtins(ticket), tuple(_persons(ticket)))

    return Connector(
        name=mapping.name,
        signature=mapping.signature,
        envelope=envelope,
        kept={TOPIC: Reduction(reduce)},
        map=_map,
        reads=_reads,
        authorize=_AUTHORIZE[mapping.list.key if mapping.list else "bearer"],
        lists=() if mapping.list is None else (_listing(mapping, mapping.list),),
    )


_AUTHORIZE: Final = {"basic": basic, "bearer": bearer, "token": token}


def _listing(mapping: MappingFile, block: ListBlock) -> Listing:
    return Listing(
        name="tickets",
        path=block.path,
        topic=TOPIC,
        rows=block.rows,
        following=block.following,
        each=block.each,
        changed=block.changed,
        often=not block.changed,
        bounded=block.changed,
        instants=block.instants,
        stamp=as_paths(mapping.ticket.version)[0],
        every_ms=parse_duration(block.every),
        feeds=("cases",),
    )


def _digest(body: Json) -> str:
    encoded = msgspec.json.encode(body, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _persons(ticket: Ticket) -> Iterable[Subject]:
    """Return the shopper and the orders of a ticket, under which an erasure finds the delivery."""
    if ticket.customer:
        yield "customer", ticket.customer
    if ticket.order:
        yield "order", ticket.order
    for number in (*ticket.stated, *ticket.numbers):
        yield "order", number
    for digest in contacts_of(ticket):
        yield CONTACT, digest


def _reads(_topic: str, fields: Json) -> tuple[Subject, ...]:
    ticket = _ticket(fields)
    numbers = (*ticket.stated, *ticket.numbers)
    contacts = [(CONTACT, digest) for digest in contacts_of(ticket)] if numbers else []
    return (
        ("case", ticket.case),
        *(("order", number) for number in numbers),
        *contacts,
    )


def _map(_topic: str, fields: Json, terms: Terms) -> Mapped:
    ticket = _ticket(fields)
    before = next(
        (one for one in terms.known if isinstance(one, Case) and one.case == ticket.case), None
    )
    case = case_of(ticket, TicketContext(_own_orders(ticket, terms.known), before))
    dropped = [f"The mapping file has no row for {note!r}." for note in ticket.notes]
    if case is None:
        dropped.append("A ticket names no shopper and no order, so it is no case.")
    facts = () if case is None else (msgspec.to_builtins(case),)
    return Mapped(facts=facts, dropped=tuple(dropped))


def _ticket(fields: Json) -> Ticket:
    return msgspec.convert(fields, Ticket)


def _own_orders(ticket: Ticket, known: Iterable[AnyFact]) -> frozenset[str]:
    """Return the numbers of a ticket that are orders of its customer, or of one with its contact."""
    known = tuple(known)
    contacts = set(contacts_of(ticket))
    customers = {
        customer
        for fact in known
        if contacts.intersection(contacts_of(fact))
        if (customer := getattr(fact, "customer", None))
    }
    if ticket.customer:
        customers.add(ticket.customer)
    own = (
        fact
        for fact in known
        if isinstance(fact, Order)
        if fact.customer in customers or contacts.intersection(contacts_of(fact))
    )
    numbers = frozenset((*ticket.stated, *ticket.numbers))
    return numbers.intersection(ident for order in own for ident in order.ids)
