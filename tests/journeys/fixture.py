"""The shop of the scenarios: its items, prices, costs and stock, and rule R1."""

from typing import Any

LONG_AGO = "2025-08-22T12:00:00Z"
"""Two hundred days before the scenarios' noon."""


def money(amount: int, currency: str = "EUR") -> dict[str, Any]:
    """Minor units with their currency."""
    return {"amount": amount, "currency": currency}


def product(sku: str, name: str, brand: str | None, category: str, **more: Any) -> dict[str, Any]:
    """A product fact."""
    fact = {"type": "product", "sku": sku, "product": name, "title": name, "categories": [category]}
    return {**fact, **({"brand": brand} if brand else {}), **more}


def price(
    sku: str, territory: str, amount: int, target: int | None = None, **more: Any
) -> dict[str, Any]:
    """A price fact as the scenarios have it: unchanged for 200 days."""
    currency, included, rate = {"DE": ("EUR", True, 1900), "GB": ("GBP", True, 2000)}.get(
        territory, ("USD", False, 0)
    )
    fact = {
        "type": "price",
        "sku": sku,
        "territory": territory,
        "price": money(amount, currency),
        "list": money(amount, currency),
        "tax_included": included,
        "tax_rate_bp": rate,
        "since": LONG_AGO,
        **more,
    }
    return {**fact, "target": money(target, currency)} if target else fact


def stock(sku: str, territory: str, available: int, **more: Any) -> dict[str, Any]:
    """A stock fact."""
    return {"type": "stock", "sku": sku, "territory": territory, "available": available, **more}


def cost(sku: str, amount: int) -> list[dict[str, Any]]:
    """Cost facts, net, in each currency's own units as the scenarios read them."""
    return [
        {"type": "cost", "sku": sku, "cost": money(amount, currency), "territory": territory}
        for territory, currency in (("DE", "EUR"), ("GB", "GBP"), ("US-NY", "USD"))
    ]


def shoe(
    sku: str, name: str, brand: str, category: str, net: int, **places: Any
) -> list[dict[str, Any]]:
    """All facts of one item; `places`: territory → (list, target, stock)."""
    facts = [product(sku, name, brand, category), *cost(sku, net)]
    for place, (amount, target, there) in places.items():
        territory = place.replace("_", "-")
        facts += [price(sku, territory, amount, target), stock(sku, territory, there)]
    return facts


RUN = {"DE": (12900, 9900, 6), "GB": (11500, 9000, 9), "US_NY": (13900, 11900, 4)}

CATALOGUE: list[dict[str, Any]] = [
    *shoe("RUN-42", "Aero Runner", "Velo", "running", 5200, **RUN),
    *shoe("RUN-43", "Aero Runner", "Velo", "running", 5200, **RUN),
    *shoe("TRAIL-42", "Velo Trail", "Velo", "running", 5600, DE=(13900, 10900, 5)),
    *shoe("BOOT-42", "Fjord Boot", "Nordek", "boots", 7000, DE=(18900, 14900, 3)),
    product("SOCK-3", "Merino socks", "Velo", "socks", consumable_days=90),
    *cost("SOCK-3", 600),
    price("SOCK-3", "DE", 1990, 1790),
    stock("SOCK-3", "DE", 40),
]


def rules(
    body: str = "",
    *,
    category: str = "running",
    percent: str = "15%",
    budget: str = "{EUR: 500.00, GBP: 500.00, USD: 500.00}",
    policy: str = "",
    extra: str = "",
) -> str:
    """Rule R1 with what a scenario changes in it; `extra`: more rules."""
    return f"""
rules:
  - id: R1
    owner: footwear@shop.example
    note: The shopper hesitates over a shoe.
    when:
      all:
        - item.category: {{under: {category}}}
        - session.dwell: {{at_least: 30s}}
{body}
    offer:
      percent: {percent}
      floor: {{margin: 20%}}
      expires: 15m
      message: "Still thinking about {{item.title}}? {{offer.price}} for the next {{offer.expires}}."
    campaign: C
{extra}
campaigns:
  C: {{budget: {budget}, per: total}}
policy:
  holdout: 0%
{policy}
"""


def case(name: str, customer: str, kind: str, **more: Any) -> dict[str, Any]:
    """An open case."""
    fact = {"type": "case", "case": name, "customer": customer, "kind": kind, "status": "open"}
    return {**fact, "opened_at": "2026-03-10T12:00:00Z", **more}


def order(name: str, customer: str, *skus: str, **more: Any) -> dict[str, Any]:
    """An order that was delivered long ago, or as soon as it was placed; paid at list price."""
    lines = [{"sku": sku, "qty": 1, "unit": money(12900)} for sku in skus]
    fact = {
        "type": "order",
        "order": name,
        "customer": customer,
        "territory": "DE",
        "placed_at": "2025-01-10T12:00:00Z",
        "status": "delivered",
        "delivered_at": more.get("placed_at", "2025-01-15T12:00:00Z"),
        "lines": lines,
    }
    return {**fact, **more}
