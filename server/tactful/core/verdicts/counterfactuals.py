"""What would change a gate's answer, and how are its values told to the shop's own people?"""

from typing import Any, Final

from tactful.core.values.calendar import format_rfc3339
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding

CHANGES: Final[dict[Reason, str]] = {
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
"""Reason → what would flip it."""

NEEDED: Final[dict[Reason, str]] = {
    Reason.COMPLAINT_OPEN: "resolved",
    Reason.COMPLAINT_COMPONENT: "untainted parts",
    Reason.COMPLAINT_BRAND: "resolved",
    Reason.COMPLAINT_CAUSE: "an item that it does not make up for",
    Reason.SERVICE_OPEN: "resolved",
    Reason.DELIVERY_LATE: "delivered",
    Reason.RETURN_FIT: "received",
    Reason.PRICE_MISSING: "a price",
    Reason.TIMING_CHECKOUT: "another page",
    Reason.CONTACT_ACTIVE: "no other offer",
    Reason.ARBITRATION_OUTRANKED: "the highest rank",
    Reason.ARBITRATION_EXCLUSIVE: "no other offer",
    Reason.HOLDOUT_GLOBAL: "not in the control group",
    Reason.HOLDOUT_RULE: "not in the control group",
    Reason.SHADOW: "live",
}
"""Reason → what would be needed, where the gate has no value to compare and knows no end."""

INSTANTS: Final = frozenset(
    {Reason.RULE_NOT_STARTED, Reason.RULE_ENDED, Reason.TIMING_QUIET, Reason.OWNED_ALREADY}
)
"""Reasons whose values are instants."""


def as_plain_value(reason: Reason, value: Any) -> Any:
    """What a gate saw or wants, with instants as RFC 3339."""
    if reason in INSTANTS and isinstance(value, int):
        return format_rfc3339(value)
    return value


def needed_value(one: Finding) -> Any:
    """What a gate wants: a value, the instant at which time alone grants it, or a word."""
    if one.needed is not None:
        return as_plain_value(one.reason, one.needed)
    return format_rfc3339(one.until) if one.until else NEEDED.get(one.reason)


def change_text(one: Finding) -> str:
    """What would flip a gate, in a sentence."""
    text = CHANGES[one.reason]
    return f"{text}; by itself at {format_rfc3339(one.until)}" if one.until else text
