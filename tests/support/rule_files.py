"""Builders of rule files, items and scenes for tests."""

from textwrap import dedent
from typing import Any

from tactful.core.context import Scene
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import Price, Product, ReportedFact, Stock
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule, Rulebook
from tactful.core.session.session import Session
from tactful.core.session.signals import CartLine
from tactful.core.values.calendar import parse_rfc3339
from tactful.core.values.money import Money
from tactful.rulebook.compiler import CompiledRulebook, compile_rulebook
from tactful.rulebook.source.tree import RuleSource

NOW = parse_rfc3339("2026-03-10T12:00:00Z")


def check(*texts: str | bytes, now: int = NOW, **more: Any) -> CompiledRulebook:
    """Compiles texts as files a.yaml, b.yaml …"""
    sources = [
        RuleSource(f"{chr(97 + n)}.yaml", dedent(text).encode() if isinstance(text, str) else text)
        for n, text in enumerate(texts)
    ]
    return compile_rulebook(sources, now=now, **more)


def found(*texts: str | bytes, **more: Any) -> list[tuple[str, int, int]]:
    """(code, line, column) of every finding."""
    return [(one.code, one.line, one.column) for one in check(*texts, **more).diagnostics]


def rulebook(*texts: str | bytes, **more: Any) -> Rulebook:
    """A rulebook without errors."""
    compiled = check(*texts, **more)
    assert compiled.rulebook is not None, compiled.diagnostics
    return compiled.rulebook


def rule(when: str, more: str = "") -> Rule:
    """The one rule with these conditions (the value of `when:`) and other lines."""
    lines = "\n".join(f"    {line}" for line in dedent(more).strip().splitlines())
    text = f"rules:\n  - id: one\n    when: {when}\n    offer: {{percent: 10%}}\n{lines}\n"
    return rulebook(text).rules["one"]


def item(
    sku: str = "RUN-42", *, stock: int | None = 6, price: int | None = 12900, **more: Any
) -> Item:
    """An item for sale in DE."""
    about = {"brand": "Velo", "categories": ("shoes/running",), "title": "Aero Runner", **more}
    list_price = about.pop("list", None)
    product = Product(sku=sku, product=about.pop("product", "aero-runner"), **about)
    fact = None
    if price is not None:
        fact = Price(
            sku=sku,
            territory="DE",
            price=Money(price, "EUR"),
            tax_included=True,
            tax_rate_bp=1900,
            list=Money(list_price, "EUR") if list_price else None,
        )
    return Item(
        sku=sku,
        product=ReportedFact(product, NOW),
        prices={"DE": ReportedFact(fact, NOW)} if fact else {},
        stock={}
        if stock is None
        else {"DE": (ReportedFact(Stock(sku=sku, territory="DE", available=stock), NOW),)},
    )


def scene(
    it: Item | None = None,
    *,
    now: int = NOW,
    history: History | None = None,
    territory: str | None = "DE",
    cart: tuple[tuple[Item, int], ...] = (),
    **session: Any,
) -> Scene:
    """An item before a shopper who arrived at NOW."""
    shown = it or item()
    about = {
        "id": "s",
        "shopper": "a",
        "created_at": NOW,
        "consent": "personal",
        "focus": shown.sku,
        "cart": tuple(CartLine(one.sku, count) for one, count in cart),
        **session,
    }
    return Scene(
        now=now,
        session=Session(**about),
        item=shown,
        territory=territory,
        cart=cart,
        profile=profile(history, Policy()) if history else None,
    )


def codes(text: str, **more: Any) -> list[str]:
    """The codes of what is found, in order."""
    return [one.code for one in check(text, **more).diagnostics]


def one_rule(body: str, rest: str = "") -> str:
    """A file of one rule; `rest`: what else is in it."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"rules:\n  - id: one\n{lines}\n{rest}"


PLENTY_RULES = """\
rules:
  - id: plenty
    when:
      - item.stock: {at_least: 5}
    offer: {percent: 10%}
"""
PLENTY_TESTS = """\
rules: [plenty]

given:
  items:
    A: {price: 100.00 EUR, stock: 9}

tests:
  - name: plenty of it
    steps:
      - view: A
      - wait: 31s
      - expect: {offer: plenty, price: 90.00 EUR}
"""

VALID_FILE = b"""\
# yaml-language-server: $schema=schema/rules.schema.json
rules:
  - id: hesitating
    note: The shopper hesitates over a shoe we have plenty of.
    valid: {from: 2026-03-01, until: 2026-03-31, timezone: Europe/Berlin}
    territories: [DE, "AT"]
    when:
      all:
        - item.category: {under: shoes/running}
        - any:
            - customer.orders: {at_least: 1}
            - visit.campaign: 'spring-mail'
    offer:
      percent: 15%
      floor: {margin: 20%}
      message: >-
        Still thinking about {item.title}?
        {offer.price} for the next {offer.expires}.
"""
"""A valid file with a comment, flow mappings, quotes and a folded text."""
