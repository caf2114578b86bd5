"""What is known about an SKU; what nobody reported is unknown."""

from support.builders import cost, item, kept, product, stock
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
