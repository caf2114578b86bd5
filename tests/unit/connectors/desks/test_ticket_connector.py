"""The connector of a help desk."""

from typing import Any

import msgspec
import pytest

from support.builders import customer, order
from support.desk_mappings import CONTACTS, plain_mapping, plain_ticket
from tactful.connectors.allow_list import strip
from tactful.connectors.connector import Mapped, Terms, UnreadableDeliveryError
from tactful.connectors.desks.ticket_connector import TOPIC, ticket_connector
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact, Case
from tactful.core.facts.shopper_contacts import Contact

DESK = ticket_connector(plain_mapping().file)
MIA = Contact(email_hash=CONTACTS.email("mia@shop.example"))
EVE = Contact(email_hash=CONTACTS.email("eve@shop.example"))


def mapped(*known: AnyFact, **fields: Any) -> Mapped:
    kept = strip(plain_ticket(**fields), DESK.kept[TOPIC], CONTACTS)
    stored = msgspec.json.decode(msgspec.json.encode(kept.fields))
    return DESK.map(TOPIC, stored, Terms(known=known))


def case_from(*known: AnyFact, **fields: Any) -> Case:
    (fact,) = mapped(*known, **fields).facts
    found = fact_codec.decode(msgspec.json.encode(fact))
    assert isinstance(found, Case)
    return found


def test_the_id_of_a_delivery_is_that_of_the_sender_or_the_digest_of_its_body() -> None:
    own = DESK.envelope({"webhook-id": "msg_1"}, plain_ticket())
    assert (own.id, own.topic, own.about) == ("msg_1", TOPIC, "case T-1")
    one, again, other = (
        DESK.envelope({}, plain_ticket(tags=tags)).id for tags in (["a"], ["a"], ["b"])
    )
    assert one == again
    assert one != other


def test_what_is_no_ticket_is_unreadable() -> None:
    with pytest.raises(UnreadableDeliveryError, match="has no `id`"):
        DESK.envelope({}, {"hello": 1})


def test_only_what_a_case_needs_is_kept_and_an_erasure_finds_it() -> None:
    ticket = plain_ticket(subject="Secret 1002", customer="mia", order="1001")
    kept = strip(ticket, DESK.kept[TOPIC], CONTACTS)
    assert b"ecret" not in msgspec.json.encode(kept.fields)
    assert set(kept.subjects) == {
        ("customer", "mia"),
        ("order", "1001"),
        ("order", "1002"),
        ("contact", MIA.email_hash),
    }


def test_the_facts_about_the_case_and_the_orders_in_the_text_are_read() -> None:
    kept = strip(plain_ticket(subject="about 1002"), DESK.kept[TOPIC], CONTACTS)
    assert DESK.reads(TOPIC, kept.fields) == (
        ("case", "T-1"),
        ("order", "1002"),
        ("contact", MIA.email_hash),
    )
    kept = strip(plain_ticket(), DESK.kept[TOPIC], CONTACTS)
    assert DESK.reads(TOPIC, kept.fields) == (("case", "T-1"),)


@pytest.mark.parametrize(
    ("known", "own"),
    [
        ((order("1002", customer="mia"),), True),
        ((order("1002", customer="eve"),), False),
        ((order("1002", customer=None, contact=MIA),), True),
        ((order("1002", customer=None, contact=EVE),), False),
        ((order("1002", customer="m2"), customer("m2", contact=MIA)), True),
        ((order("1002", customer="m2"), customer("m2", contact=EVE)), False),
        ((order("cart-1", customer="mia", also=("1002",)),), True),
        ((), False),
    ],
)
def test_a_number_in_the_text_is_an_order_only_if_it_is_the_shoppers_own(
    known: tuple[AnyFact, ...], own: bool
) -> None:
    case = case_from(*known, customer="mia", subject="about 1002")
    assert case.order == ("1002" if own else None)
    assert case.linked_by == ("order_text" if own else "customer")


def test_a_later_delivery_continues_the_known_case() -> None:
    before = case_from(sku="A", kind="defect")
    case = case_from(before, changed="2026-03-09T10:00:00Z", status="done")
    assert (case.skus, case.kind, case.status) == (("A",), "defect", "resolved")
    other = case_from(before, id=2)
    assert (other.skus, other.kind) == ((), "unknown")


def test_what_was_not_understood_is_told() -> None:
    assert mapped(kind="odd").dropped == ("The mapping file has no row for 'kind odd'.",)
    nobody = mapped(email=None)
    assert (nobody.facts, len(nobody.dropped)) == ((), 1)
