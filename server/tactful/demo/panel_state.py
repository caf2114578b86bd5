"""What does the panel show of the world behind the shop: facts, rules, decisions, and why?"""

from typing import Any, Final

from tactful.api import representations as views
from tactful.core.facts.fact_types import Case
from tactful.core.verdicts.reasons import Reason
from tactful.demo.catalogue import BY_SKU, Article
from tactful.demo.demo_customers import BY_ID
from tactful.demo.demo_shop import DemoShop
from tactful.demo.seed_facts import CURRENCY
from tactful.runtime.ports.ledger_rows import AuditRow
from tactful.runtime.services.explanations import UnknownShopperError
from tactful.runtime.sessions.lifecycle import internal_id

LATEST: Final = 12
"""Decisions that are shown."""
UNDECIDED: Final = ("open", "pending")


async def state(stage: DemoShop, *, sku: str | None, session: str | None) -> dict[str, Any]:
    """All of it, for one session and one item."""
    shop = stage.shop
    live = shop.registry.by_id.get(internal_id(session)) if session else None
    customer = live.state.customer if live else None
    article = BY_SKU[sku][0] if sku in BY_SKU else None
    return {
        "now": views.when(stage.clock.now()),
        "skipped": stage.clock.drift // 1000,
        "session": live.state.id if live else None,
        "shopper": BY_ID[customer].name if customer in BY_ID else None,
        "customer": customer,
        "cases": await _cases(stage, customer) if customer else [],
        "item": await _item(stage, article, sku) if article and sku else None,
        "why": await _why(stage, sku, session) if live and sku else None,
        "decisions": await _decisions(stage, live.state.id) if live else [],
        "rules": _rules(stage),
        "budgets": _budgets(stage),
    }


async def _item(stage: DemoShop, article: Article, sku: str) -> dict[str, Any]:
    prices, stock = await stage.prices(), await stage.stock(article)
    size = BY_SKU[sku][1].size
    return {
        "sku": sku,
        "title": article.title,
        "size": size,
        "price": prices.get(sku),
        "stock": stock[sku],
    }


async def _cases(stage: DemoShop, customer: str) -> list[dict[str, Any]]:
    world = stage.shop.fact_cache
    if world.customer(customer) is None:
        await world.load([], [customer])
    known = world.customer(customer)
    found = [kept.fact for kept in known.history.cases] if known else []
    return [_case(case) for case in found if case.status in UNDECIDED]


def _case(case: Case) -> dict[str, Any]:
    about = [BY_SKU[sku][0].title for sku in case.skus if sku in BY_SKU]
    return {"case": case.case, "kind": case.kind, "about": about[0] if about else case.order}


async def _why(stage: DemoShop, sku: str, session: str | None) -> list[dict[str, Any]]:
    try:
        found = await stage.shop.explanations.explain(sku, session=session, customer=None)
    except UnknownShopperError:
        return []
    verdicts = [views.verdict(one, found.at) for one in found.verdicts]
    return sorted(verdicts, key=_promise)


def _promise(verdict: dict[str, Any]) -> tuple[bool, bool, int]:
    """What stands comes first, then what nearly did; rules about other items come last."""
    elsewhere = verdict.get("reason") == Reason.TARGET_CONDITIONS.value
    return verdict["outcome"] == "withheld", elsewhere, len(verdict["gates"])


async def _decisions(stage: DemoShop, session: str) -> list[dict[str, Any]]:
    await stage.shop.ledger.flush()
    rows = await stage.shop.ledger.offer_steps(session=session, limit=LATEST)
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


def _rules(stage: DemoShop) -> list[dict[str, Any]]:
    active = stage.shop.active_rulebook.current
    return [
        {"rule": rule.id, "paused": rule.paused or rule.id in active.paused}
        for _, rule in sorted(active.rules.items())
    ]


def _budgets(stage: DemoShop) -> list[dict[str, Any]]:
    shop = stage.shop
    shop.balances.view(shop.clock.now())
    return [
        {
            "campaign": row.campaign,
            "limit": row.limit,
            "reserved": row.reserved,
            "settled": row.settled,
        }
        for row in shop.balances.rows()
        if row.currency == CURRENCY
    ]
