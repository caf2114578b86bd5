"""Which reasons a decision can give, in the order in which the gates stand."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """A stable reason code, `gate.cause`; declared in gate order (semantics, section 7)."""

    RULE_PAUSED = "rule.paused"
    RULE_NOT_STARTED = "rule.not_started"
    RULE_ENDED = "rule.ended"
    RULE_WINDOW = "rule.window"

    SHOPPER_OPTED_OUT = "shopper.opted_out"
    CONSENT_MISSING = "consent.missing"
    CONSENT_GPC = "consent.gpc"
    SHOPPER_AGE = "shopper.age"

    STALE_STOCK = "stale.stock"
    STALE_CASES = "stale.cases"
    STALE_PRICE = "stale.price"

    TARGET_TERRITORY = "target.territory"
    TARGET_CONDITIONS = "target.conditions"
    IDENTITY_UNVERIFIED = "identity.unverified"

    RECALL = "recall"
    COMPLAINT_OPEN = "complaint.open"
    COMPLAINT_COOLDOWN = "complaint.cooldown"
    COMPLAINT_COMPONENT = "complaint.component"
    COMPLAINT_BRAND = "complaint.brand"
    COMPLAINT_CAUSE = "complaint.cause"
    SERVICE_OPEN = "service.open"
    DELIVERY_LATE = "delivery.late"
    RETURN_FIT = "return.fit"
    RETURN_RECENT = "return.recent"
    REVIEW_BAD = "review.bad"
    SERVICE_COOLDOWN = "service.cooldown"
    OWNED_ALREADY = "owned.already"
    OWNED_PRICE_REGRET = "owned.price_regret"

    STOCK_OUT = "stock.out"
    STOCK_MINIMUM = "stock.minimum"
    STOCK_COMMITTED = "stock.committed"

    PRICE_MISSING = "price.missing"
    PRICE_FLOOR = "price.floor"
    PRICE_NO_IMPROVEMENT = "price.no_improvement"
    PRICE_ZERO = "price.zero"

    TIMING_WAIT = "timing.wait"
    TIMING_CHECKOUT = "timing.checkout"
    TIMING_CHAT = "timing.chat"
    TIMING_QUIET = "timing.quiet"

    CONTACT_SESSION_CAP = "contact.session_cap"
    CONTACT_SHOPPER_CAP = "contact.shopper_cap"
    CONTACT_DISMISSED = "contact.dismissed"
    CONTACT_ACTIVE = "contact.active"

    BUDGET_SHOPPER_LIMIT = "budget.shopper_limit"
    BUDGET_SPEND = "budget.spend"
    BUDGET_COUNT = "budget.count"

    ARBITRATION_NEGATIVE_VALUE = "arbitration.negative_value"
    ARBITRATION_OUTRANKED = "arbitration.outranked"
    ARBITRATION_EXCLUSIVE = "arbitration.exclusive"

    HOLDOUT_GLOBAL = "holdout.global"
    HOLDOUT_RULE = "holdout.rule"
    SHADOW = "shadow"


REASON_ORDER: Final[dict[Reason, int]] = {reason: place for place, reason in enumerate(Reason)}
"""Reason → its place in the gate order; of several, the primary reason has the smallest."""

TAINT_REASONS: Final = frozenset(
    {
        Reason.COMPLAINT_OPEN,
        Reason.COMPLAINT_COOLDOWN,
        Reason.COMPLAINT_COMPONENT,
        Reason.COMPLAINT_BRAND,
        Reason.SERVICE_OPEN,
        Reason.DELIVERY_LATE,
        Reason.REVIEW_BAD,
        Reason.SERVICE_COOLDOWN,
    }
)
"""After a withdrawal for one of these the shopper is left in peace for a while (`timing.quiet`)."""

TRANSIENT_REASONS: Final = frozenset(
    {
        Reason.RULE_PAUSED,
        Reason.RULE_NOT_STARTED,
        Reason.RULE_ENDED,
        Reason.RULE_WINDOW,
        Reason.STOCK_OUT,
        Reason.STOCK_MINIMUM,
        Reason.STOCK_COMMITTED,
    }
)
"""What the shop may undo a moment later; an offer that was taken back for it does not come and go."""
