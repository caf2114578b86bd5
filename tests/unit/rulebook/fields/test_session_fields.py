"""Readers of the fields on the session, the cart and the visit."""

from support.rule_files import item, scene
from tactful.core.facts.item import Item
from tactful.core.values.money import Money
from tactful.rulebook.fields.field_registry import FIELDS


def test_a_cart_with_an_unknown_price_has_no_total() -> None:
    unknown = scene(item(), cart=((Item(sku="X"), 1),))
    read = FIELDS["cart.total"].read
    assert read is not None
    assert read(unknown) is None
    assert read(scene(Item(sku="X"))) is None
    assert read(scene(Item(sku="X"), cart=((item(), 2),))) == Money(25800, "EUR")
