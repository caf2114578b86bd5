"""How do offers, verdicts and balances look in JSON to the shop's own people?"""

from typing import Any

from tactful.core.calendar import format_rfc3339
from tactful.core.offers import Offer
from tactful.core.reasons import Reason
from tactful.core.trace import Finding, Verdict
from tactful.runtime.why import Explanation


def money(amount: int | None, currency: str) -> dict[str, Any] | None:
    """Minor units with their currency."""
    return None if amount is None else {"amount": amount, "currency": currency}


def when(at: int | None) -> str | None:
    """An instant as RFC 3339 in UTC."""
    return None if at is None else format_rfc3339(at)


def offer(one: Offer) -> dict[str, Any]:
    """All of an offer."""
    return {
        "id": one.id,
        "state": one.state.value,
        "sku": one.sku,
        "product": one.product,
        "territory": one.territory,
        "price": money(one.unit, one.currency),
        "public": money(one.public, one.currency),
        "was": money(one.was, one.currency),
        "percent": one.percent,
        "max_qty": one.max_qty,
        "qty": one.qty,
        "hold": money(one.hold, one.currency),
        "session": one.session,
        "customer": one.customer,
        "rule": one.rule,
        "campaign": one.campaign,
        "rulebook": one.rulebook,
        "issued_at": when(one.issued_at),
        "ends_at": when(one.ends_at),
        "accept_until": when(one.accept_until),
        "title": one.title,
        "message": one.message,
        "placement": one.placement,
        "disclosure": one.disclosure,
        "seq": one.seq,
    }


def explanation(found: Explanation) -> dict[str, Any]:
    """The answer of `GET /v1/why`."""
    shown: dict[str, Any] = {"sku": found.sku}
    if found.session:
        shown["session"] = found.session
    if found.customer:
        shown["customer"] = found.customer
    shown |= {
        "at": when(found.at),
        "rulebook": found.rulebook,
        "rules": [verdict(one, found.at) for one in found.verdicts],
        "offers": [offer(one) for one in found.offers],
    }
    return shown


def verdict(one: Verdict, now: int) -> dict[str, Any]:
    """One rule's outcome, its primary reason, and all gates that fail."""
    shown: dict[str, Any] = {"rule": one.rule, "outcome": one.outcome}
    if one.reason:
        shown["reason"] = one.reason.value
    shown["gates"] = [finding(gate, now) for gate in one.findings]
    if one.notes:
        shown["notes"] = list(one.notes)
    if one.value:
        shown["value"] = one.value
    return shown


def finding(one: Finding, now: int) -> dict[str, Any]:
    """A gate that fails: what is, what would be needed, how old that is, what would change it."""
    shown: dict[str, Any] = {
        "reason": one.reason.value,
        "actual": _plain(one.reason, one.actual),
        "needed": _plain(one.reason, one.needed),
    }
    if one.at is not None:
        shown["age"] = max(0, now - one.at) // 1000
    shown["change"] = change(one)
    return shown


INSTANTS = frozenset(
    {Reason.RULE_NOT_STARTED, Reason.RULE_ENDED, Reason.TIMING_QUIET, Reason.OWNED_ALREADY}
)
"""Reasons whose values are instants."""


def _plain(reason: Reason, value: Any) -> Any:
    if reason in INSTANTS and isinstance(value, int):
        return when(value)
    return value


def change(one: Finding) -> str:
    """What would flip a gate, in a sentence."""
    text = CHANGES[one.reason]
    return f"{text}; by itself at {when(one.until)}" if one.until else text


