"""A ticket as one delivery of a help desk states it, reduced to what a case needs.

Subject and text are read for order numbers and words, and are not kept. Contacts are kept as keyed
digests.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from tactful.connectors.allow_list import ContactDigests
from tactful.connectors.desks.mapping_file import (
    MappingFile,
    Paths,
    StatusTable,
    as_paths,
    normalised,
)
from tactful.connectors.desks.ticket_kinds import KindFinder
from tactful.connectors.objects.instants import InstantError, read_instant
from tactful.connectors.objects.paths import Scalar, as_text, object_at, parse_path, values_at
from tactful.core.facts.fact_values import CaseKind, KindStep
from tactful.core.facts.shopper_contacts import Contact

MAX_ID: Final = 128
"""The most characters of an id in a fact."""
MAX_EMAIL: Final = 320
"""The most characters of an e-mail address."""
MAX_SKUS: Final = 100
"""The most SKUs that are read from one ticket."""
MAX_NUMBERS: Final = 20
"""The most order numbers that are read from the text of one ticket."""
MAX_TEXT: Final = 20_000
"""The most characters of a text that are read."""


class TicketError(Exception):
    """A delivery that is no ticket under the mapping file; the message names the path."""


class Ticket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one delivery says about a ticket."""

    case: str
    status: str
    """`open`, `pending`, `resolved`, `rejected` or `merged`."""
    opened_at: datetime
    version: datetime
    """When the ticket was last changed."""
    resolved_at: datetime | None = None
    merged_into: str | None = None
    customer: str | None = None
    contact: Contact | None = None
    """With keyed digests only."""
    skus: tuple[str, ...] = ()
    """From fields that hold SKUs."""
    tag_skus: tuple[str, ...] = ()
    order: str | None = None
    """From a field that holds an order."""
    stated: tuple[str, ...] = ()
    """From fields that shoppers fill. It counts only if it is an order of the shopper."""
    numbers: tuple[str, ...] = ()
    """What looks like an order number in the text. It counts only if it is one of the shopper."""
    kind: CaseKind = "unknown"
    kind_by: KindStep = "none"
    notes: tuple[str, ...] = ()
    """What was not understood, as `name value` without personal data."""


