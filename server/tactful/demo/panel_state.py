"""State that the panel shows: facts, rules, budgets, decisions, and their explanation."""

from typing import Any, Final

from tactful.api import representations as views
from tactful.console.reason_words import REASON_WORDS
from tactful.core.facts.fact_types import Case
from tactful.core.verdicts.reasons import Reason
from tactful.demo.catalogue import BY_SKU, Article
from tactful.demo.demo_customers import BY_ID
from tactful.demo.demo_shop import DemoShop
from tactful.demo.seed_facts import CURRENCY
from tactful.runtime.ports.ledger_rows import AuditRow
from tactful.runtime.services.explanations import UnknownShopperError
from tactful.runtime.services.near_names import UnknownNameError
from tactful.runtime.state.session_registry import internal_id

MAX_DECISIONS: Final = 12
"""Decisions that the panel shows."""
ELSEWHERE: Final = (Reason.TARGET_CONDITIONS.value, Reason.CONSENT_MISSING.value)
"""Primary reasons of rules that are for other items, or for customers who are logged in."""
OPEN_CASE_STATUSES: Final = ("open", "pending")


async def panel_state(
    demo_shop: DemoShop, *, sku: str | None, session: str | None
) -> dict[str, Any]:
    """Return everything that the panel shows for one session and one item, as JSON data."""
    shop = demo_shop.shop
    live = shop.state.registry.by_id.get(internal_id(session)) if session else None
    customer = live.state.customer if live else None
    article = BY_SKU[sku][0] if sku in BY_SKU else None
    return {
        "demo": demo_shop.id,
        "now": views.when(demo_shop.clock.now()),
        "skipped": demo_shop.clock.skipped_ms // 1000,
        "session": live.state.id if live else None,
        "shopper": BY_ID[customer].name if customer in BY_ID else None,
        "customer": customer,
        "cases": await _cases(demo_shop, customer) if customer else [],
        "item": await _item(demo_shop, article, sku) if article and sku else None,
        "why": await _why(demo_shop, sku, session) if live and sku else None,
        "decisions": await _decisions(demo_shop, live.state.id) if live else [],
        "rules": _rules(demo_shop),
        "budgets": _budgets(demo_shop),
    }


async def _item(demo_shop: DemoShop, article: Article, sku: str) -> dict[str, Any]:
    prices, stock = await demo_shop.prices(), await demo_shop.stock(article)
    size = BY_SKU[sku][1].size
    return {
        "sku": sku,
        "title": article.title,
        "size": size,
        "price": prices.get(sku),
        "stock": stock[sku],
    }


async def _cases(demo_shop: DemoShop, customer: str) -> list[dict[str, Any]]:
    cache = demo_shop.shop.state.fact_cache
    if cache.customer(customer) is None:
        await cache.load([], [customer])
    known = cache.customer(customer)
    found = [kept.fact for kept in known.history.cases] if known else []
    return [_case(case) for case in found if case.status in OPEN_CASE_STATUSES]


def _case(case: Case) -> dict[str, Any]:
    about = [BY_SKU[sku][0].title for sku in case.skus if sku in BY_SKU]
    return {"case": case.case, "kind": case.kind, "about": about[0] if about else case.order}


async def _why(demo_shop: DemoShop, sku: str, session: str | None) -> list[dict[str, Any]]:
    try:
        found = await demo_shop.shop.explanations.explain(sku, session=session, customer=None)
    except (UnknownShopperError, UnknownNameError):
        return []
    verdicts = [views.verdict(one, found.at, found.currency) for one in found.verdicts]
    for verdict in verdicts:
        verdict["words"] = REASON_WORDS.get(verdict.get("reason") or "")
    return sorted(verdicts, key=_sort_key)


def _sort_key(verdict: dict[str, Any]) -> tuple[bool, bool, int]:
    """Sort offers first, then rules with few failed gates; rules for other items come last."""
    elsewhere = verdict.get("reason") in ELSEWHERE
    return verdict["outcome"] == "withheld", elsewhere, len(verdict["gates"])


async def _decisions(demo_shop: DemoShop, session: str) -> list[dict[str, Any]]:
    await demo_shop.shop.ledger.flush()
    rows = await demo_shop.shop.ledger.offer_steps(session=session, limit=MAX_DECISIONS)
    return [_step(row) for row in rows]


def _step(row: AuditRow) -> dict[str, Any]:
    step, offer = row.step, row.offer
    return {
        "at": views.when(step.at),
        "to": step.to.value,
        "reason": step.reason,
        "title": offer.title,
        "price": offer.unit,
        "rule": offer.rule,
    }


def _rules(demo_shop: DemoShop) -> list[dict[str, Any]]:
    active = demo_shop.shop.state.active_rulebook.current
    return [
        {"rule": rule.id, "paused": rule.paused or rule.id in active.paused}
        for _, rule in sorted(active.rules.items())
    ]


def _budgets(demo_shop: DemoShop) -> list[dict[str, Any]]:
    """Return the balance of each campaign in its present period."""
    shop = demo_shop.shop
    shop.state.balances.view(shop.clock.now())
    rows = [row for row in shop.state.balances.rows() if row.currency == CURRENCY]
    # An earlier week stays in memory for a while, and would be a second line of the same campaign.
    latest = {row.campaign: row for row in sorted(rows, key=lambda row: row.period)}
    return [
        {
            "campaign": row.campaign,
            "limit": row.limit,
            "reserved": row.reserved,
            "settled": row.settled,
        }
        for row in latest.values()
    ]
