"""What is known about an SKU; what nobody reported is unknown."""

import pytest

from support.builders import cost, item, kept, product, stock
from tactful.core.facts.fact_types import Gone
from tactful.core.facts.item import Item


def test_an_unknown_item_is_its_own_product_and_has_nothing() -> None:
    ghost = Item(sku="GHOST")
    assert (ghost.product_id, ghost.brand) == ("GHOST", None)
    assert ghost.available("DE") is None
    assert ghost.stock_at("DE") is None
    assert ghost.cost("DE", "EUR") is None


def test_stock_is_the_sum_of_its_locations_as_old_as_the_latest_report() -> None:
    rows = (kept(stock(available=2), 5), kept(stock(available=-1, location="attic"), 9))
    both = item(stock={"DE": rows})
    assert both.available("DE") == 1
    assert both.stock_at("DE") == 9
    assert both.available("GB") is None


def test_a_cost_of_the_territory_goes_before_one_of_the_currency() -> None:
    here, euros = kept(cost(amount=5, territory="DE")), kept(cost(amount=9))
    both = item(costs={"DE": here, "EUR": euros})
    assert both.cost("DE", "EUR") is here
    assert both.cost("AT", "EUR") is euros
    assert both.cost("GB", "GBP") is None


def test_a_known_item_has_the_product_and_the_brand_of_its_entry() -> None:
    shoe = item(product=kept(product(brand="Velo")))
    assert (shoe.product_id, shoe.brand) == ("run", "Velo")


@pytest.mark.parametrize("policy", ["backorder", "untracked"])
def test_stock_that_nobody_counts_has_no_number(policy: str) -> None:
    free = item(stock={"DE": (kept(stock(available=None, policy=policy)),)})
    assert not free.is_counted("DE")
    assert free.is_counted("GB")
    assert free.available("DE") is None


def test_a_product_that_is_not_sold_any_more_is_not_available() -> None:
    shelf = {"DE": (kept(stock(available=5)),)}
    ended = kept(Gone(of="product", sku="RUN-42"))
    assert item(stock=shelf).ended is None
    gone = item(product=kept(product()), stock=shelf, end=ended)
    assert (gone.ended, gone.available("DE")) == ("gone", 0)
    stopped = item(product=kept(product(status="discontinued")), stock=shelf)
    assert (stopped.ended, stopped.available("DE")) == ("discontinued", 0)


def test_an_item_is_reported_once_any_fact_is_about_it_or_its_product() -> None:
    assert not Item(sku="GHOST").is_reported
    for known in (
        Item(sku="RUN-42", product=kept(product())),
        Item(sku="RUN-42", stock={"DE": (kept(stock()),)}),
        Item(sku="RUN-42", end=kept(Gone(of="product", sku="RUN-42"))),
    ):
        assert known.is_reported
