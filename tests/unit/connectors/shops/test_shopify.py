"""Products, stock, costs and customers in Shopify's form, and how its deliveries are recognised."""

from typing import Any

import pytest
from msgspec import structs

from support.deliveries import CONTACTS, facts_of, mapped, read_payload
from tactful.connectors.allow_list import strip
from tactful.connectors.connector import Terms, UnreadableDeliveryError
from tactful.connectors.shops.shopify import SHOPIFY
from tactful.core.facts.fact_types import Cost, Customer, Gone, Price, Product, Stock
from tactful.core.values.calendar import parse_rfc3339
from tactful.core.values.money import Money

US = Terms(territory="US", currency="USD", tax_included=False)
BY_LOCATION = structs.replace(US, locations={"655441491": "US"})
PRODUCT: dict[str, Any] = read_payload("shops/shopify", "product")
HEADERS = {
    "x-shopify-topic": "orders/updated",
    "x-shopify-webhook-id": "w1",
    "x-shopify-triggered-at": "2026-03-01T10:00:00.123456789Z",
}


def test_each_variant_is_a_product_with_its_page_price_and_total_stock() -> None:
    product, price, stock, *others = facts_of(mapped(SHOPIFY, "products/update", PRODUCT, US))
    assert len(others) == 3
    assert isinstance(product, Product)
    assert (product.sku, product.product) == ("IPOD2008PINK", "632910392")
    assert product.title == "IPod Nano - 8GB - Pink"
    assert product.page == "/products/ipod-nano?variant=808950810"
    assert (product.brand, product.categories) == ("Apple", ("Cult Products",))
    assert isinstance(price, Price)
    assert (price.price, price.list, price.tax_included) == (Money(19_900, "USD"), None, False)
    assert isinstance(stock, Stock)
    assert (stock.available, stock.policy, stock.location) == (10, "backorder", None)
    assert stock.version == product.version


def variant(**changes: Any) -> dict[str, Any]:
    return {**PRODUCT, "variants": [{**PRODUCT["variants"][0], **changes}]}


def test_a_variant_that_nobody_counts_is_untracked_and_a_higher_price_before_is_the_list() -> None:
    body = variant(inventory_management=None, compare_at_price="249.00")
    product, price, stock = facts_of(mapped(SHOPIFY, "products/update", body, US))
    assert isinstance(product, Product)
    assert product.page == "/products/ipod-nano"
    assert isinstance(price, Price)
    assert price.list == Money(24_900, "USD")
    assert isinstance(stock, Stock)
    assert (stock.available, stock.policy) == (None, "untracked")


@pytest.mark.parametrize(
    "changes", [{"status": "draft"}, {"status": "archived"}, {"published_at": None}]
)
def test_what_is_not_published_is_not_sold(changes: dict[str, Any]) -> None:
    product = facts_of(mapped(SHOPIFY, "products/update", {**PRODUCT, **changes}, US))[0]
    assert isinstance(product, Product)
    assert product.status == "discontinued"


def test_gift_cards_and_variants_without_an_sku_are_named() -> None:
    assert mapped(SHOPIFY, "products/update", variant(fulfillment_service="gift_card"), US) == (
        mapped(SHOPIFY, "products/create", variant(fulfillment_service="gift_card"), US)
    )
    found = mapped(SHOPIFY, "products/update", variant(fulfillment_service="gift_card"), US)
    assert found.dropped == ("A gift card was left out.",)
    found = mapped(SHOPIFY, "products/update", variant(sku=""), US)
    assert len(found.dropped) == 1
    by_id = structs.replace(US, sku_from_id=True)
    product = facts_of(mapped(SHOPIFY, "products/update", variant(sku=""), by_id))[0]
    assert isinstance(product, Product)
    assert product.sku == "808950810"


