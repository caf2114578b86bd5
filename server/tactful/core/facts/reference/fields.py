"""Meaning and example of every field of every fact, for manual, schemas and messages."""

from collections.abc import Mapping
from typing import Any, Final

_MONEY: Final = {"amount": 12900, "currency": "EUR"}
_CONTACT: Final = {
    "email": "mia@shop.example",
    "phone_hash": "b0bd4f1ce0d4c3bb3b6c1f8b2a1d0e7a9c5f4e3d2c1b0a998877665544332211",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "product": {
        "type": "product",
        "sku": "RUN-42",
        "product": "aero-runner",
        "title": "Aero Runner, size 42",
        "brand": "Aero",
        "categories": ["shoes/running"],
        "components": [],
        "consumable_days": 90,
        "min_age": 18,
        "attributes": {"colour": "blue", "waterproof": True},
        "url": "https://shop.example/aero-runner?size=42",
        "image": "https://shop.example/aero-runner.jpg",
        "status": "active",
        "version": 12,
    },
    "price": {
        "type": "price",
        "sku": "RUN-42",
        "territory": "DE",
        "price": _MONEY,
        "tax_included": True,
        "tax_rate_bp": 1900,
        "list": {"amount": 14900, "currency": "EUR"},
        "target": {"amount": 9900, "currency": "EUR"},
        "minimum_advertised": {"amount": 8900, "currency": "EUR"},
        "since": "2026-03-01T00:00:00Z",
        "channel": "app",
        "group": "club",
        "version": 12,
    },
    "cost": {
        "type": "cost",
        "sku": "RUN-42",
        "cost": {"amount": 5200, "currency": "EUR"},
        "territory": "DE",
        "cost_is_zero": False,
        "version": 12,
    },
    "stock": {
        "type": "stock",
        "sku": "RUN-42",
        "territory": "DE",
        "available": 6,
        "location": "berlin",
        "policy": "deny",
        "version": 12,
    },
    "gone": {
        "type": "gone",
        "of": "stock",
        "sku": "RUN-42",
        "territory": "DE",
        "location": "berlin",
        "version": 13,
    },
    "order": {
        "type": "order",
        "order": "1001",
        "also": ["cart-77"],
        "codes": ["SPRING-7KQ2"],
        "customer": "mia",
        "session": "se_8fkq2mz5w1x7r3t9",
        "territory": "DE",
        "placed_at": "2026-03-01T10:00:00Z",
        "status": "delivered",
        "promised_by": "2026-03-05T22:00:00Z",
        "delivered_at": "2026-03-04T15:30:00Z",
        "paid": True,
        "contact": {"email": "mia@shop.example", "phone": "030 901820"},
        "lines": [
            {
                "sku": "RUN-42",
                "qty": 2,
                "unit": _MONEY,
                "gift": False,
                "offer": "of_5d3nq8v1c7y2",
                "line": "1001-1",
                "cancelled_qty": 0,
                "refunded_qty": 1,
            }
        ],
        "version": "2026-03-04T15:31:00Z",
    },
    "return": {
        "type": "return",
        "return": "r-17",
        "order": "1001",
        "customer": "mia",
        "at": "2026-03-08T09:00:00Z",
        "status": "received",
        "lines": [{"sku": "RUN-42", "qty": 1, "reason": "fit"}],
        "amount": _MONEY,
        "contact": _CONTACT,
        "version": "2026-03-08T09:00:00Z",
    },
    "case": {
        "type": "case",
        "case": "k-301",
        "customer": "mia",
        "purchaser": "omar",
        "order": "1001",
        "skus": ["RUN-42"],
        "lines": [{"order": "1001", "line": "1001-1"}],
        "kind": "defect",
        "status": "resolved",
        "opened_at": "2026-03-09T08:00:00Z",
        "resolved_at": "2026-03-10T11:00:00Z",
        "merged_into": "k-300",
        "contact": _CONTACT,
        "linked_by": "sku_field",
        "kind_by": "tag",
        "version": "2026-03-10T11:00:00Z",
    },
    "review": {
        "type": "review",
        "review": "v-5",
        "customer": "mia",
        "sku": "RUN-42",
        "rating": 2,
        "at": "2026-03-09T18:00:00Z",
        "contact": _CONTACT,
        "version": 1,
    },
    "recall": {
        "type": "recall",
        "recall": "x-1",
        "product": "aero-runner",
        "skus": ["RUN-42"],
        "status": "active",
        "version": 1,
    },
    "customer": {
        "type": "customer",
        "customer": "mia",
        "tier": "gold",
        "segments": ["runners"],
        "birth_year": 1990,
        "opted_out": False,
        "attributes": {"newsletter": True},
        "contact": {"email": "mia@shop.example", "phone": "+49 30 901820"},
        "group": "club",
        "name": "Mia",
        "version": 4,
    },
    "feed": {"type": "feed", "feed": "stock", "at": "2026-03-10T12:00:00Z", "version": 1},
    "remedy": {
        "type": "remedy",
        "remedy": "m-9",
        "customer": "mia",
        "value": {"amount": 1000, "currency": "EUR"},
        "cause": {"case": "k-301"},
        "expires_at": "2026-06-08T22:00:00Z",
        "automatic": False,
        "contact": _CONTACT,
        "version": 1,
    },
    "objection": {
        "type": "objection",
        "objection": "n-4",
        "customer": "mia",
        "skus": ["RUN-42"],
        "until": "2026-04-09T12:00:00Z",
        "status": "active",
        "version": 1,
    },
}
"""Kind of fact → a valid fact of it."""

