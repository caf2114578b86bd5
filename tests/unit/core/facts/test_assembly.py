"""Readings of items and histories: what they ask for, and what they make of the answers."""

from collections.abc import Generator, Sequence
from typing import Any, TypeVar

import pytest

from support.builders import (
    DAY,
    T0,
    case,
    cost,
    customer,
    line,
    order,
    price,
    product,
    recall,
    remedy,
    returned,
    review,
    stock,
)
from tactful.core.facts.assembly import (
    CUSTOMER_KINDS,
    ITEM_KINDS,
    LINKED_KINDS,
    FactQuery,
    FactsAbout,
    KeyedFact,
    Versions,
    linked_subjects,
    named_skus,
    read_history,
    read_item,
)
from tactful.core.facts.fact_types import AnyFact, ReportedFact, key_of, kind_of
from tactful.core.facts.price_history import (
    GENERAL_KIND,
    GeneralPrice,
    PublicPrice,
    public_prices,
    with_general_prices,
)
from tactful.core.facts.shopper_contacts import Contact

R = TypeVar("R")


def keyed(*facts: AnyFact, at: int = T0) -> list[KeyedFact]:
    return [((kind_of(one), key_of(one, "")), ReportedFact(one, at)) for one in facts]


def general(rule: str, amount: int, since: int, until: int) -> GeneralPrice:
    return GeneralPrice(rule, "DE", amount, "EUR", since, until)


def answered(
    reading: Generator[FactQuery, Sequence[KeyedFact], R], *answers: Sequence[KeyedFact]
) -> tuple[R, list[FactQuery]]:
    """The result of a reading that gets these answers, and what it asked for."""
    asked = [next(reading)]
    for answer in answers:
        try:
            asked.append(reading.send(answer))
        except StopIteration as finished:
            assert answer is answers[-1], "the reading ended early"
            return finished.value, asked
    raise AssertionError(f"the reading goes on: {asked[-1]}")


def reported(*facts: Any, at: int = T0) -> list[ReportedFact[Any]]:
    return [ReportedFact(one, at) for one in facts]


# items


def test_an_item_is_read_with_its_variants_recalls_and_price_versions() -> None:
    own = keyed(product("A", "p"), price("A", 900), cost("A", 300), stock("A", 2))
    siblings = keyed(product("A", "p"), product("B", "p"))
    old = keyed(price("A", 1000, since=T0 - DAY))
    item, asked = answered(
        read_item("A"), own, siblings, keyed(recall("x1", skus=("B",))), [*old, own[1]]
    )
    assert asked == [
        FactsAbout((("sku", "A"),), ITEM_KINDS),
        FactsAbout((("product", "p"),), ("product", "gone")),
        FactsAbout([("product", "p"), ("sku", "A"), ("sku", "B")], ("recall",)),
        Versions("price", "A|DE|EUR||"),
    ]
    assert (item.product_id, item.variants, item.recalls) == ("p", ("A", "B"), ("x1",))
    assert item.prices["DE"].fact.price.amount == 900
    assert item.costs["EUR"].fact.cost.amount == 300
    assert item.available("DE") == 2
    assert item.history["DE"] == (
        PublicPrice(T0 - DAY, 1000, "EUR"),
        PublicPrice(T0, 900, "EUR"),
    )


def test_an_unreported_item_is_unknown() -> None:
    item, asked = answered(read_item("GHOST"), [])
    assert len(asked) == 1
    assert (item.sku, item.product, item.prices, item.stock) == ("GHOST", None, {}, {})


def test_a_bundle_is_read_with_its_components_and_not_with_theirs() -> None:
    bundle, part = product("SET", "set", components=("A",)), product("A", "a", components=("B",))
    item, asked = answered(
        read_item("SET"), keyed(bundle), keyed(bundle), [], keyed(part), keyed(part), []
    )
    assert [one.sku for one in item.components] == ["A"]
    assert item.components[0].components == ()
    assert FactsAbout((("sku", "B"),), ITEM_KINDS) not in asked


def test_a_recall_counts_once_and_a_lifted_one_does_not() -> None:
    own = keyed(product("A", "p"), recall("x1", skus=("A",)), recall("x2", "lifted", skus=("A",)))
    item, _ = answered(read_item("A"), own, keyed(product("A", "p")), own[1:])
    assert item.recalls == ("x1",)


def test_a_general_offer_is_a_public_price_of_its_territory() -> None:
    offers: list[KeyedFact] = [
        ((GENERAL_KIND, "k"), ReportedFact(general("R1", 700, T0, T0 + DAY), T0)),
    ]
    versions = keyed(price("A", 900, since=T0 - DAY))
    both = keyed(price("A", 900, since=T0 - DAY), price("A", 800, "GB", since=T0 - DAY))
    item, _ = answered(read_item("A"), [*both, *offers], versions, both[1:])
    assert [entry.amount for entry in item.history["DE"]] == [900, 700, 900]
    assert [entry.amount for entry in item.history["GB"]] == [800]


def test_a_price_without_a_start_holds_from_its_report() -> None:
    assert public_prices(reported(price("A", 900), at=T0 + 5)) == (PublicPrice(T0 + 5, 900, "EUR"),)


