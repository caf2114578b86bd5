"""Erased customers are replaced in a turn before it is written."""

import msgspec
from msgspec import structs

from support.ledger_rows import entry, offer, push
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.shared.erased_ids import (
    action_without_erased_id,
    subjects_without,
    without_erased_ids,
)

PACKED = msgspec.msgpack.encode({"customer": "c1", "seen": ["c1", "c12"]})


def alias(kind: str, ident: str) -> str | None:
    return "erased-1" if (kind, ident) == ("customer", "c1") else None


def test_a_turn_that_names_no_erased_customer_is_the_same_object() -> None:
    turn = structs.replace(push(offer(customer="c2")), entry=entry(customer=None))
    assert without_erased_ids(turn, alias) is turn


def test_an_erased_customer_is_replaced_everywhere() -> None:
    made = entry(customer="c1", signal=PACKED, inputs=PACKED, trace=None)
    turn = structs.replace(
        push(offer(customer="c1")),
        state=PACKED,
        customer="c1",
        contacts={"c1": ContactWrite(0, b""), "c2": ContactWrite(0, b"")},
        entry=made,
    )
    written = without_erased_ids(turn, alias)
    assert written.customer == written.offers[0].customer == "erased-1"
    assert list(written.contacts) == ["c2"]
    expected = msgspec.msgpack.encode({"customer": "erased-1", "seen": ["erased-1", "c12"]})
    assert written.state == expected
    assert written.entry is not None
    assert (written.entry.customer, written.entry.signal) == ("erased-1", expected)
    assert (written.entry.inputs, written.entry.trace) == (expected, None)


def test_a_customer_whom_only_the_state_names_is_replaced_in_it() -> None:
    turn = Commit(session="s1", state=PACKED, names=("c2", "c1"))
    written = without_erased_ids(turn, alias)
    assert written.customer is None
    assert written.state == msgspec.msgpack.encode(
        {"customer": "erased-1", "seen": ["erased-1", "c12"]}
    )


def test_subjects_are_replaced_in_place() -> None:
    subjects = (("sku", "a"), ("customer", "c1"))
    hidden = {("customer", "c1"): ("customer", "~1")}
    assert subjects_without(subjects, hidden) == (("sku", "a"), ("customer", "~1"))


def test_an_action_names_the_alias_of_an_erased_customer_only() -> None:
    action = OperatorAction(at=1, who="Ada", act="fact.stated", subject="c1", customer="c1")
    written = action_without_erased_id(action, alias)
    assert (written.customer, written.subject) == ("erased-1", "erased-1")
    for customer in ("c2", None):
        other = structs.replace(action, customer=customer)
        assert action_without_erased_id(other, alias) is other
