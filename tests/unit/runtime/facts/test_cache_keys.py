"""Keys by which a changed fact finds the items and customers that depend on it."""

from support.builders import item, kept, product
from tactful.runtime.facts.cache_keys import (
    customer_key,
    history_keys,
    item_dependencies,
    item_key,
)


def test_an_item_and_a_customer_of_one_name_have_different_keys() -> None:
    assert item_key("x") != customer_key("x")


def test_a_history_depends_on_everything_it_names_but_the_customer() -> None:
    assert history_keys([("order", "o1"), ("customer", "c1"), ("sku", "A")]) == [
        "order:o1",
        "sku:A",
    ]


def test_a_bundle_depends_on_its_components_and_their_variants() -> None:
    part = item("PART", product=kept(product("PART", "part")), variants=("PART", "PART-2"))
    bundle = item("SET", product=kept(product("SET", "set")), components=(part,), variants=("SET",))
    assert [*item_dependencies(bundle)] == [
        "product:set", "part:PART", "product:part", "variant:SET", "variant:PART", "variant:PART-2"
    ]  # fmt: skip