CHANGES: dict[Reason, str] = {
    Reason.RULE_PAUSED: "resume the rule",
    Reason.RULE_NOT_STARTED: "the rule's `valid.from` comes",
    Reason.RULE_ENDED: "extend the rule's `valid.until`",
    Reason.RULE_WINDOW: "the rule's schedule opens",
    Reason.SHOPPER_OPTED_OUT: "the customer opts in again",
    Reason.CONSENT_MISSING: "the shopper consents",
    Reason.CONSENT_GPC: "the shopper's browser stops sending Global Privacy Control",
    Reason.SHOPPER_AGE: "the customer's age is known and sufficient",
    Reason.STALE_STOCK: "the stock feed reports again",
    Reason.STALE_CASES: "the cases or orders feed reports again",
    Reason.STALE_PRICE: "the prices feed reports again",
    Reason.TARGET_TERRITORY: "the shopper is in a territory of the rule",
    Reason.TARGET_CONDITIONS: "the rule's condition holds",
    Reason.IDENTITY_UNVERIFIED: "the shopper logs in",
    Reason.RECALL: "the recall is lifted",
    Reason.COMPLAINT_OPEN: "the case is resolved and its cooldown passes",
    Reason.COMPLAINT_COOLDOWN: "the cooldown passes",
    Reason.COMPLAINT_COMPONENT: "no part of the bundle is tainted any more",
    Reason.COMPLAINT_BRAND: "both cases are resolved and the cooldown passes",
    Reason.COMPLAINT_CAUSE: "nothing: a remedy is never promoted on its cause",
    Reason.SERVICE_OPEN: "the case is resolved and its cooldown passes",
    Reason.DELIVERY_LATE: "the parcel is delivered and the cooldown passes",
    Reason.RETURN_FIT: "the cooldown passes, or another variant is viewed",
    Reason.RETURN_RECENT: "the cooldown passes",
    Reason.REVIEW_BAD: "the review is edited to 4 stars or more, or the cooldown passes",
    Reason.SERVICE_COOLDOWN: "the cooldown passes",
    Reason.OWNED_ALREADY: "enough time passes since the purchase",
    Reason.OWNED_PRICE_REGRET: "the offer is not below what was paid, or enough time passes",
    Reason.STOCK_OUT: "the stock feed reports some",
    Reason.STOCK_MINIMUM: "the stock rises to the policy's minimum",
    Reason.STOCK_COMMITTED: "stock rises, or other standing offers end",
    Reason.PRICE_MISSING: "a price fact for this territory arrives",
    Reason.PRICE_FLOOR: "cost or floor falls, or the public price rises",
    Reason.PRICE_NO_IMPROVEMENT: "the public price rises above the offer",
    Reason.PRICE_ZERO: "the rule discounts less",
    Reason.TIMING_WAIT: "the shopper stays, pauses and looks",
    Reason.TIMING_CHECKOUT: "the shopper leaves the checkout",
    Reason.TIMING_CHAT: "the chat is closed",
    Reason.TIMING_QUIET: "the quiet after a withdrawal passes",
    Reason.CONTACT_SESSION_CAP: "the next session",
    Reason.CONTACT_SHOPPER_CAP: "an earlier offer falls out of the window",
    Reason.CONTACT_DISMISSED: "the rest after the dismissal passes",
    Reason.CONTACT_ACTIVE: "the offer that is up ends",
    Reason.BUDGET_SHOPPER_LIMIT: "the rule's limit per shopper is raised, or its window passes",
    Reason.BUDGET_SPEND: "the campaign's budget is raised, or a standing offer ends",
    Reason.BUDGET_COUNT: "the campaign's count is raised, or a standing offer ends",
    Reason.ARBITRATION_NEGATIVE_VALUE: "the offer earns more than silence",
    Reason.ARBITRATION_OUTRANKED: "the rule gets a higher priority than the winner",
    Reason.ARBITRATION_EXCLUSIVE: "the other offer ends, or the two name each other to stack",
    Reason.HOLDOUT_GLOBAL: "nothing: this shopper is in the control group",
    Reason.HOLDOUT_RULE: "nothing: this shopper is in the rule's control group",
    Reason.SHADOW: "set the rule's mode to live",
}
