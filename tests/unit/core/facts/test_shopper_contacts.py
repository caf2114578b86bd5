"""Contacts are hashed when they are read, keyed when they are stored, and only tighten."""

import hashlib
import json
from typing import Any

import pytest

from tactful.core.customer.profile import profile
from tactful.core.facts.fact_codec import FactRejection, decode, encode, read_fact
from tactful.core.facts.fact_types import AnyFact, subjects_of
from tactful.core.facts.shopper_contacts import (
    Contact,
    contact_hash,
    contact_key_digest,
    email_form,
    hashed,
    is_contact_hash,
    keyed,
    own_contacts,
)
from tactful.core.rules.policy import Policy
from tactful.rulebook.testing.fact_set import FactSet

KEY = b"k" * 32
MIA = {"email": "Mia@Shop.example "}
T0 = 1_773_144_000_000
DATE = "2026-03-01T10:00:00Z"


def fact(of: str, ident: str, /, **fields: Any) -> Any:
    found = decode(json.dumps({"type": of, of: ident, **fields}).encode())
    assert not isinstance(found, FactRejection), found
    return found


def case(ident: str, **fields: Any) -> Any:
    return fact("case", ident, kind="defect", status="open", opened_at=DATE, **fields)


def order(ident: str, **fields: Any) -> Any:
    line = {"sku": "RUN-42", "qty": 1, "unit": {"amount": 100, "currency": "EUR"}}
    given = {"territory": "DE", "placed_at": DATE, "status": "delivered", "lines": [line]}
    return fact("order", ident, **{**given, **fields})


def known(*facts: AnyFact) -> FactSet:
    found = FactSet()
    product = {"type": "product", "sku": "RUN-42", "product": "run", "title": "Shoe"}
    shoe = decode(json.dumps(product).encode())
    assert not isinstance(shoe, FactRejection)
    for one in (shoe, *facts):
        found.add(one, T0)
    return found


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" Mia@Shop.Example", "mia@shop.example"),
        ("mia+news@bücher.example", "mia+news@xn--bcher-kva.example"),
        ("mio\u0301@shop.example", "mi\u00f3@shop.example"),
        ('"a@b"@shop.example', '"a@b"@shop.example'),
        ("mia", None),
        ("@shop.example", None),
        ("mia@", None),
        ("mia@shop..example", None),
    ],
)
def test_the_normal_form_of_an_address(text: str, form: str | None) -> None:
    assert email_form(text) == form


def test_a_contact_in_clear_and_its_hash_are_the_same() -> None:
    told = hashlib.sha256(b"mia@shop.example").hexdigest()
    for given in (MIA, {"email_hash": told}):
        assert fact("customer", "mia", contact=given).contact == Contact(email_hash=told)
    assert contact_hash("mia@shop.example") == told
    assert is_contact_hash(told)
    assert not is_contact_hash(told.upper())


def test_nothing_in_clear_leaves_the_reading_of_a_fact() -> None:
    told = case("k1", contact={"email": "mia@shop.example", "phone": "+49 30 901820"})
    assert b"mia" not in encode(told)
    assert b"901820" not in encode(told)


def test_a_national_number_is_read_in_the_territory_of_its_fact() -> None:
    german = order("o1", contact={"phone": "030 901820"})
    assert german.contact == Contact(phone_hash=contact_hash("+4930901820"))


def test_what_cannot_be_read_of_a_contact_is_ignored_and_noted() -> None:
    reading = read_fact(
        json.dumps({
            "type": "case", "case": "k", "order": "o1", "kind": "defect", "status": "open",
            "opened_at": DATE, "contact": {"phone": "030 901820", "email": "mia"},
        }).encode()
    )  # fmt: skip
    assert [note.path for note in reading.notes] == ["contact.email", "contact.phone"]
    assert getattr(reading.result, "contact", 1) is None
    assert hashed(Contact(), None) == (None, [])


