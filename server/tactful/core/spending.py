"""Is there budget left for it? Gate 10, a read: the reservation follows, and may still fail."""

from collections.abc import Iterator

from tactful.core.budgets import COUNT, Balances
from tactful.core.context import Scene
from tactful.core.reasons import Reason
from tactful.core.rules import Rule
from tactful.core.trace import Finding


def affordable(rule: Rule, balances: Balances, hold: int, currency: str) -> Iterator[Finding]:
    """What its campaign has left; `hold`: the worst case in minor units of `currency`."""
    if rule.campaign is None:
        return
    for key, amount, reason in (
        (currency, hold, Reason.BUDGET_SPEND),
        (COUNT, 1, Reason.BUDGET_COUNT),
    ):
        free = _free(balances, rule.campaign, key)
        if free is not None and free < amount:
            yield Finding(reason, actual=free, needed=amount)


def _free(balances: Balances, campaign: str, currency: str) -> int | None:
    """What may still be promised. A campaign with money in other currencies only has none in this."""
    balance = balances.get((campaign, currency))
    if balance is not None:
        return balance.free
    funded = any(name == campaign and key != COUNT for name, key in balances)
    return 0 if funded and currency != COUNT else None


def often_enough(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """What the rule itself allows each shopper."""
    mine = [mark for mark in scene.contact.approaches if mark.rule == rule.id]
    if rule.per_session is not None:
        here = sum(mark.session == scene.session.id for mark in mine)
        if here >= rule.per_session:
            yield Finding(
                Reason.BUDGET_SHOPPER_LIMIT,
                actual={"per_session": here},
                needed={"per_session": rule.per_session - 1},
            )
    if rule.per_shopper is not None:
        limit = rule.per_shopper
        lately = sorted(mark.at for mark in mine if mark.at > scene.now - limit.per)
        if len(lately) >= limit.count:
            yield Finding(
                Reason.BUDGET_SHOPPER_LIMIT,
                actual={"per_shopper": len(lately)},
                needed={"per_shopper": limit.count - 1},
                until=lately[-limit.count] + limit.per,
            )
