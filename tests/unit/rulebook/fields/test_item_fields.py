"""Readers of the fields on the item and its price."""

from support.rule_files import NOW, item, rule, scene
from tactful.core.values.calendar import HOUR
from tactful.core.values.money import Money
from tactful.rulebook.fields.field_registry import FIELDS
from tactful.rulebook.fields.item_fields import currency, list_price


def test_a_price_that_never_changed_counts_from_when_it_was_reported() -> None:
    since = FIELDS["item.price_since"].read
    assert since is not None
    assert since(scene()) == NOW
    assert since(scene(now=NOW + HOUR)) == NOW


def test_without_a_list_price_nothing_is_on_sale() -> None:
    seen = scene(item())
    assert list_price(seen) == Money(12900, "EUR")
    assert currency(seen) == "EUR"
    assert rule("[item.on_sale: false]").holds_from(seen) == 0
