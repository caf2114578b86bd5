"""Allow-lists of WooCommerce: the fields that are kept of its webhooks and of its REST API."""

from typing import Final

from tactful.connectors.allow_list import CUSTOMER, EMAIL, KEEP, ORDER, PHONE, Entries, Shape

OFFER: Final = "_tactful_offer"
"""The meta data of an order line in which the bridge keeps the offer."""

PRODUCT_FIELDS: Final[Shape] = {
    **dict.fromkeys(
        ("id", "parent_id", "name", "permalink", "type", "status", "sku", "price", "regular_price",
         "manage_stock", "stock_quantity", "stock_status", "backorders", "date_modified_gmt"),
        KEEP,
    ),
    "categories": [{"name": KEEP}],
    "brands": [{"name": KEEP}],
    "images": [{"src": KEEP}],
    "image": {"src": KEEP},
}  # fmt: skip
ORDER_FIELDS: Final[Shape] = {
    "id": ORDER,
    "customer_id": CUSTOMER,
    **dict.fromkeys(
        ("number", "status", "currency", "date_created_gmt", "date_modified_gmt", "date_paid_gmt"),
        KEEP,
    ),
    "billing": {"country": KEEP, "state": KEEP, "email": EMAIL, "phone": PHONE},
    "shipping": {"country": KEEP, "state": KEEP},
    "line_items": [
        {
            **dict.fromkeys(
                ("id", "product_id", "variation_id", "quantity", "total", "total_tax", "sku"), KEEP
            ),
            "meta_data": Entries(frozenset({OFFER})),
        }
    ],
    "coupon_lines": [{"code": KEEP}],
    "refunds": [{"id": KEEP, "reason": KEEP, "total": KEEP}],
}
REFUND_FIELDS: Final[Shape] = {
    "id": KEEP,
    "amount": KEEP,
    "reason": KEEP,
    "date_created_gmt": KEEP,
    "line_items": [{"quantity": KEEP, "sku": KEEP, "product_id": KEEP, "variation_id": KEEP}],
}
REVIEW_FIELDS: Final[Shape] = {
    **dict.fromkeys(("id", "product_id", "rating", "status", "date_created_gmt", "sku"), KEEP),
    "reviewer_email": EMAIL,
}
CUSTOMER_FIELDS: Final[Shape] = {
    "id": CUSTOMER,
    "email": EMAIL,
    "billing": {"phone": PHONE},
    "date_modified_gmt": KEEP,
}
ID_FIELDS: Final[Shape] = {"id": KEEP}
