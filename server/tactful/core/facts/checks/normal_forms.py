"""Normal forms of texts and instants, so that equal things compare equal everywhere.

Instants with which many systems write "no date" are read as absent, and noted.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from unicodedata import is_normalized, normalize

from msgspec import structs

from tactful.core.facts.checks.findings import FieldFinding, FieldNote, finding
from tactful.core.facts.fact_types import (
    AnyFact,
    Case,
    Customer,
    Fact,
    Feed,
    Objection,
    Order,
    Price,
    Product,
    Remedy,
    Return,
    Review,
)
from tactful.core.facts.shopper_contacts import Contact, hashed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_DATE_TEXTS: Final = ("0000-00-00", "0001-01-01")

OPTIONAL_INSTANTS: Final[Mapping[type[Fact], tuple[str, ...]]] = {
    Price: ("since",),
    Order: ("promised_by", "delivered_at"),
    Case: ("resolved_at",),
    Feed: ("at",),
    Objection: ("until",),
}
"""Kind of fact → its instants that may be absent, besides `version`."""
REQUIRED_INSTANTS: Final[Mapping[type[Fact], tuple[str, ...]]] = {
    Order: ("placed_at",),
    Return: ("at",),
    Case: ("opened_at",),
    Review: ("at",),
    Remedy: ("expires_at",),
}
"""Kind of fact → its instants that must be there."""


def is_no_date(instant: datetime) -> bool:
    """Return whether an instant means that there is no date: the year 1, or the Unix epoch."""
    return instant.year == 1 or instant == _EPOCH


def is_no_date_text(value: Any) -> bool:
    """Return whether a text that is no instant means that there is no date, such as `0000-00-00`."""
    return isinstance(value, str) and value.startswith(_NO_DATE_TEXTS)


def normalised(fact: AnyFact) -> tuple[AnyFact, list[FieldNote]]:
    """Return a fact in its normal form, with a note for each value that was read as absent."""
    absent: dict[str, Any] = {}
    kind = type(fact)
    for name in OPTIONAL_INSTANTS.get(kind, ()):
        value = getattr(fact, name)
        if value is not None and is_no_date(value):
            absent[name] = None
    version = fact.version
    if isinstance(version, datetime) and is_no_date(version):
        absent["version"] = None
    texts = _TEXTS.get(kind)
    changes = texts(fact) if texts else {}
    notes = [absent_note(name) for name in absent]
    contact: Contact | None = getattr(fact, "contact", None)
    if contact is not None:
        changes["contact"], ignored = hashed(contact, getattr(fact, "territory", None))
        notes += [FieldNote(f"contact.{name}", message) for name, message in ignored]
    if absent or changes:
        fact = structs.replace(fact, **absent, **changes)
    return fact, notes


def absent_note(name: str) -> FieldNote:
    """Return the note that an instant was read as absent."""
    return FieldNote(name, f"`{name}` is an instant that means no date: read as absent.")


def missing_instants(fact: AnyFact) -> Iterator[FieldFinding]:
    """Yield the required instants that mean that there is no date."""
    for name in REQUIRED_INSTANTS.get(type(fact), ()):
        value: datetime = getattr(fact, name)
        if is_no_date(value):
            message = f"`{name}` is {value.isoformat()}, which means no date. Write when it was."
            yield finding("fact.invalid", name, message)


def category_path(text: str) -> str:
    """Return a category in its normal form: `/Shoes / Running/` is `Shoes/Running`."""
    parts = (trimmed(part) for part in text.split("/"))
    return "/".join(part for part in parts if part)


def trimmed(text: str) -> str:
    """Return a text in Unicode's composed form (NFC) with single spaces and none at its ends."""
    if text.isascii() and text == text.strip() and "  " not in text and text.isprintable():
        return text
    return " ".join(normalize("NFC", text).split())


def _product(fact: Product) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if not is_normalized("NFC", fact.title):
        changes["title"] = normalize("NFC", fact.title)
    if fact.brand is not None and (brand := trimmed(fact.brand)) != fact.brand:
        changes["brand"] = brand or None
    if fact.categories:
        paths = tuple(dict.fromkeys(filter(None, map(category_path, fact.categories))))
        if paths != fact.categories:
            changes["categories"] = paths
    return changes


def _customer(fact: Customer) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if fact.tier is not None and (tier := trimmed(fact.tier)) != fact.tier:
        changes["tier"] = tier or None
    segments = tuple(dict.fromkeys(filter(None, map(trimmed, fact.segments))))
    if segments != fact.segments:
        changes["segments"] = segments
    for field in ("group", "name"):
        text: str | None = getattr(fact, field)
        if text is not None and (clean := trimmed(text)) != text:
            changes[field] = clean or None
    return changes


_TEXTS: Final[Mapping[type[Fact], Callable[[Any], dict[str, Any]]]] = {
    Product: _product,
    Customer: _customer,
}
