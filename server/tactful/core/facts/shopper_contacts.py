"""Contacts of shoppers: an e-mail address or telephone number, never kept in clear.

A contact links facts of a customer to facts that name no customer, such as a support case that is
known by an e-mail address only. A link only tightens: it can suppress an offer and mark an item as
owned. It gives no price, no segment and no promise, and unites no customers.

What a fact brings is replaced by its SHA-256 as soon as it is read, and by a keyed digest of that
before it is stored. Without the key nobody can test a guess.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeVar
from unicodedata import normalize

from msgspec import Meta, Struct, structs

from tactful.core.facts.fact_values import Fact, Id
from tactful.core.values.phone_numbers import e164

SUBJECT: Final = "contact"
"""The kind of subject under which the facts of a contact are found."""
HASH_CHARS: Final = 64
"""Hexadecimal digits of a digest."""
F = TypeVar("F", bound=Fact)
_HEX: Final = frozenset("0123456789abcdef")


class Contact(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How a shopper can be reached. A stored contact has keyed digests only."""

    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=64)] | None = None
    email_hash: Id | None = None
    """The SHA-256 of the address in normal form, in lower-case hexadecimal digits."""
    phone_hash: Id | None = None
    """The SHA-256 of the number in international form, in lower-case hexadecimal digits."""

    @property
    def hashes(self) -> tuple[str, ...]:
        """The digests of the contact."""
        return tuple(one for one in (self.email_hash, self.phone_hash) if one is not None)


def email_form(text: str) -> str | None:
    """Return an e-mail address in its normal form; `None`: the text is none.

    The form is NFC, without space at the ends, in lower case, with the domain in ASCII (RFC 5890).
    """
    local, at, domain = normalize("NFC", text).strip().lower().rpartition("@")
    if not (at and local and domain):
        return None
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None


def contact_hash(value: str) -> str:
    """Return the SHA-256 of a contact in its normal form, in hexadecimal digits."""
    return hashlib.sha256(value.encode()).hexdigest()


def is_contact_hash(text: str) -> bool:
    """Return whether a text has the form of a contact's digest."""
    return len(text) == HASH_CHARS and _HEX.issuperset(text)


def hashed(contact: Contact, territory: str | None) -> tuple[Contact | None, list[tuple[str, str]]]:
    """Return a contact without anything in clear, and what of it cannot be read.

    Args:
        contact: The contact as it was reported.
        territory: The territory of its fact, in which a national telephone number is read.

    Returns:
        The contact, `None` if nothing of it can be read, and (field, message) of each value that is
        ignored.
    """
    ignored: list[tuple[str, str]] = []
    found: dict[str, str | None] = {}
    forms = (
        ("email", email_form, "is no e-mail address"),
        (
            "phone",
            lambda text: e164(text, territory),
            "cannot be read: write it with + and country",
        ),
    )
    for name, form, problem in forms:
        clear, known = getattr(contact, name), getattr(contact, f"{name}_hash")
        value = form(clear) if clear is not None else None
        if clear is not None and value is None:
            ignored.append((name, f"`contact.{name}` {problem}. It is ignored."))
        found[f"{name}_hash"] = contact_hash(value) if value is not None else known
    kept = Contact(**found)
    return (kept if kept.hashes else None), ignored


def contact_key_digest(key: bytes, value_hash: str) -> str:
    """Return what is kept of a contact: the HMAC (RFC 2104) of its SHA-256 under the contact key."""
    return hmac.digest(key, bytes.fromhex(value_hash), "sha256").hex()


def keyed(fact: F, key: bytes) -> F:
    """Return a fact as it is stored: the digests of its contact are keyed.

    Args:
        fact: A fact as `fact_codec` has read it.
        key: The contact key.
    """
    contact: Contact | None = getattr(fact, "contact", None)
    if contact is None:
        return fact
    named = {"email_hash": contact.email_hash, "phone_hash": contact.phone_hash}
    digests = {
        name: contact_key_digest(key, value) for name, value in named.items() if value is not None
    }
    return structs.replace(fact, contact=Contact(**digests))


def contacts_of(fact: Any) -> tuple[str, ...]:
    """Return the digests of a fact's contact; empty: it has none."""
    contact: Contact | None = getattr(fact, "contact", None)
    return contact.hashes if contact is not None else ()


def own_contacts(customer: str, facts: Iterable[Any]) -> frozenset[str]:
    """Return the contacts that the facts of a customer name.

    Args:
        customer: The shop's id of the customer.
        facts: Facts, also of others.
    """
    return frozenset(
        one
        for fact in facts
        if getattr(fact, "customer", None) == customer
        for one in contacts_of(fact)
    )
