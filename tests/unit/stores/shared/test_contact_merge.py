"""A contact history that was written meanwhile is united with the write."""

import msgspec

from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.runtime.ports.ledger_rows import ContactWrite, SavedContact
from tactful.stores.shared.contact_merge import next_contact

DECODE = msgspec.msgpack.Decoder(ContactHistory).decode
PUSHED = NO_CONTACT.with_approach("of_1", "r1", "se_1", 5)
DISMISSED = NO_CONTACT.with_cooldown("rule", "r2", 99).with_quiet_until(50)


def body(history: ContactHistory) -> bytes:
    return msgspec.msgpack.encode(history)


def test_a_first_history_gets_revision_one() -> None:
    assert next_contact(None, ContactWrite(0, b"x")) == SavedContact(1, b"x")


def test_a_history_made_from_the_stored_one_replaces_it() -> None:
    known = SavedContact(4, body(PUSHED))
    assert next_contact(known, ContactWrite(4, b"x")) == SavedContact(5, b"x")
    assert next_contact(known, ContactWrite(None, b"x")) == SavedContact(5, b"x")


def test_a_stale_history_loses_neither_pushes_nor_dismissals() -> None:
    made = next_contact(SavedContact(4, body(PUSHED)), ContactWrite(3, body(DISMISSED)))
    united = DECODE(made.body)
    assert made.revision == 5
    assert united.approaches == PUSHED.approaches
    assert united.cooldown_until("rule", "r2") == 99
    assert united.quiet_until == 50


def test_a_history_that_cannot_be_decoded_is_replaced() -> None:
    assert next_contact(SavedContact(4, b"\xc1"), ContactWrite(3, b"x")).body == b"x"
