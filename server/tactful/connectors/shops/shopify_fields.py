"""Allow-lists of Shopify: the fields that are kept of its webhooks and of its REST API."""

from collections.abc import Iterable
from typing import Final

from tactful.connectors.allow_list import (
    CUSTOMER,
    EMAIL,
    KEEP,
    ORDER,
    PHONE,
    Entries,
    Marker,
    Shape,
)

OFFER: Final = "_tactful_offer"
"""The property of an order line in which a storefront keeps the offer."""
SESSION: Final = "_tactful_session"
"""The attribute of a cart in which a storefront names the shopper's session."""


def _keep(names: str) -> dict[str, Marker]:
    return dict.fromkeys(names.split(), KEEP)


_AMOUNTS: Final[Shape] = {
    name: {"amount": KEEP, "currency_code": KEEP} for name in ("shop_money", "presentment_money")
}
_ADDRESS: Final[Shape] = _keep("country_code province_code")
REFUND_FIELDS: Final[Shape] = {
    **_keep("id note created_at"),
    "order_id": ORDER,
    "refund_line_items": [
        {
            **_keep("quantity restock_type line_item_id"),
            "line_item": _keep("sku variant_id"),
        }
    ],
    "transactions": [_keep("kind status amount currency")],
}
_LINE: Final[Shape] = {
    **_keep("id sku variant_id quantity current_quantity price gift_card"),
    "price_set": _AMOUNTS,
    "discount_allocations": [{"amount": KEEP, "amount_set": _AMOUNTS}],
    "tax_lines": [{"price": KEEP, "price_set": _AMOUNTS}],
    "properties": Entries(frozenset({OFFER}), key="name"),
}
ORDER_FIELDS: Final[Shape] = {
    "id": ORDER,
    **_keep(
        "order_number checkout_token cart_token created_at updated_at cancelled_at cancel_reason"
        " financial_status fulfillment_status currency presentment_currency taxes_included test"
    ),
    "customer": {"id": CUSTOMER},
    "email": EMAIL,
    "phone": PHONE,
    "shipping_address": _ADDRESS,
    "billing_address": _ADDRESS,
    "line_items": [_LINE],
    "discount_codes": [_keep("code")],
    "note_attributes": Entries(frozenset({SESSION}), key="name"),
    "fulfillments": [_keep("shipment_status updated_at")],
    "refunds": [REFUND_FIELDS],
}
PRODUCT_FIELDS: Final[Shape] = {
    **_keep("id title vendor product_type handle status published_at updated_at"),
    "variants": [
        _keep(
            "id title price compare_at_price sku inventory_policy inventory_management"
            " inventory_quantity fulfillment_service updated_at image_id"
        )
    ],
    "images": [_keep("id src")],
}
LEVEL_FIELDS: Final[Shape] = _keep("inventory_item_id location_id available updated_at")
ITEM_FIELDS: Final[Shape] = _keep("id sku cost tracked updated_at")
CUSTOMER_FIELDS: Final[Shape] = {
    "id": CUSTOMER,
    "email": EMAIL,
    "phone": PHONE,
    "updated_at": KEEP,
}
ID_FIELDS: Final[Shape] = _keep("id")
ORDER_ID: Final = ORDER


def wrapped(name: str, shape: Shape) -> Shape:
    """Return the shape of a response of the REST API, which has its object under a name."""
    return {name: shape}


def fields_of(topics: Iterable[str], shape: Shape) -> dict[str, Shape]:
    """Return topic → the one shape of several topics."""
    return dict.fromkeys(topics, shape)
