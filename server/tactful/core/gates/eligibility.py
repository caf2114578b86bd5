"""Gates 1 to 4: rule state, consent of the shopper, fresh feeds, and targeting.

They enforce server/SEMANTICS.md, section 7 (gates 1 and 4), section 8 (gate 2) and section 10, rule
4 (gate 3).
"""

from collections.abc import Iterator, Mapping

from tactful.core.context import Scene
from tactful.core.facts.fact_types import FeedName
from tactful.core.rules.condition_evaluation import failed_clauses
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import EVERY_RULE, NEVER, Rule
from tactful.core.values import calendar
from tactful.core.values.territories import is_within
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_rule_state(
    rule: Rule, now: int, paused: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Gate 1: yield why the rule does not run now.

    Args:
        rule: The rule.
        now: Milliseconds since the Unix epoch, UTC.
        paused: Ids of rules that an operator paused, whatever their file says.

    Yields:
        `offers.stopped`, `rule.paused`, `rule.not_started`, `rule.ended` and `rule.window`.
    """
    if paused:
        yield from check_stop(paused)
    if rule.paused or rule.id in paused:
        yield Finding(Reason.RULE_PAUSED, actual="paused", needed="running")
    if now < rule.starts:
        yield Finding(Reason.RULE_NOT_STARTED, actual=now, needed=rule.starts, until=rule.starts)
    # The end is exclusive: at that instant the rule is over already.
    if now >= rule.ends:
        yield Finding(Reason.RULE_ENDED, actual=now, needed=rule.ends)
    if rule.schedule:
        is_open, changes = rule.schedule(now)
        if not is_open:
            yield Finding(Reason.RULE_WINDOW, actual="closed", needed="open", until=changes)


def check_stop(paused: frozenset[str]) -> Iterator[Finding]:
    """Gate 1: yield `offers.stopped` while an operator has stopped all offers.

    Args:
        paused: Ids of rules that an operator paused; `EVERY_RULE` stands for the stop.
    """
    if EVERY_RULE in paused:
        yield Finding(Reason.OFFERS_STOPPED, actual="stopped", needed="running")


def check_shopper(scene: Scene, *, personal: bool) -> Iterator[Finding]:
    """Gate 2: yield why the shopper does not allow the offer.

    Args:
        scene: The item in front of the shopper.
        personal: Whether the rule needs data that only a verified identity gives access to.

    Yields:
        `shopper.opted_out`, `consent.missing` and `consent.gpc`.
    """
    session = scene.session
    about = scene.history.about if scene.history else None
    # Only a verified customer has this fact. Without the consent to use it there is no history.
    if about and about.fact.opted_out:
        yield Finding(Reason.SHOPPER_OPTED_OUT, actual=True, needed=False, at=about.at)
    if session.consent == "none":
        yield Finding(Reason.CONSENT_MISSING, actual="none", needed="anonymous")
    elif personal and not session.personal:
        # Global Privacy Control is named before the consent: no dialogue of the shop can change it.
        if session.gpc:
            yield Finding(Reason.CONSENT_GPC, actual="refused", needed="personal")
        else:
            yield Finding(Reason.CONSENT_MISSING, actual=session.consent, needed="personal")


def check_age(scene: Scene) -> Iterator[Finding]:
    """Gate 2: yield `shopper.age` where the customer may be too young for the product.

    An unknown age counts as too low. If only the birth year is known, this year's birthday counts
    as not yet reached.

    Args:
        scene: The item in front of the shopper.
    """
    product = scene.product
    least = product.min_age if product else None
    if not least:
        return
    about = scene.history.about if scene.history else None
    born = about.fact.birth_year if about else None
    age = None if born is None else calendar.to_local(scene.now, "UTC").year - born - 1
    if age is None or age < least:
        yield Finding(Reason.SHOPPER_AGE, actual=age, needed=least, at=about.at if about else None)


def needs_customer(rule: Rule, holds_at: int) -> bool:
    """Return whether the rule can hold only with data about a verified customer.

    Through an `any`, a rule may hold without the personal fields that it reads. Then it needs no
    personal consent.

    Args:
        rule: The rule.
        holds_at: What `rule.holds_from` returns for the scene.

    Returns:
        True for a remedy, and for a rule with personal clauses whose condition does not hold.
    """
    return rule.remedy or (rule.holds_from_if_identified is not None and holds_at == NEVER)


def check_feeds(
    scene: Scene, policy: Policy, heartbeats: Mapping[FeedName, int]
) -> Iterator[Finding]:
    """Gate 3: yield which watched feeds are stale.

    Args:
        scene: The item in front of the shopper.
        policy: The shop's policy; a feed without a `max_age` is not watched.
        heartbeats: Feed → its last fact or heartbeat, milliseconds since the Unix epoch, UTC.

    Yields:
        `stale.stock`, `stale.cases` and `stale.price`. A watched feed that never reported is stale:
        nothing is offered on facts of unknown age.
    """
    limits, now = policy.max_age, scene.now
    if limits.stock is not None:
        yield from _feed_findings(Reason.STALE_STOCK, "stock", limits.stock, heartbeats, now)
    # Cases and orders matter only where the history of a customer is used.
    if scene.profile and limits.cases is not None:
        yield from _feed_findings(Reason.STALE_CASES, "cases", limits.cases, heartbeats, now)
    if scene.profile and limits.orders is not None:
        yield from _feed_findings(Reason.STALE_CASES, "orders", limits.orders, heartbeats, now)
    if limits.prices is not None:
        yield from _feed_findings(Reason.STALE_PRICE, "prices", limits.prices, heartbeats, now)


def _feed_findings(
    reason: Reason, feed: FeedName, limit: int, heartbeats: Mapping[FeedName, int], now: int
) -> Iterator[Finding]:
    """Yield a finding if the last heartbeat of a feed is older than `limit` milliseconds."""
    last = heartbeats.get(feed)
    if last is None or now - last > limit:
        silent = None if last is None else (now - last) // 1000
        yield Finding(reason, actual={feed: silent}, needed={feed: limit // 1000}, at=last)


def check_conditions(scene: Scene, rule: Rule, holds_at: int) -> Iterator[Finding]:
    """Gate 4: yield why the rule does not apply to this shopper, territory or item.

    Args:
        scene: The item in front of the shopper.
        rule: The rule.
        holds_at: What `rule.holds_from` returns for the scene.

    Yields:
        `target.territory`, `target.conditions` for each failed clause, and `identity.unverified`.
    """
    if rule.territories and not is_within(scene.territory, rule.territories):
        yield Finding(
            Reason.TARGET_TERRITORY, actual=scene.territory, needed=sorted(rule.territories)
        )
    if rule.moment == "rescue" and not scene.session.rescue:
        yield Finding(Reason.TARGET_CONDITIONS, actual={"moment": None}, needed="moment: rescue")
    unverified = scene.profile is None and needs_customer(rule, holds_at)
    # If no customer is known and only the personal clauses fail, the only finding is the missing
    # identity. A finding per clause ("orders is unknown") would hide it.
    if holds_at == NEVER and not (unverified and _holds_if_identified(scene, rule)):
        yield from _clause_findings(scene, rule)
    if unverified:
        yield Finding(Reason.IDENTITY_UNVERIFIED, actual=None, needed="a verified identity")
    elif rule.remedy and scene.remedy is None:
        yield Finding(Reason.TARGET_CONDITIONS, actual={"remedy": None}, needed="a remedy")


def _holds_if_identified(scene: Scene, rule: Rule) -> bool:
    """Return whether the condition would hold if all personal clauses did."""
    holds_from = rule.holds_from_if_identified
    return holds_from is not None and holds_from(scene) != NEVER


def _clause_findings(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """Yield `target.conditions` for each clause that fails."""
    failures = failed_clauses(rule.condition, scene)
    for failure in failures:
        # `check_conditions` has its own finding for the moment.
        if failure.clause.field != "moment":
            actual = {failure.clause.field: failure.actual}
            yield Finding(Reason.TARGET_CONDITIONS, actual, failure.needed, until=failure.until)
    # An `any` without parts has no clause that could be named.
    if not failures:
        yield Finding(Reason.TARGET_CONDITIONS, needed="a condition that can hold")
