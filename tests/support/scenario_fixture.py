"""The fixture of the scenarios: five products in three territories, and the rule R1."""

from typing import Any

from support.builders import (
    DAY,
    SECOND,
    T0,
    campaign,
    category,
    cost,
    dwell,
    price,
    product,
    rule,
    stock,
)
from support.in_memory_shop import InMemoryShop
from tactful.core.facts.fact_types import AnyFact
from tactful.core.rules.rule import AnyOf, PriceTerms, Rule

SINCE = T0 - 200 * DAY
_ROWS: tuple[tuple[str, str, str, str, dict[str, tuple[int, int]], int, tuple[int, int, int]], ...] = (
    ("RUN-42", "run", "Velo", "running", {"DE": (12900, 9900), "GB": (11500, 9000), "US-NY": (13900, 11900)}, 5200, (6, 9, 4)),
    ("RUN-43", "run", "Velo", "running", {"DE": (12900, 9900), "GB": (11500, 9000), "US-NY": (13900, 11900)}, 5200, (6, 9, 4)),
    ("TRAIL-42", "trail", "Velo", "running", {"DE": (13900, 10900)}, 5600, (5, 0, 0)),
    ("BOOT-42", "boot", "Nordek", "boots", {"DE": (18900, 14900)}, 7000, (3, 0, 0)),
    ("SOCK-3", "sock", "Velo", "socks", {"DE": (1990, 1790)}, 600, (40, 0, 0)),
)  # fmt: skip
CURRENCIES = {"DE": "EUR", "GB": "GBP", "US-NY": "USD"}


def facts() -> list[AnyFact]:
    """Prices unchanged for 200 days; costs the same number in every currency."""
    found: list[AnyFact] = []
    for sku, name, brand, group, prices, net, counts in _ROWS:
        days = 90 if sku == "SOCK-3" else None
        found.append(product(sku, name, brand=brand, categories=(group,), consumable_days=days))
        for place, (amount, target) in prices.items():
            found.append(price(sku, amount, place, target=target, since=SINCE))
            found.append(cost(sku, net, place, currency=CURRENCIES[place]))
        found += [stock(sku, n, place) for place, n in zip(CURRENCIES, counts, strict=True)]
    return found


def r1(*categories: str, percent: int = 15, dwells: bool = True, **fields: Any) -> Rule:
    """R1; widened to more categories, or at another percentage, where a scenario says so."""
    fields.setdefault("price", PriceTerms("percent", percent_bp=percent * 100, margin_bp=2000))
    fields.setdefault("campaign", "C")
    fields.setdefault("expires", 900 * SECOND)
    where = AnyOf(tuple(category(one) for one in categories or ("running",)))
    conditions = (where, dwell(30 * SECOND)) if dwells else (where,)
    return rule("R1", *conditions, **fields)


def play(
    *rules: Rule, also: list[AnyFact] | None = None, budget: int = 50_000, **fields: Any
) -> InMemoryShop:
    """The fixture with R1, or other rules."""
    money = dict.fromkeys(CURRENCIES.values(), budget)
    fields.setdefault("campaigns", (campaign("C", **money),))
    return InMemoryShop(*(rules or (r1(),)), told=[*facts(), *(also or [])], **fields)