class TicketReader:
    """Reads the deliveries of one help desk under its mapping file."""

    def __init__(self, mapping: MappingFile) -> None:
        """Prepare the paths and tables of a mapping file that has no errors."""
        self._mapping = mapping
        self._kinds = KindFinder(mapping.kind)
        self._statuses = _status_words(mapping.status)
        self._numbers = [re.compile(text) for text in as_paths(mapping.link.text)]
        paths = mapping.ticket
        self._object = parse_path(mapping.object) if mapping.object else ()
        self._fields = {name: _getter(getattr(paths, name)) for name in paths.__struct_fields__}
        self._sku_fields = _getter(mapping.link.sku, everything=True)
        self._order_fields = _getter(mapping.link.order)
        self._stated_fields = _getter(mapping.link.stated_order, everything=True)
        self._kind_fields = _getter(mapping.kind.field, everything=True)

    def read(self, delivery: Any, contacts: ContactDigests) -> Ticket:
        """Return the ticket of a delivery.

        Args:
            delivery: The decoded JSON.
            contacts: Replaces the contacts of the ticket.

        Raises:
            TicketError: The delivery lacks the id or an instant of the ticket.
        """
        delivery = object_at(self._object, delivery)
        number = self._text("id", delivery)
        if number is None:
            raise TicketError(f"The delivery has no {self._named('id')}: it is no ticket.")
        opened, version = (
            self._instant(name, delivery, required=True) for name in ("opened_at", "version")
        )
        assert opened is not None  # noqa: S101 - `_instant` raised otherwise
        assert version is not None  # noqa: S101 - likewise
        text = " \n".join(
            as_text(value)[:MAX_TEXT]
            for name in ("subject", "body")
            for value in self._fields[name](delivery)[:1]
        )
        tags = _as_tags(self._fields["tags"](delivery))
        kind = self._kinds.find(
            values=self._kind_fields(delivery),
            tags=tags,
            queues=self._fields["queue"](delivery),
            text=text,
        )
        status, status_notes = self._status(delivery)
        merged_into = self._text("merged_into", delivery)
        # A ticket that was not merged may name itself, as in Request Tracker.
        is_merged = merged_into is not None and merged_into != number
        resolved = self._instant("resolved_at", delivery) or version
        return Ticket(
            case=self._case_id(number),
            status="merged" if is_merged else status,
            opened_at=opened,
            version=version,
            resolved_at=max(resolved, opened)
            if status in {"resolved", "rejected"} and not is_merged
            else None,
            merged_into=self._case_id(merged_into) if is_merged and merged_into else None,
            customer=self._text("customer", delivery),
            contact=self._contact(delivery, contacts),
            skus=_ids(self._sku_fields(delivery), MAX_SKUS),
            tag_skus=_ids(_tagged(tags, self._mapping.link.tag), MAX_SKUS),
            order=next(iter(_ids(self._order_fields(delivery), 1)), None),
            stated=_ids(self._stated_fields(delivery), MAX_NUMBERS),
            numbers=self._order_numbers(text),
            kind=kind.kind,
            kind_by=kind.by,
            notes=(*status_notes, *(f"kind {value[:60]}" for value in kind.unmapped)),
        )

    def _text(self, name: str, delivery: Any) -> str | None:
        return next(iter(_ids(self._fields[name](delivery), 1)), None)

    def _case_id(self, number: str) -> str:
        return self._mapping.case.replace("{id}", number)[:MAX_ID]

    def _instant(self, name: str, delivery: Any, *, required: bool = False) -> datetime | None:
        """Return the latest instant of a field.

        Raises:
            TicketError: It cannot be read, or is missing though it is required.
        """
        try:
            read = [read_instant(value) for value in self._fields[name](delivery)]
        except InstantError as error:
            raise TicketError(f"`ticket.{name}`: {error}") from error
        found = [one for one in read if one is not None]
        if found:
            return min(found) if name == "opened_at" else max(found)
        if required:
            raise TicketError(f"The ticket has no {self._named(name)}, which is its `{name}`.")
        return None

    def _named(self, name: str) -> str:
        return " or ".join(f"`{path}`" for path in as_paths(getattr(self._mapping.ticket, name)))

    def _status(self, delivery: Any) -> tuple[str, tuple[str, ...]]:
        """Return the state of the case, and what of it was not understood: such a case is open."""
        for value in self._fields["status"](delivery):
            word = normalised(value)
            if word in self._statuses:
                return self._statuses[word], ()
            return "open", (f"status {word[:60]}",)
        return "open", ("status",)

    def _contact(self, delivery: Any, contacts: ContactDigests) -> Contact | None:
        email = next(iter(_ids(self._fields["email"](delivery)[:1], 1, MAX_EMAIL)), None)
        phone = next(iter(_ids(self._fields["phone"](delivery)[:1], 1)), None)
        found = Contact(
            email_hash=contacts.email(email) if email else None,
            phone_hash=contacts.phone(phone) if phone else None,
        )
        return found if found.hashes else None

    def _order_numbers(self, text: str) -> tuple[str, ...]:
        found = (number for pattern in self._numbers for number in pattern.findall(text))
        return _ids(found, MAX_NUMBERS)


def _status_words(table: StatusTable) -> dict[str, str]:
    return {
        normalised(word): name for name in table.__struct_fields__ for word in getattr(table, name)
    }


def _getter(paths: Paths, *, everything: bool = False) -> Callable[[Any], Sequence[Scalar]]:
    """Return a function that reads the first path with a value, or all paths."""
    parsed = [parse_path(text) for text in as_paths(paths)]

    def read(delivery: Any) -> Sequence[Scalar]:
        found: list[Scalar] = []
        for path in parsed:
            found += values_at(path, delivery)
            if found and not everything:
                break
        return found

    return read


def _ids(values: Iterable[Any], most: int, length: int = MAX_ID) -> tuple[str, ...]:
    """Return values that can be ids in a fact, each once. Fields may hold several, with commas."""
    texts = (part.strip() for value in values for part in as_text(value).split(","))
    return tuple(dict.fromkeys(one for one in texts if 0 < len(one) <= length))[:most]


def _as_tags(values: Sequence[Scalar]) -> Sequence[Scalar]:
    """Return the tags of a ticket. A template of Zendesk writes them all into one text."""
    if len(values) == 1 and isinstance(values[0], str):
        return [values[0], *values[0].split()]
    return values


def _tagged(tags: Iterable[Scalar], start: str) -> Iterable[str]:
    """Return the SKUs of tags such as `sku:RUN-42`. Without a beginning no tag is one."""
    texts = map(as_text, tags)
    return [
        text[len(start) :] for text in texts if start and text.lower().startswith(start.lower())
    ]
