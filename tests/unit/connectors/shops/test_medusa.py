"""What Medusa 2.21.2 really sent and answered, and the facts that it means."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from support.deliveries import FIXTURES, TERMS, facts_of, mapped, read_payload
from tactful.connectors.connector import Mapped, UnreadableDeliveryError
from tactful.connectors.shops.medusa import MEDUSA
from tactful.core.facts.fact_types import Customer, Gone, Price, Product, Stock
from tactful.core.values.money import Money

EVENTS = sorted(path.stem for path in Path(FIXTURES, "shops/medusa").glob("event.*.json"))
ORDER = "order_01M8MC032C6VNACQSW8WPCPWZA"
VARIANT = "variant_01M8QVQP2M9DQGBPSFBAYD93GX"


def read(name: str) -> Any:
    return read_payload("shops/medusa", name)


def found(name: str, **data: str) -> Mapped:
    event = read(f"event.{name}")
    return mapped(MEDUSA, name, {**event, "data": {**event["data"], **data}})


def paths(result: Mapped) -> list[str]:
    """Return what is read, without the fields that are asked for."""
    return [fetch.path.partition("&fields=")[0] for fetch in result.fetch]


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_that_was_captured_has_an_envelope(name: str) -> None:
    event = read(name)
    envelope = MEDUSA.envelope({"webhook-id": "d1"}, event)
    assert (envelope.id, envelope.topic) == ("d1", event["name"])
    assert envelope.about.startswith(event["name"].partition(".")[0])
    assert envelope.sent_at is not None


@pytest.mark.parametrize(
    ("name", "data", "read_by"),
    [
        ("product.created", {"id": "p/1"}, ["/admin/products/p%2F1/variants?limit=1000"]),
        ("product-variant.updated", {"id": "v1"}, ["/admin/product-variants?id=v1"]),
        (
            "inventory-level.updated",
            {"inventory_item_id": "i1"},
            ["/admin/inventory-items?id=i1"],
        ),
        (
            "reservation-item.deleted",
            {"inventory_item_id": "i1"},
            ["/admin/inventory-items?id=i1"],
        ),
        ("order.placed", {"id": "o1"}, ["/admin/orders?id=o1"]),
        ("order.fulfillment_created", {"order_id": "o1"}, ["/admin/orders?id=o1"]),
        ("shipment.created", {"order_id": "o1"}, ["/admin/orders?id=o1"]),
        ("delivery.created", {"order_id": "o1"}, ["/admin/orders?id=o1"]),
        ("payment.captured", {"id": "y1"}, ["/admin/payments?id=y1"]),
        (
            "order.return_received",
            {"order_id": "o1", "return_id": "r1"},
            ["/admin/orders?id=o1", "/admin/returns?id=r1"],
        ),
        (
            "order.claim_created",
            {"order_id": "o1", "claim_id": "c1"},
            ["/admin/orders?id=o1", "/admin/claims?id=c1"],
        ),
    ],
)
def test_an_event_names_what_has_to_be_read(
    name: str, data: dict[str, str], read_by: list[str]
) -> None:
    assert paths(found(name, **data)) == read_by


def test_stock_without_the_id_of_its_item_cannot_be_found() -> None:
    with pytest.raises(KeyError, match="inventory_item_id"):
        found("inventory-level.created")


def test_a_deleted_product_is_gone_and_a_deleted_variant_is_left_to_the_list() -> None:
    event = {"name": "product.deleted", "data": {"id": "prod_1"}}
    (gone,) = facts_of(mapped(MEDUSA, "product.deleted", event))
    assert isinstance(gone, Gone)
    assert gone.product == "prod_1"
    event = {"name": "product-variant.deleted", "data": {"id": "variant_1"}}
    result = mapped(MEDUSA, "product-variant.deleted", event)
    assert (result.facts, len(result.dropped)) == ((), 1)


def test_a_customer_without_an_account_is_no_customer() -> None:
    event = {"name": "customer.created", "data": {"id": "cus_1"}}
    result = mapped(MEDUSA, "customer.created", event)
    assert paths(result) == ["/admin/customers?id=cus_1"]
    guest = read("customers")
    assert mapped(MEDUSA, result.fetch[0].topic, guest).facts == ()
    row = {**guest["customers"][0], "has_account": True}
    (customer,) = facts_of(mapped(MEDUSA, "customers", {"customers": [row]}))
    assert isinstance(customer, Customer)
    assert customer.contact is not None


def test_an_unknown_event_is_unreadable() -> None:
    for body in ({"name": "cart.created", "data": {}}, {"name": "order.placed"}, {}):
        with pytest.raises(UnreadableDeliveryError, match="is not read"):
            MEDUSA.envelope({"webhook-id": "d1"}, body)


def test_a_variant_is_read_with_its_product_and_stock_and_its_price_is_fetched() -> None:
    result = mapped(MEDUSA, "variants", read("variants"))
    product, stock, *_ = facts_of(result)
    assert isinstance(product, Product)
    assert (product.sku, product.title) == ("M-RUN-42", "Runner - 42")
    assert (product.categories, product.status) == (("Shoes",), "active")
    assert isinstance(stock, Stock)
    level = read("variants")["variants"][0]["inventory_items"][0]["inventory"]["location_levels"][0]
    assert stock.available == level["stocked_quantity"] - level["reserved_quantity"]
    assert stock.policy == "deny"
    (fetch, _) = result.fetch
    assert fetch.path.startswith("/store/product-variants?region_id=reg_1&country_code=de&fields=")
    assert fetch.path.endswith(f"&id={VARIANT}")


def test_the_price_is_that_of_the_shopper_also_of_a_price_list() -> None:
    payload = {**read("prices")}
    result = MEDUSA.map("prices", {"variants": payload["variants"], "territory": "DE"}, TERMS)
    (price,) = facts_of(result)
    assert isinstance(price, Price)
    assert (price.price, price.list) == (Money(9_900, "EUR"), Money(12_900, "EUR"))
    assert (price.territory, price.tax_included, price.tax_rate_bp) == ("DE", True, 1_900)


@pytest.mark.parametrize("price", [None, {"calculated_amount": None}, {"calculated_amount": 0}])
def test_a_variant_without_a_price_has_none(price: dict[str, Any] | None) -> None:
    row = read("prices")["variants"][0]
    fields = {**row, "territory": "DE"}
    fields["calculated_price"] = price and {**row["calculated_price"], **price}
    result = MEDUSA.map("price", fields, TERMS)
    assert (result.facts, len(result.dropped)) == ((), 1)


def variant(**fields: Any) -> dict[str, Any]:
    return {**read("variants")["variants"][0], **fields}


@pytest.mark.parametrize(
    ("fields", "stock"),
    [
        ({"manage_inventory": False}, [(None, "untracked", None)]),
        ({"allow_backorder": True, "inventory_items": []}, [(0, "backorder", None)]),
        ({"inventory_items": [{"inventory": None}]}, [(0, "deny", None)]),
    ],
)
def test_stock_is_counted_on_back_order_or_untracked(
    fields: dict[str, Any], stock: list[tuple[int | None, str, str | None]]
) -> None:
    _, *rows = facts_of(mapped(MEDUSA, "variant", variant(**fields)))
    assert [(one.available, one.policy, one.location) for one in rows] == stock  # type: ignore[union-attr]


def item(required: int, **levels: tuple[int, int]) -> dict[str, Any]:
    rows = [
        {"location_id": place, "stocked_quantity": stocked, "reserved_quantity": reserved}
        for place, (stocked, reserved) in levels.items()
    ]
    return {"required_quantity": required, "inventory": {"id": "i", "location_levels": rows}}


def test_a_variant_of_several_items_is_there_as_often_as_the_scarcest_allows() -> None:
    items = [item(1, a=(9, 1), b=(4, 0)), item(2, a=(7, 0), b=(4, 2))]
    _, stock = facts_of(mapped(MEDUSA, "variant", variant(inventory_items=items)))
    assert isinstance(stock, Stock)
    assert stock.available == min(12, 9 // 2)
    terms = structs.replace(TERMS, locations={"a": "DE", "b": "AT"})
    _, *stocks = facts_of(mapped(MEDUSA, "variant", variant(inventory_items=items), terms))
    of_places = {one.location: (one.territory, one.available) for one in stocks}  # type: ignore[union-attr]
    assert of_places == {"a": ("DE", 3), "b": ("AT", 1)}
    terms = structs.replace(TERMS, locations={"a": "DE"})
    assert len(mapped(MEDUSA, "variant", variant(inventory_items=items), terms).dropped) == 1


def test_stock_needs_a_territory() -> None:
    terms = structs.replace(TERMS, territory=None)
    for fields in ({}, {"manage_inventory": False}):
        kinds = [one["type"] for one in mapped(MEDUSA, "variant", variant(**fields), terms).facts]
        assert kinds == ["product"]


def test_what_is_not_sold_or_has_no_sku_is_named() -> None:
    product = variant()["product"]
    draft = variant(
        product={**product, "status": "draft", "categories": [], "type": {"value": "Shoe"}}
    )
    described = facts_of(mapped(MEDUSA, "variant", draft))[0]
    assert isinstance(described, Product)
    assert (described.status, described.categories) == ("discontinued", ("Shoe",))
    card = variant(product={**product, "is_giftcard": True})
    for row in (card, variant(sku=None)):
        assert len(mapped(MEDUSA, "variant", row).dropped) == 1
    by_id = structs.replace(TERMS, sku_from_id=True)
    (described, *_) = facts_of(mapped(MEDUSA, "variant", variant(sku=None), by_id))
    assert isinstance(described, Product)
    assert described.sku == VARIANT


def test_an_inventory_item_names_its_variants_and_a_payment_its_order() -> None:
    result = mapped(MEDUSA, "inventory-items", read("inventory-items"))
    assert paths(result) == [f"/admin/product-variants?id={VARIANT}"]
    (order,) = paths(mapped(MEDUSA, "payments", read("payments")))
    assert order.startswith("/admin/orders?id=order_")
    assert mapped(MEDUSA, "payment", {"payment_collection": None}).fetch == ()


def test_the_key_has_two_parts() -> None:
    headers = MEDUSA.authorize("sk_1:pk_2")
    assert headers == {"Authorization": "Basic c2tfMTo=", "x-publishable-api-key": "pk_2"}
    for key in ("sk_1", "pk_2:sk_1", ":"):
        with pytest.raises(ValueError, match="secret key:publishable key"):
            MEDUSA.authorize(key)


def test_each_region_has_a_list_of_its_prices() -> None:
    terms = structs.replace(TERMS, regions={"reg_1": "DE", "reg_2": "US-NY"})
    lists = MEDUSA.lists_for(terms)
    assert len(lists) == len(MEDUSA.lists) + 2
    assert lists[-1].base == {"territory": "US-NY"}
    assert "region_id=reg_2&country_code=us&" in lists[-1].path