def test_stock_of_a_location_takes_its_sku_from_the_inventory_item() -> None:
    level = read_payload("shops/shopify", "inventory_level")
    (fetch,) = mapped(SHOPIFY, "inventory_levels/update", level, BY_LOCATION).fetch
    assert fetch.path.endswith("/inventory_items/808950810.json")
    response = {"inventory_item": read_payload("shops/shopify", "inventory_item")}
    fields = strip(response, SHOPIFY.kept[fetch.topic], CONTACTS).fields
    (stock,) = facts_of(SHOPIFY.map(fetch.topic, {**fields, **fetch.base}, BY_LOCATION))
    assert isinstance(stock, Stock)
    assert (stock.sku, stock.location, stock.available) == ("IPOD2008PINK", "655441491", 6)
    kinds = {
        type(fact) for fact in facts_of(mapped(SHOPIFY, "products/update", PRODUCT, BY_LOCATION))
    }
    assert kinds == {Product, Price}, "a total would replace every location"


def test_without_locations_the_total_of_the_product_is_enough() -> None:
    level = read_payload("shops/shopify", "inventory_level")
    found = mapped(SHOPIFY, "inventory_levels/update", level, US)
    assert (found.facts, found.fetch) == ((), ())
    elsewhere = structs.replace(US, locations={"1": "US"})
    assert len(mapped(SHOPIFY, "inventory_levels/update", level, elsewhere).dropped) == 1


def test_a_cost_a_customer_and_what_is_deleted() -> None:
    item = read_payload("shops/shopify", "inventory_item")
    (cost,) = facts_of(mapped(SHOPIFY, "inventory_items/update", item, US))
    assert isinstance(cost, Cost)
    assert (cost.sku, cost.cost) == ("IPOD2008PINK", Money(2_500, "USD"))
    assert mapped(SHOPIFY, "inventory_items/update", {**item, "cost": None}, US).facts == ()
    body = {"id": 7, "email": "mia@shop.example", "updated_at": "2026-03-01T10:00:00Z"}
    (customer,) = facts_of(mapped(SHOPIFY, "customers/update", body, US))
    assert isinstance(customer, Customer)
    assert (customer.customer, customer.contact is not None) == ("7", True)
    for topic, what in (("products/delete", "product"), ("orders/delete", "order")):
        (gone,) = facts_of(mapped(SHOPIFY, topic, {"id": 7}, US))
        assert isinstance(gone, Gone)
        assert gone.of == what


def test_a_delivery_says_what_it_is_about_and_how_old_it_is() -> None:
    envelope = SHOPIFY.envelope(HEADERS, {"id": 7})
    assert (envelope.id, envelope.about) == ("w1", "orders 7")
    assert envelope.sent_at is not None
    assert abs(envelope.sent_at - parse_rfc3339("2026-03-01T10:00:00Z")) < 1_000
    refund = SHOPIFY.envelope({**HEADERS, "x-shopify-topic": "refunds/create"}, {"order_id": 7})
    assert refund.about == envelope.about, "both are mapped in order"
    unstamped = SHOPIFY.envelope({**HEADERS, "x-shopify-triggered-at": "soon"}, {"id": 7})
    assert unstamped.sent_at is None
    with pytest.raises(UnreadableDeliveryError, match="themes"):
        SHOPIFY.envelope({**HEADERS, "x-shopify-topic": "themes/create"}, {"id": 7})


def test_an_old_payload_can_be_fetched_and_a_deletion_cannot() -> None:
    fetch = SHOPIFY.refetch(SHOPIFY.envelope(HEADERS, {"id": 450789469}))
    assert fetch is not None
    assert fetch.path.endswith("/orders/450789469.json")
    response = {"order": read_payload("shops/shopify", "order")}
    fields = strip(response, SHOPIFY.kept[fetch.topic], CONTACTS).fields
    assert len(facts_of(SHOPIFY.map(fetch.topic, fields, US))) == 2
    gone = SHOPIFY.envelope({**HEADERS, "x-shopify-topic": "orders/delete"}, {"id": 7})
    assert SHOPIFY.refetch(gone) is None


def test_the_credentials_are_an_access_token() -> None:
    assert SHOPIFY.authorize("shpat_1") == {"X-Shopify-Access-Token": "shpat_1"}
