"""Gate 10: budget and discount codes are left, and the shopper is within the rule's limits.

It enforces server/SEMANTICS.md, section 4, rule 2. The gate only reads: the ledger reserves the
amount in the transaction that creates the offer, and may still refuse it where another session was
faster. Then the turn is decided again with the new balance.
"""

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
    """Yield why the rule's campaign cannot afford the offer.

    Args:
        context: The inputs; balances and campaigns are read.
        rule: The rule. A rule without a campaign has no budget.
        hold: What a push would reserve, the worst case, in minor units of `currency`.
        currency: ISO 4217 code of the offer.

    Yields:
        `budget.spend` for the money, `budget.count` for the number of offers.
    """
    campaign = context.rulebook.campaigns.get(rule.campaign or "")
    if campaign is None:
        return
    # The count also applies to offers that cost nothing, such as a price without a saving.
    for key, amount, reason in (
        (currency, hold, Reason.BUDGET_SPEND),
        (COUNT, 1, Reason.BUDGET_COUNT),
    ):
        yield from _balance_findings(context, campaign, key, amount, reason)


def check_codes(context: Context, rule: Rule) -> Iterator[Finding]:
    """Yield `budget.codes` if the rule's pool has no discount code that outlasts the offer.

    Args:
        context: The inputs; the free codes are read.
        rule: The rule. A rule without a pool needs no code.
    """
    if rule.codes is None:
        return
    free = context.codes.get(rule.codes)
    if free is None or not free.outlasts(context.now + rule.expires):
        yield Finding(Reason.BUDGET_CODES, actual=0, needed=1)


def _balance_findings(
    context: Context, campaign: Campaign, key: str, amount: int, reason: Reason
) -> Iterator[Finding]:
    """Yield a finding where one balance does not allow `amount`, in minor units or offers."""
    balance = context.balances.get((campaign.id, key))
    if balance is None or balance.limit is None:
        # A budget in euros says nothing about pounds, so a campaign with a money budget has none in
        # the currencies that it does not name. Otherwise one territory would spend without a limit.
        if key != COUNT and campaign.money and amount:
            yield Finding(reason, actual=0, needed=amount)
        return
    used = balance.reserved + balance.settled
    if balance.limit < used + amount:
        yield Finding(reason, actual=balance.limit - used, needed=amount)
        return
    bounds = period_bounds(campaign.per, context.now, campaign.timezone)
    if campaign.pace == "even" and bounds:
        released = released_by(balance.limit, bounds, context.now)
        if released < used + amount:
            until = released_at(balance.limit, bounds, used + amount)
            yield Finding(reason, actual=released - used, needed=amount, until=until)


def released_by(limit: int, bounds: tuple[int, int], now: int) -> int:
    """Return how much of a limit may be used by an instant, if it is spread evenly.

    Args:
        limit: The limit of the whole period, in minor units or offers.
        bounds: The half-open period, milliseconds since the Unix epoch, UTC.
        now: The instant, within the period.

    Returns:
        The released part, rounded down, so that no instant releases more than its share.
    """
    start, end = bounds
    return limit * (now - start) // (end - start)


def released_at(limit: int, bounds: tuple[int, int], amount: int) -> int:
    """Return the first instant at which `amount` of an evenly spread limit is released.

    Args:
        limit: The limit of the whole period, in minor units or offers.
        bounds: The half-open period, milliseconds since the Unix epoch, UTC.
        amount: The part of the limit that is asked for.

    Returns:
        The instant, milliseconds since the Unix epoch, UTC, rounded up: the inverse of
        `released_by`.
    """
    start, end = bounds
    return start + divide_up(amount * (end - start), limit)


def check_rule_limits(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """Yield why the rule's own limits per session and per shopper forbid another offer.

    Args:
        scene: The item in front of the shopper; its contact history is read.
        rule: The rule with its `per_session` and `per_shopper`.

    Yields:
        `budget.shopper_limit`, once for each limit that is reached.
    """
    approaches = scene.contact.approaches
    # Most shoppers were never approached, and this runs for every rule that matches.
    own = [one for one in approaches if one.rule == rule.id] if approaches else []
    if rule.per_session is not None:
        here = sum(one.session == scene.session.id for one in own) if own else 0
        if here >= rule.per_session:
            yield Finding(
                Reason.BUDGET_SHOPPER_LIMIT,
                actual={"per_session": here},
                needed={"per_session": rule.per_session - 1},
            )
    if rule.per_shopper is not None:
        limit = rule.per_shopper
        recent = sorted(one.at for one in own if one.at > scene.now - limit.per) if own else []
        if len(recent) >= limit.count:
            yield Finding(
                Reason.BUDGET_SHOPPER_LIMIT,
                actual={"per_shopper": len(recent)},
                needed={"per_shopper": limit.count - 1},
                until=cap_frees_at(recent, limit.count, limit.per),
            )
