"""May this rule speak about this item in this session? Gates 1 to 4."""

from collections.abc import Iterator, Mapping

from tactful.core.context import Scene
from tactful.core.facts.fact_types import FeedName
from tactful.core.rules.condition_evaluation import failed_clauses
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER, Rule
from tactful.core.values import calendar
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_rule_state(
    rule: Rule, now: int, paused: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Gate 1: is the rule running, and is this its time? `paused`: by an operator."""
    if rule.paused or rule.id in paused:
        yield Finding(Reason.RULE_PAUSED, actual="paused", needed="running")
    if now < rule.starts:
        yield Finding(Reason.RULE_NOT_STARTED, actual=now, needed=rule.starts, until=rule.starts)
    if now >= rule.ends:
        yield Finding(Reason.RULE_ENDED, actual=now, needed=rule.ends)
    if rule.schedule:
        is_open, changes = rule.schedule(now)
        if not is_open:
            yield Finding(Reason.RULE_WINDOW, actual="closed", needed="open", until=changes)


def check_shopper(scene: Scene, *, personal: bool) -> Iterator[Finding]:
    """Gate 2: does the shopper allow it? `personal`: it needs what only an identity lets us know."""
    session = scene.session
    about = scene.history.about if scene.history else None
    if about and about.fact.opted_out:
        yield Finding(Reason.SHOPPER_OPTED_OUT, actual=True, needed=False, at=about.at)
    if session.consent == "none":
        yield Finding(Reason.CONSENT_MISSING, actual="none", needed="anonymous")
    elif personal and not session.personal:
        if session.gpc:
            yield Finding(Reason.CONSENT_GPC, actual="refused", needed="personal")
        else:
            yield Finding(Reason.CONSENT_MISSING, actual=session.consent, needed="personal")
    yield from _age(scene)


def _age(scene: Scene) -> Iterator[Finding]:
    """An age that is not known is too low; a birth year alone counts the birthday as not yet had."""
    least = scene.product.min_age if scene.product else None
    if not least:
        return
    about = scene.history.about if scene.history else None
    born = about.fact.birth_year if about else None
    age = None if born is None else calendar.to_local(scene.now, "UTC").year - born - 1
    if age is None or age < least:
        yield Finding(Reason.SHOPPER_AGE, actual=age, needed=least, at=about.at if about else None)


def needs_customer(rule: Rule, ripe: int) -> bool:
    """Whether the rule holds only for what we may know of a verified customer.

    `ripe`: from when its conditions hold.
    """
    return rule.remedy or (rule.holds_from_if_identified is not None and ripe == NEVER)


def check_feeds(scene: Scene, policy: Policy, heard: Mapping[FeedName, int]) -> Iterator[Finding]:
    """Gate 3: are the inputs fresh? A watched feed that was never heard of is stale."""
    limits = policy.max_age
    yield from _silent(Reason.STALE_STOCK, "stock", limits.stock, heard, scene.now)
    if scene.profile:
        yield from _silent(Reason.STALE_CASES, "cases", limits.cases, heard, scene.now)
        yield from _silent(Reason.STALE_CASES, "orders", limits.orders, heard, scene.now)
    yield from _silent(Reason.STALE_PRICE, "prices", limits.prices, heard, scene.now)


def _silent(
    reason: Reason,
    feed: FeedName,
    limit: int | None,
    heard: Mapping[FeedName, int],
    now: int,
) -> Iterator[Finding]:
    if limit is None:
        return
    last = heard.get(feed)
    if last is None or now - last > limit:
        silent = None if last is None else (now - last) // 1000
        yield Finding(reason, actual={feed: silent}, needed={feed: limit // 1000}, at=last)


def check_conditions(scene: Scene, rule: Rule, ripe: int) -> Iterator[Finding]:
    """Gate 4: is this whom, where and what the rule is for?"""
    if rule.territories and scene.territory not in rule.territories:
        yield Finding(
            Reason.TARGET_TERRITORY, actual=scene.territory, needed=sorted(rule.territories)
        )
    if rule.moment == "rescue" and not scene.session.rescue:
        yield Finding(Reason.TARGET_CONDITIONS, actual={"moment": None}, needed="moment: rescue")
    stranger = scene.profile is None and needs_customer(rule, ripe)
    if ripe == NEVER and not (stranger and _holds_if_known(scene, rule)):
        yield from _conditions(scene, rule)
    if stranger:
        yield Finding(Reason.IDENTITY_UNVERIFIED, actual=None, needed="a verified identity")
    elif rule.remedy and scene.remedy is None:
        yield Finding(Reason.TARGET_CONDITIONS, actual={"remedy": None}, needed="a remedy")


def _holds_if_known(scene: Scene, rule: Rule) -> bool:
    return (
        rule.holds_from_if_identified is not None and rule.holds_from_if_identified(scene) != NEVER
    )


def _conditions(scene: Scene, rule: Rule) -> Iterator[Finding]:
    failures = failed_clauses(rule.condition, scene)
    for failure in failures:
        if failure.clause.field != "moment":  # `target` has said so already
            actual = {failure.clause.field: failure.actual}
            yield Finding(Reason.TARGET_CONDITIONS, actual, failure.needed, until=failure.until)
    if not failures:  # an `any` of nothing
        yield Finding(Reason.TARGET_CONDITIONS, needed="a condition that can hold")
