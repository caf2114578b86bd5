"""Only what a shape names is kept, and contacts are digests at once."""

from typing import Any

import pytest

from support.deliveries import CONTACTS
from tactful.connectors.allow_list import (
    CUSTOMER,
    EMAIL,
    KEEP,
    MAX_TEXT,
    ORDER,
    PHONE,
    Entries,
    Kept,
    Reduction,
    Shape,
    strip,
)
from tactful.core.facts.shopper_contacts import contact_hash, contact_key_digest

MIA = contact_key_digest(CONTACTS.key, contact_hash("mia@shop.example"))


def test_only_named_fields_are_kept() -> None:
    payload = {"id": 7, "note": "call me", "lines": [{"sku": "A", "gift_note": "for Bo"}, "odd"]}
    shape: Shape = {"id": KEEP, "lines": [{"sku": KEEP}], "absent": KEEP}
    assert strip(payload, shape, CONTACTS).fields == {"id": 7, "lines": [{"sku": "A"}, None]}


def test_contacts_become_digests_and_subjects() -> None:
    payload = {"email": " Mia@Shop.example", "phone": "030 901820", "other": "nobody"}
    kept = strip(payload, {"email": EMAIL, "phone": PHONE, "other": EMAIL}, CONTACTS)
    assert kept.fields["email"] == MIA
    assert kept.fields["other"] is None
    assert "901820" not in str(kept)
    assert kept.subjects == (("contact", MIA), ("contact", kept.fields["phone"]))


def test_customers_and_orders_are_subjects_and_a_guest_is_none() -> None:
    shape: Shape = {"id": ORDER, "customer": CUSTOMER}
    assert strip({"id": 7, "customer": "mia"}, shape, CONTACTS).subjects == (
        ("order", "7"),
        ("customer", "mia"),
    )
    assert strip({"id": 7, "customer": 0}, shape, CONTACTS).subjects == (("order", "7"),)


def test_of_named_entries_only_the_listed_names_are_kept() -> None:
    rows = [{"key": "offer", "value": "of_1"}, {"key": "note", "value": "secret"}, "odd", {}]
    assert strip(rows, Entries(frozenset({"offer"})), CONTACTS).fields == {"offer": "of_1"}
    rows = [{"id": 12, "value": "defect"}]
    shape = Entries(frozenset({"12"}), key="id")
    assert strip(rows, shape, CONTACTS).fields == {"12": "defect"}
    assert strip("none", shape, CONTACTS).fields == {}


@pytest.mark.parametrize(
    ("value", "shape"),
    [({"deep": {"note": "x"}}, KEEP), ("text", {"a": KEEP}), ("text", [KEEP]), ({}, [KEEP])],
)
def test_a_field_of_another_type_than_its_shape_is_dropped(value: Any, shape: Shape) -> None:
    assert strip(value, shape, CONTACTS).fields is None


def test_a_kept_list_holds_no_objects_and_a_text_is_cut() -> None:
    kept = strip({"tags": ["a", {"b": 1}, "x" * 9999]}, {"tags": KEEP}, CONTACTS)
    assert kept.fields == {"tags": ["a", "x" * MAX_TEXT]}


def test_a_reduction_keeps_what_its_function_returns_with_its_subjects() -> None:
    reduction = Reduction(lambda value, _: Kept({"length": len(value)}, (("order", "7"),)))
    kept = strip({"text": "secret"}, {"text": reduction}, CONTACTS)
    assert kept == Kept({"text": {"length": 6}}, (("order", "7"),))