@pytest.mark.parametrize("first", [1, 2])
def test_of_two_prices_from_one_instant_the_higher_version_is_later(first: int) -> None:
    one, other = (price("A", n, since=T0, version=n) for n in (first, 3 - first))
    assert [entry.amount for entry in public_prices(reported(one, other))] == [1, 2]


def test_prices_without_a_version_are_ordered_by_their_report() -> None:
    late, early = price("A", 2, since=T0), price("A", 1, since=T0)
    found = public_prices([ReportedFact(late, T0 + 9), ReportedFact(early, T0 + 1)])
    assert [entry.amount for entry in found] == [1, 2]
    dated = price("A", 3, since=T0, version=late.since)
    assert public_prices(reported(dated))[0].amount == 3


def test_after_a_general_offer_the_public_price_is_back() -> None:
    public = (PublicPrice(T0, 900, "EUR"), PublicPrice(T0 + 2 * DAY, 950, "EUR"))
    found = with_general_prices(public, [general("R1", 700, T0 + DAY, T0 + 3 * DAY)])
    assert [(one.since - T0, one.amount, one.offered) for one in found] == [
        (0, 900, False),
        (DAY, 700, True),
        (2 * DAY, 950, False),
        (3 * DAY, 950, True),
    ]


def test_a_general_offer_before_any_public_price_has_no_price_to_go_back_to() -> None:
    found = with_general_prices((), [general("R1", 700, T0, T0 + DAY)])
    assert [one.amount for one in found] == [700]


# histories


def test_a_history_follows_orders_and_cases_until_nothing_new_is_named() -> None:
    mine = keyed(order("o1", "A"), returned("r1", ("B", "fit"), order="o2"))
    of_my_order = keyed(case("k1", customer="c9", order="o1", status="merged", merged_into="k2"))
    history, asked = answered(
        read_history("c1"),
        mine,
        of_my_order,
        keyed(order("o2", "B", customer="c8")),
        keyed(case("k2", customer="c9", order="o3")),
        keyed(order("o3", "C", customer="c9")),
        [],
        keyed(product("A", "a"), product("B", "b")),
    )
    assert asked == [
        FactsAbout((("customer", "c1"),), CUSTOMER_KINDS),
        FactsAbout([("order", "o1")], ("case",)),
        FactsAbout([("order", "o1"), ("order", "o2")], ("order", "return", "gone")),
        FactsAbout([("case", "k1"), ("case", "k2")], ("case",)),
        FactsAbout([("order", "o3")], ("order", "return", "gone")),
        FactsAbout([], ("case",)),
        FactsAbout([("sku", "A"), ("sku", "B"), ("sku", "C")], ("product",)),
    ]
    assert [one.fact.order for one in history.orders] == ["o1", "o2", "o3"]
    assert [one.fact.case for one in history.cases] == ["k1", "k2"]
    assert sorted(history.products) == ["A", "B"]


def test_facts_are_read_by_every_contact_that_the_customer_had() -> None:
    before, now = (customer(contact=Contact(email_hash=one)) for one in ("a", "b"))
    history, asked = answered(
        read_history("c1"), keyed(now), [*keyed(before), *keyed(now)], keyed(case("k1")), [], [], []
    )
    assert asked[1:3] == [
        Versions("customer", "c1"),
        FactsAbout([("contact", "a"), ("contact", "b")], LINKED_KINDS),
    ]
    assert history.contacts == {"a", "b"}


def test_components_of_bundles_are_read_and_an_unknown_one_is_asked_for_once() -> None:
    history, asked = answered(
        read_history("c1"),
        keyed(review(sku="SET")),
        [],
        keyed(product("SET", "set", components=("A", "GHOST"))),
        keyed(product("A", "a", components=("GHOST",))),
    )
    assert [one.subjects for one in asked[2:] if isinstance(one, FactsAbout)] == [
        [("sku", "SET")],
        [("sku", "A"), ("sku", "GHOST")],
    ]
    assert sorted(history.products) == ["A", "SET"]


def test_facts_of_one_instant_stand_in_the_order_of_their_keys() -> None:
    mine = keyed(order("o2"), order("o1"))
    history, _ = answered(read_history("c1"), mine, [], mine, [])
    assert [one.fact.order for one in history.orders] == ["o1", "o2"]


def test_orders_and_cases_that_facts_are_or_name() -> None:
    facts = reported(
        order("o1"),
        returned("r1", order=None),
        case("k1", merged_into="k9"),
        case("k2", status="merged", merged_into="k3", order="o2"),
        remedy(case="k4", order="o4"),
        review(),
    )
    assert linked_subjects(facts) == {
        ("order", "o1"),
        ("case", "k1"),
        ("case", "k2"),
        ("case", "k3"),
        ("order", "o2"),
        ("case", "k4"),
        ("order", "o4"),
    }


def test_skus_that_facts_name() -> None:
    facts = reported(
        order("o1", line("A")),
        returned("r1", ("B", "fit")),
        case(skus=("C",)),
        review(sku="D"),
        remedy(skus=("E",)),
        product("F", "f"),
    )
    assert named_skus(facts) == {"A", "B", "C", "D", "E"}


def test_a_cost_of_zero_is_unknown_unless_the_shop_says_that_it_is_zero() -> None:
    for told, known in ((cost("A", 0), False), (cost("A", 0, cost_is_zero=True), True)):
        item, _ = answered(read_item("A"), keyed(told))
        assert (item.cost("DE", "EUR") is not None) is known
