"""Allow-lists of Medusa: the fields that are kept of its events and of its two APIs.

The APIs return what a request names, so that each request names the fields of its allow-list.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from tactful.connectors.allow_list import CUSTOMER, EMAIL, KEEP, ORDER, PHONE, Marker, Shape

OFFER: Final = "tactful_offer"
"""The metadata of an order line in which the bridge keeps the offer."""
_WHOLE: Final = frozenset({"metadata"})
"""Fields that the APIs return whole."""


def _keep(names: str) -> dict[str, Marker]:
    return dict.fromkeys(names.split(), KEEP)


# `available_quantity` comes only with both of which it is the difference.
_LEVEL: Final[Shape] = _keep("location_id stocked_quantity reserved_quantity")
VARIANT_FIELDS: Final[Shape] = {
    **_keep("id sku title manage_inventory allow_backorder"),
    "product": {
        **_keep("id title status thumbnail is_giftcard"),
        "type": {"value": KEEP},
        "categories": [{"name": KEEP}],
    },
    "inventory_items": [
        {"required_quantity": KEEP, "inventory": {"id": KEEP, "location_levels": [_LEVEL]}}
    ],
}
PRICE_FIELDS: Final[Shape] = {
    **_keep("id sku"),
    "calculated_price": _keep(
        "calculated_amount original_amount currency_code is_calculated_price_tax_inclusive"
    ),
}
ORDER_FIELDS: Final[Shape] = {
    "id": ORDER,
    "customer": {"id": CUSTOMER, "has_account": KEEP},
    **_keep("display_id status currency_code created_at updated_at payment_status"),
    **_keep("fulfillment_status"),
    "email": EMAIL,
    "shipping_address": {**_keep("country_code province"), "phone": PHONE},
    "billing_address": _keep("country_code province"),
    "items": [
        {
            **_keep("id variant_id variant_sku unit_price quantity is_tax_inclusive is_giftcard"),
            "detail": {"quantity": KEEP},
            "adjustments": [_keep("amount code")],
            "tax_lines": [_keep("rate")],
            "metadata": {OFFER: KEEP},
        }
    ],
    "fulfillments": [_keep("delivered_at canceled_at")],
    "returns": [_keep("id status")],
    "payment_collections": [{"payments": [{"refunds": [_keep("id amount created_at")]}]}],
}
RETURN_FIELDS: Final[Shape] = {
    **_keep("id status created_at updated_at requested_at received_at"),
    "order_id": ORDER,
    "items": [
        {
            **_keep("quantity received_quantity"),
            "reason": {"value": KEEP},
            "item": _keep("variant_id variant_sku"),
        }
    ],
}
CLAIM_FIELDS: Final[Shape] = {
    **_keep("id created_at updated_at canceled_at"),
    "order_id": ORDER,
    "return": _keep("status received_at"),
    "claim_items": [
        {**_keep("reason item_id is_additional_item"), "item": _keep("variant_id variant_sku")}
    ],
}
CUSTOMER_FIELDS: Final[Shape] = {
    "id": CUSTOMER,
    "email": EMAIL,
    "phone": PHONE,
    **_keep("has_account updated_at"),
}
ITEM_FIELDS: Final[Shape] = {"variants": [{"id": KEEP}]}
PAYMENT_FIELDS: Final[Shape] = {"payment_collection": {"order": {"id": ORDER}}}
EVENT_FIELDS: Final[Shape] = {
    "name": KEEP,
    "data": {
        **_keep("id inventory_item_id return_id claim_id"),
        "order_id": ORDER,
    },
}


def query_of(shape: Shape) -> str:
    """Return the value of `fields` with which a request names the fields of an allow-list."""
    return ",".join(_paths(shape))


def _paths(shape: Shape) -> Iterator[str]:
    inner = shape[0] if isinstance(shape, list) else shape
    for name, each in inner.items() if isinstance(inner, Mapping) else ():
        if isinstance(each, Marker) or name in _WHOLE:
            yield name
        else:
            yield from (f"{name}.{path}" for path in _paths(each))
