"""Is there budget left for it? Gate 10, a read: the reservation follows, and may still fail."""

from collections.abc import Iterator

from tactful.core.context import Context, Scene
from tactful.core.offers.budget import COUNT
from tactful.core.rules.rule import Campaign, Rule
from tactful.core.session.contact_history import cap_frees_at
from tactful.core.values.calendar import period_bounds
from tactful.core.values.money import divide_up
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_budget(context: Context, rule: Rule, hold: int, currency: str) -> Iterator[Finding]:
    """What its campaign has left; `hold`: the worst case in minor units of `currency`."""
    campaign = context.rulebook.campaigns.get(rule.campaign or "")
    if campaign is None:
        return
    for key, amount, reason in (
        (currency, hold, Reason.BUDGET_SPEND),
        (COUNT, 1, Reason.BUDGET_COUNT),
    ):
        yield from _left(context, campaign, key, amount, reason)


def _left(
    context: Context, campaign: Campaign, key: str, amount: int, reason: Reason
) -> Iterator[Finding]:
    balance = context.balances.get((campaign.id, key))
    if balance is None or balance.limit is None:
        if key != COUNT and campaign.money and amount:  # it has money, but none in this currency
            yield Finding(reason, actual=0, needed=amount)
        return
    taken = balance.reserved + balance.settled
    if balance.limit < taken + amount:
        yield Finding(reason, actual=balance.limit - taken, needed=amount)
        return
    bounds = period_bounds(campaign.per, context.now, campaign.timezone)
    if campaign.pace == "even" and bounds:
        released = released_by(balance.limit, bounds, context.now)
        if released < taken + amount:
            until = released_at(balance.limit, bounds, taken + amount)
            yield Finding(reason, actual=released - taken, needed=amount, until=until)


def released_by(limit: int, bounds: tuple[int, int], now: int) -> int:
    """What of a limit may have been taken by `now`, spread evenly over the half-open period."""
    start, end = bounds
    return limit * (now - start) // (end - start)


def released_at(limit: int, bounds: tuple[int, int], amount: int) -> int:
    """The instant from which `amount` of the limit may be taken."""
    start, end = bounds
    return start + divide_up(amount * (end - start), limit)


def check_rule_limits(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """What the rule itself allows each shopper."""
    marks = scene.contact.approaches  # mostly none: what is counted over them waits for one
    mine = [mark for mark in marks if mark.rule == rule.id] if marks else []
    if rule.per_session is not None:
        here = sum(mark.session == scene.session.id for mark in mine) if mine else 0
        if here >= rule.per_session:
            yield Finding(
                Reason.BUDGET_SHOPPER_LIMIT,
                actual={"per_session": here},
                needed={"per_session": rule.per_session - 1},
            )
    if rule.per_shopper is not None:
        limit = rule.per_shopper
        lately = sorted(mark.at for mark in mine if mark.at > scene.now - limit.per) if mine else []
        if len(lately) >= limit.count:
            yield Finding(
                Reason.BUDGET_SHOPPER_LIMIT,
                actual={"per_shopper": len(lately)},
                needed={"per_shopper": limit.count - 1},
                until=cap_frees_at(lately, limit.count, limit.per),
            )
