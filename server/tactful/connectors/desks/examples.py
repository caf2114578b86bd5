"""The examples of a mapping file, played as its deliveries would be."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from tactful.connectors.allow_list import ContactDigests
from tactful.connectors.desks.case_facts import TicketContext, case_of
from tactful.connectors.desks.mapping_file import Example, ReadMapping
from tactful.connectors.desks.tickets import Ticket, TicketError, TicketReader
from tactful.core.facts.customer_facts import Case
from tactful.core.facts.shopper_contacts import Contact

NO_CASE: Final = "nothing says whose ticket it is"
_CONTACTS: Final = ContactDigests(b"examples")


class ExampleResult(Struct, frozen=True):
    """What an example gave."""

    name: str
    line: int
    failures: tuple[str, ...]
    """What differs from what was expected; empty: nothing."""
    notes: tuple[str, ...] = ()
    """What of the tickets was not understood."""


def play_examples(mapping: ReadMapping) -> Iterator[ExampleResult]:
    """Yield the result of each example, in the order of the file."""
    reader = TicketReader(mapping.file)
    for example, line in zip(mapping.file.examples, mapping.example_lines, strict=True):
        case, notes, refused = _play(reader, example)
        yield ExampleResult(example.name, line, tuple(_differences(example, case, refused)), notes)


def _play(
    reader: TicketReader, example: Example
) -> tuple[Case | None, tuple[str, ...], str | None]:
    """Return the case after all deliveries, what was not understood, and why there is no case."""
    case: Case | None = None
    notes: list[str] = []
    for delivery in example.deliveries:
        try:
            ticket = reader.read(delivery, _CONTACTS)
        except TicketError as error:
            return None, tuple(notes), str(error)
        notes += ticket.notes
        case = case_of(ticket, TicketContext(_own_orders(ticket, example), case)) or case
    return case, tuple(dict.fromkeys(notes)), None if case else NO_CASE


def _own_orders(ticket: Ticket, example: Example) -> frozenset[str]:
    """Return the numbers of a ticket that are orders of its shopper, by customer or contact."""
    return frozenset(
        number
        for number in (*ticket.stated, *ticket.numbers)
        if (order := example.orders.get(number))
        if (order.customer is not None and order.customer == ticket.customer)
        or _share_contact(order.email, ticket.contact)
    )


def _share_contact(email: str | None, contact: Contact | None) -> bool:
    digest = _CONTACTS.email(email) if email is not None else None
    return digest is not None and contact is not None and digest in contact.hashes


def _differences(example: Example, case: Case | None, refused: str | None) -> Iterator[str]:
    expected = example.expect
    if expected.refused is not None:
        if refused is None or expected.refused not in refused:
            yield f"expected no case because of {expected.refused!r}, found {refused or 'a case'}"
        return
    if case is None:
        yield f"expected a case, found none: {refused}"
        return
    for name in expected.__struct_fields__:
        wanted = getattr(expected, name)
        if name == "refused" or wanted is None:
            continue
        found = _plain(getattr(case, name))
        if found != _plain(wanted):
            yield f"expected {name} {_plain(wanted)}, found {found}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if value is None or value == "none":
        return "none"
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)
