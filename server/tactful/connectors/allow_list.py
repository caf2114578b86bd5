"""Allow-lists of payloads: the fields that are kept, as nested tables of markers.

A shape has the form of the payload. `{"billing": {"email": EMAIL}}` keeps one field of one object, and
`{"lines": [{"sku": KEEP}]}` one field of each object of a list. What no shape names never reaches
the ledger. Contacts are replaced by keyed digests at once.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from msgspec import Struct

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.facts.shopper_contacts import contact_hash, contact_key_digest, email_form
from tactful.core.values.phone_numbers import e164

MAX_TEXT: Final = 4_096
"""Characters of a text that are kept."""
MAX_ITEMS: Final = 5_000
"""Elements of a list that are kept."""


class Marker(Enum):
    """What becomes of a field."""

    KEEP = "keep"
    """It is kept as it is: a text, number, boolean, null, or a list of these."""
    EMAIL = "email"
    """An e-mail address, which is replaced by its keyed digest; `None` if it is none."""
    PHONE = "phone"
    """A telephone number, which is replaced by its keyed digest; `None` if it is none."""
    CUSTOMER = "customer"
    """The id of a customer. It is kept, and an erasure of the customer deletes the delivery."""
    ORDER = "order"
    """The id of an order. It is kept, and an erasure of its customer deletes the delivery."""


KEEP, EMAIL, PHONE, CUSTOMER, ORDER = Marker


class Entries(Struct, frozen=True):
    """A list of objects with a name and a value each, such as custom fields or meta data.

    What is kept of it is an object: name → value, for the names that are listed.
    """

    names: frozenset[str]
    """The names that are kept, as text."""
    key: str = "key"
    """The field with the name."""
    value: str = "value"
    """The field with the value."""


class Reduction(Struct, frozen=True):
    """A payload of which a function keeps something else than its fields.

    Help desks use it: of the text of a ticket only the order numbers and the kind are kept.
    """

    reduce: Callable[[Any, "ContactDigests"], "Kept"]
    """Returns what is kept of the payload."""


Shape = Marker | Entries | Reduction | Mapping[str, "Shape"] | Sequence["Shape"]
"""A marker, the shapes of an object's fields, or a list with the one shape of its elements."""
Subject = tuple[str, str]
"""(`customer` | `order` | `contact`, id), as `fact_types.subjects_of` names them."""


class Kept(Struct, frozen=True):
    """What is kept of a payload."""

    fields: Any
    """The payload without everything that its shape does not name."""
    subjects: tuple[Subject, ...]
    """The persons and orders that it names, each once."""


class ContactDigests(Struct, frozen=True):
    """Replaces contacts by the digests under which the ledger knows them."""

    key: bytes
    """The contact key of the shop."""
    territory: str | None = None
    """Where a national telephone number is read."""

    def email(self, text: str) -> str | None:
        """Return the digest of an e-mail address; `None`: the text is none."""
        return self._digest(email_form(text))

    def phone(self, text: str) -> str | None:
        """Return the digest of a telephone number; `None`: the text is none."""
        return self._digest(e164(text, self.territory))

    def _digest(self, value: str | None) -> str | None:
        return None if value is None else contact_key_digest(self.key, contact_hash(value))


def strip(payload: Any, shape: Shape, contacts: ContactDigests) -> Kept:
    """Return what a shape keeps of a payload.

    A field of another type than its shape is dropped, because nothing says what it holds.
    """
    subjects: dict[Subject, None] = {}
    fields = _strip(payload, shape, contacts, subjects)
    return Kept(fields, tuple(subjects))


def _strip(
    value: Any, shape: Shape, contacts: ContactDigests, subjects: dict[Subject, None]
) -> Any:
    if isinstance(shape, Marker):
        return _READ[shape](value, contacts, subjects)
    if isinstance(shape, Entries):
        return _entries(value, shape)
    if isinstance(shape, Reduction):
        kept = shape.reduce(value, contacts)
        subjects.update(dict.fromkeys(kept.subjects))
        return kept.fields
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            return None
        return {
            name: _strip(value[name], inner, contacts, subjects)
            for name, inner in shape.items()
            if name in value
        }
    if not isinstance(value, list):
        return None
    return [_strip(one, shape[0], contacts, subjects) for one in value[:MAX_ITEMS]]


def _entries(value: Any, shape: Entries) -> dict[str, Any]:
    rows = value[:MAX_ITEMS] if isinstance(value, list) else ()
    return {
        str(row[shape.key]): _plain(row.get(shape.value))
        for row in rows
        if isinstance(row, Mapping) and str(row.get(shape.key)) in shape.names
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, list):
        return [_plain(one) for one in value[:MAX_ITEMS] if not isinstance(one, dict | list)]
    return None if isinstance(value, dict) else value


def _id(value: Any, kind: str, subjects: dict[Subject, None]) -> Any:
    kept = _plain(value)
    if kept and isinstance(kept, str | int):
        subjects[kind, str(kept)] = None
    return kept


def _contact(digest: str | None, subjects: dict[Subject, None]) -> str | None:
    if digest is not None:
        subjects[CONTACT, digest] = None
    return digest


_READ: Final[dict[Marker, Callable[[Any, ContactDigests, dict[Subject, None]], Any]]] = {
    KEEP: lambda value, _contacts, _subjects: _plain(value),
    EMAIL: lambda value, contacts, subjects: _contact(contacts.email(str(value or "")), subjects),
    PHONE: lambda value, contacts, subjects: _contact(contacts.phone(str(value or "")), subjects),
    CUSTOMER: lambda value, _contacts, subjects: _id(value, "customer", subjects),
    ORDER: lambda value, _contacts, subjects: _id(value, "order", subjects),
}
