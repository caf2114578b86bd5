"""What a customer bought and kept, and what they paid."""

from typing import Any

import pytest

from support.builders import (
    DAY,
    T0,
    line,
    order,
    returned,
    scene,
)
from support.naive_assembly import NaiveShop
from support.suppressions import CATALOGUE, RUN, reasons
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import AnyFact, Gone
from tactful.core.facts.purchases import derive_purchases
from tactful.core.gates.suppression import check_price_regret
from tactful.core.rules.policy import Policy
from tactful.rulebook.testing.fact_set import FactSet


def bought(sku: str = "RUN-42", **fields: Any) -> AnyFact:
    fields.setdefault("placed_at", T0)
    return order("o1", line(sku, fields.pop("qty", 1), gift=fields.pop("gift", False)), **fields)


def test_a_durable_is_owned_for_a_year_in_every_variant() -> None:
    for sku in RUN:
        assert reasons(sku, bought(), now=T0 + 365 * DAY - 1) == ["owned.already"]
        assert reasons(sku, bought(), now=T0 + 365 * DAY) == []
    assert reasons("TRAIL-42", bought()) == []


def test_a_consumable_is_due_after_four_fifths_of_its_interval() -> None:
    assert reasons("SOCK-3", bought("SOCK-3"), now=T0 + 72 * DAY - 1) == ["owned.already"]
    assert reasons("SOCK-3", bought("SOCK-3"), now=T0 + 72 * DAY) == []


@pytest.mark.parametrize("status", ["placed", "shipped", "delivered"])
def test_open_orders_count(status: str) -> None:
    assert reasons("RUN-42", bought(status=status)) == ["owned.already"]


def test_cancelled_gift_and_others_lines_do_not_count() -> None:
    for told in (bought(status="cancelled"), bought(gift=True), bought(customer="c2")):
        assert reasons("RUN-42", told) == []


def test_what_came_back_is_not_owned() -> None:
    back = ("RUN-42", "changed_mind")
    for named in ("o1", None):
        assert reasons("RUN-42", bought(), returned("b1", back, order=named)) == []
    assert reasons("RUN-42", bought(qty=2), returned("b1", back, order="o1")) == ["owned.already"]
    two = returned("b1", ("RUN-42", "changed_mind", 2), order="o1")
    assert reasons("RUN-42", bought(qty=2), two) == []
    other = returned("b1", back, order="o9")
    assert reasons("RUN-42", bought(), other) == ["owned.already"]


def test_a_return_is_taken_from_the_gift_first() -> None:
    mixed = order("o1", line(), line(gift=True), placed_at=T0)
    back = returned("b1", ("RUN-42", "changed_mind"), order="o1")
    assert reasons("RUN-42", mixed, back) == ["owned.already"]


def test_a_return_without_an_order_is_taken_from_the_latest() -> None:
    told = [bought(), order("o0", "RUN-42", placed_at=T0 - 364 * DAY)]
    back = returned("b1", ("RUN-42", "changed_mind"))
    assert reasons("RUN-42", *told, back, now=T0 + DAY - 1) == ["owned.already"]
    assert reasons("RUN-42", *told, back, now=T0 + DAY) == []


def regretted(unit: int, *told: AnyFact, now: int = T0, currency: str = "EUR") -> bool:
    shop = NaiveShop((one, T0 - 500 * DAY) for one in (*CATALOGUE, *told))
    here = scene(now=now, item=shop.item("SOCK-3"), profile=profile(shop.history("c1"), Policy()))
    return bool([*check_price_regret(here, unit, currency, Policy())])


def test_within_30_days_no_offer_goes_below_the_price_paid() -> None:
    paid = order("o1", line("SOCK-3", unit=1990), placed_at=T0)
    assert regretted(1989, paid)
    assert not regretted(1990, paid)
    assert regretted(1989, paid, now=T0 + 30 * DAY - 1)
    assert not regretted(1989, paid, now=T0 + 30 * DAY)
    assert not regretted(1989, paid, currency="GBP")


def test_a_gift_was_paid_for_too_and_what_came_back_was_not() -> None:
    gift = order("o1", line("SOCK-3", unit=1990, gift=True), placed_at=T0)
    assert regretted(1989, gift)
    assert not regretted(1989, gift, returned("b1", ("SOCK-3", "changed_mind"), order="o1"))


def facts_of(*told: AnyFact) -> set[str]:
    """The products that a customer owns."""
    known = FactSet()
    for fact in (*CATALOGUE, *told):
        known.add(fact, T0)
    return set(derive_purchases(known.history("c1")))


def test_cancelled_units_and_lines_without_an_sku_are_not_owned() -> None:
    assert reasons("RUN-42", order("o1", line(cancelled_qty=1), placed_at=T0)) == []
    assert reasons("RUN-42", order("o1", line(qty=2, cancelled_qty=1), placed_at=T0))
    assert facts_of(order("o1", line(""), line("TRAIL-42"))) == {"trail"}


def test_refunded_units_that_were_not_sent_back_are_owned() -> None:
    assert facts_of(order("o1", line("TRAIL-42", refunded_qty=1))) == {"trail"}


def test_a_return_may_name_another_id_of_the_order() -> None:
    bought_once = order("o1", line("TRAIL-42"), also=("cart-7",))
    back = returned("b1", ("TRAIL-42", "changed_mind"), order="cart-7")
    assert facts_of(bought_once, back) == set()


def test_an_order_that_is_gone_is_not_owned() -> None:
    bought_once = order("o1", "TRAIL-42", version=1)
    assert facts_of(bought_once, Gone(of="order", order="o1", version=2)) == set()
    assert facts_of(bought_once, Gone(of="order", order="o1", version=0)) == {"trail"}