_VERSION: Final = (
    "A whole number or an instant. Of two reports with one id, the higher version is in force."
    " Absent: versioned by arrival."
)
_CURRENCY: Final = "ISO 4217 code."
_CONTACT_MEANING: Final = "How the shopper can be reached. Only keyed digests are kept."
_TERRITORY: Final = "ISO 3166-1 or 3166-2 code, such as `DE` or `US-NY`."

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "product": {
        "sku": "The variant that is sold. Its id.",
        "product": "The product of which it is a variant. Suppression counts by product.",
        "title": "The name that shoppers see.",
        "brand": "The brand. Two complaints on two of its products suppress the brand.",
        "categories": "Paths such as `shoes/running`. Case, spaces and slashes at the ends do not matter.",
        "components": "The SKUs of a bundle. Stock, recalls and complaints of a component count.",
        "consumable_days": "Days in which one unit is used up. Absent: the product is durable.",
        "min_age": "Years of age from which it may be offered.",
        "attributes": "Further values that rules can read.",
        "url": "The address of its page, or a list of every address at which it is sold: http(s), or a path of the shop's own site.",
        "image": "The address of a picture: http(s), or a path of the shop's own site.",
        "status": "`discontinued`: it is not sold any more, and nothing is offered (`stock.out`).",
    },
    "price": {
        "sku": "The variant.",
        "territory": _TERRITORY,
        "price": "What every shopper pays there, as the shopper sees it. More than 0.",
        "tax_included": "Whether `price` includes tax.",
        "tax_rate_bp": "The tax rate in basis points: 1900 is 19 %.",
        "list": "The list price. `max_total_discount` counts from it.",
        "target": "The lowest price at which the shop means to sell there.",
        "minimum_advertised": "The lowest price that the manufacturer allows to advertise.",
        "since": "When the price starts to apply. Absent: when it is reported.",
        "channel": "The sales channel with this price. Absent: every channel without one of its own.",
        "group": "The customer group with this price. Absent: everybody without one of their own.",
    },
    "cost": {
        "sku": "The variant.",
        "cost": "The cost of one unit, net of tax. 0 means that it is not known.",
        "territory": "Where the cost applies. Absent: for all sales in its currency.",
        "cost_is_zero": "Whether a cost of 0 is the true cost.",
    },
    "stock": {
        "sku": "The variant.",
        "territory": _TERRITORY + " Where the units can be sold.",
        "available": "Units that can be sold: on hand, less reserved. `null`: nobody counts them.",
        "location": "The warehouse or shop. Reports with and without a location replace one another.",
        "policy": "`deny`: sold while units are available. `backorder`, `untracked`: always sold.",
    },
    "gone": {
        "of": "What does not exist any more: `product`, `price`, `stock` or `order`.",
        "sku": "The variant.",
        "product": "With `of: product`: every SKU of this product.",
        "territory": "With a price or stock. Absent: everywhere.",
        "location": "With stock. Absent: every location, and the stock without one.",
        "currency": "With a price. Absent: in every currency.",
        "channel": "With a price. Absent: in every channel, and the price without one.",
        "group": "With a price. Absent: of every group, and the price without one.",
        "order": "The order. The customer does not own its items; a redemption is not given back.",
    },
    "order": {
        "order": "The id of the order.",
        "also": "Other ids of the same order, such as that of its cart.",
        "codes": "The discount codes that the order has used. An offer with one of them is redeemed at the price of its line.",
        "customer": "The shop's id of the customer. Absent: a guest.",
        "session": "The session in which it was placed.",
        "territory": _TERRITORY + " Where the order goes.",
        "placed_at": "When it was placed.",
        "status": "The state: `placed`, `shipped`, `delivered` or `cancelled`.",
        "promised_by": "When delivery was promised. A later parcel suppresses offers.",
        "delivered_at": "When it was delivered.",
        "paid": "Whether it is paid.",
        "cancelled_by": "The one that cancelled it: `shop` or `customer`.",
        "contact": _CONTACT_MEANING,
        "lines": "What was bought.",
        "lines[].sku": "The variant. Absent: a fee or a tip, which is kept and counts for nothing.",
        "lines[].qty": "Units that were ordered.",
        "lines[].unit": "What was paid for one unit.",
        "lines[].gift": "Whether it is for somebody else, so that the customer does not own it.",
        "lines[].offer": "The offer that the line was sold with.",
        "lines[].line": "The shop's own id of the line.",
        "lines[].cancelled_qty": "Units that were cancelled.",
        "lines[].refunded_qty": "Units that were refunded without a return. They count as one.",
    },
    "return": {
        "return": "The id of the return or refund.",
        "order": "The order. With no `lines` the whole order is meant.",
        "customer": "The shop's id of the customer.",
        "at": "When it was announced, received or refunded. Not before its order.",
        "status": "The state: `announced`, `received` or `cancelled`.",
        "lines": "What comes back. Absent: a refund that names no items.",
        "lines[].sku": "The variant.",
        "lines[].qty": "Units.",
        "lines[].reason": "`fit`, `quality`, `not_as_described`, `changed_mind` or `unknown`.",
        "amount": "The money that was refunded, where the refund names an amount.",
        "contact": _CONTACT_MEANING,
    },
    "case": {
        "case": "The id of the support case.",
        "customer": "The complainant. Absent: the customer of the order, or the one with the contact.",
        "purchaser": "The customer who bought the item, if it is somebody else.",
        "order": "The order that it is about.",
        "skus": "The variants that it is about.",
        "lines": "The lines of orders that it is about.",
        "lines[].order": "The order.",
        "lines[].line": "The shop's own id of the line.",
        "kind": "What it is about. `unknown`, where that cannot be told, suppresses like `defect`.",
        "status": "The state: `open`, `pending`, `resolved`, `rejected` or `merged`.",
        "opened_at": "When it was opened.",
        "resolved_at": "When it was resolved or rejected. Not before `opened_at`.",
        "merged_into": "The case that continues it.",
        "contact": _CONTACT_MEANING,
        "linked_by": "How a help desk's connector found what it is about. Absent: it was reported.",
        "kind_by": "How a help desk's connector found its kind. Absent: it was reported.",
    },
    "review": {
        "review": "The id of the review. An edit is a higher version.",
        "customer": "The shop's id of the customer. Absent: the one with the contact.",
        "sku": "The variant.",
        "rating": "Stars, from 1 to 5.",
        "at": "When it was written.",
        "contact": _CONTACT_MEANING,
    },
    "recall": {
        "recall": "The id of the recall.",
        "product": "The product, with all variants.",
        "skus": "Some variants. All variants of their products are recalled.",
        "status": "`active`: nobody is offered the item. `lifted`: it has ended.",
    },
    "customer": {
        "customer": "The shop's id of the customer.",
        "tier": "The loyalty tier.",
        "segments": "Groups that rules can read.",
        "birth_year": "The year of birth, for items with a minimum age.",
        "opted_out": "Whether the customer wants no offers.",
        "attributes": "Further values that rules can read.",
        "contact": _CONTACT_MEANING,
        "group": "The group whose prices the customer pays.",
        "name": "What the console shows. It is never sent to a browser.",
    },
    "feed": {
        "feed": "The feed: `stock`, `prices`, `orders` or `cases`. Any fact of a feed counts too.",
        "at": "When it was alive. Absent: now.",
    },
    "remedy": {
        "remedy": "The id of the compensation voucher.",
        "customer": "The shop's id of the customer. Absent: nobody is offered the voucher.",
        "value": 'Money, or a share of the price: `{"percent_bp": 1000}` is 10 %.',
        "value.amount": "Minor units of `currency`.",
        "value.currency": _CURRENCY,
        "value.percent_bp": "The share of the price in basis points.",
        "cause": "What it makes up for: a case, an order or items. It is not promoted on them.",
        "cause.case": "The case.",
        "cause.order": "The order.",
        "cause.skus": "The variants.",
        "expires_at": "When it ends.",
        "automatic": "Whether a program decided it, and no person. Then the card says so.",
        "contact": _CONTACT_MEANING,
    },
    "objection": {
        "objection": "The shop's id of the objection.",
        "customer": "The shop's id of the customer who asked for it.",
        "skus": "Items that are not offered, each in all its variants. Empty: nothing is offered.",
        "until": "When it ends. Absent: when it is lifted.",
        "status": "`lifted` ends it.",
    },
}
"""Kind of fact → path of a field → its meaning. `version` and the parts of money are the same everywhere."""

COMMON: Final[Mapping[str, str]] = {
    "version": _VERSION,
    "amount": "A whole number of minor units: 12900 is 129.00 EUR, or 12900 JPY.",
    "currency": _CURRENCY,
}
"""Field → its meaning, for fields that are the same in every fact."""


def meaning_of(kind: str, path: str) -> str:
    """Return what a field means.

    Args:
        kind: The kind of fact.
        path: The path of the field, such as `lines[].qty`.
    """
    return MEANINGS[kind].get(path) or COMMON[path.rpartition(".")[2]]


def example_at(kind: str, path: str) -> Any:
    """Return the example value of a field; `None`: there is none.

    Args:
        kind: The kind of fact.
        path: The path of the field, such as `lines[3].qty` or `lines[].qty`.
    """
    value: Any = EXAMPLES[kind]
    for part in path.split("."):
        name = part.partition("[")[0]
        value = value.get(name) if isinstance(value, Mapping) else None
        if "[" in part and isinstance(value, list):
            value = value[0] if value else None
    return value