def test_a_hash_that_is_none_is_refused() -> None:
    given = {"type": "case", "case": "k", "kind": "defect", "status": "open", "opened_at": DATE}
    refused = decode(json.dumps(given | {"contact": {"email_hash": "MIA"}}).encode())
    assert isinstance(refused, FactRejection)
    assert [error.path for error in refused.errors] == ["contact.email_hash"]
    nobody = decode(json.dumps(given | {"contact": {"email": "mia"}}).encode())
    assert isinstance(nobody, FactRejection)
    assert "contact" in nobody.message


@pytest.mark.parametrize("kind", ["review", "remedy"])
def test_a_review_or_voucher_of_nobody_is_refused(kind: str) -> None:
    rest = {
        "review": {"sku": "RUN-42", "rating": 1, "at": DATE},
        "remedy": {"value": {"percent_bp": 10}, "cause": {"order": "o"}, "expires_at": DATE},
    }[kind]
    refused = decode(json.dumps({"type": kind, kind: "x", **rest}).encode())
    assert isinstance(refused, FactRejection)
    assert [error.path for error in refused.errors] == ["customer"]
    assert not isinstance(
        decode(json.dumps({"type": kind, kind: "x", **rest, "contact": MIA}).encode()),
        FactRejection,
    )


def test_a_stored_contact_is_keyed_and_its_subject_is_the_keyed_digest() -> None:
    stored = keyed(case("k1", contact=MIA), KEY)
    digest = contact_key_digest(KEY, contact_hash("mia@shop.example"))
    assert ("contact", digest) in [*subjects_of(stored)]
    assert contact_hash("mia@shop.example").encode() not in encode(stored)
    without = case("k2", order="o1")
    assert keyed(without, KEY) is without


def test_the_contacts_of_a_customer_are_those_of_their_own_facts() -> None:
    other = case("k1", customer="omar", purchaser="mia", contact={"email": "omar@shop.example"})
    mine = order("o1", customer="mia", contact=MIA)
    assert own_contacts("mia", [other, mine]) == {contact_hash("mia@shop.example")}


def test_a_case_known_by_an_address_only_suppresses_for_the_customer_who_has_it() -> None:
    about, complaint = (
        fact("customer", "mia", contact=MIA),
        case("k1", contact=MIA, skus=["RUN-42"]),
    )
    facts = known(about, complaint, fact("customer", "omar", contact={"email": "o@shop.example"}))
    found = profile(facts.history("mia"), Policy()).taints
    assert set(found.products) == {"run"}
    assert not profile(facts.history("omar"), Policy()).taints.products


def test_a_case_that_names_an_order_and_nobody_takes_the_orders_contact() -> None:
    facts = known(
        fact("customer", "mia", contact=MIA), order("o1", contact=MIA), case("k1", order="o1")
    )
    assert set(profile(facts.history("mia"), Policy()).taints.products) == {"run"}


def test_an_order_known_by_an_address_is_owned_and_gives_nothing() -> None:
    facts = known(fact("customer", "mia", contact=MIA), order("o1", contact=MIA))
    (bought,) = profile(facts.history("mia"), Policy()).purchases["run"]
    assert bought.linked
    facts.add(order("o2", customer="mia"), T0)
    assert [one.linked for one in profile(facts.history("mia"), Policy()).purchases["run"]] == [
        True,
        False,
    ]


def test_a_return_on_an_order_of_the_same_address_concerns_the_customer() -> None:
    back = fact("return", "r1", order="o1", at=DATE, status="received")
    facts = known(
        fact("customer", "mia", contact=MIA), order("o1", customer="other", contact=MIA), back
    )
    found = profile(facts.history("mia"), Policy()).taints
    assert [one.reason for one in found.products["run"]] == ["return.recent"]
    alone = fact("return", "r2", customer="other", at=DATE, status="received", contact=MIA,
                 lines=[{"sku": "RUN-42", "qty": 1, "reason": "fit"}])  # fmt: skip
    facts = known(fact("customer", "mia", contact=MIA), alone)
    assert "RUN-42" in profile(facts.history("mia"), Policy()).taints.skus


def test_a_link_never_grants_a_voucher() -> None:
    voucher = fact("remedy", "v", contact=MIA, value={"percent_bp": 10}, cause={"order": "o1"},
                   expires_at=DATE)  # fmt: skip
    assert not known(fact("customer", "mia", contact=MIA), voucher).history("mia").remedies
