"""Reason codes, declared in gate order, each with what would change the gate's answer.

A code is stable: shops read it in explanations, logs and tests of rules, and the ledger stores it.
Everything that depends on a reason alone stands beside it here. A new gate with a new reason
therefore touches three source files: its own module, `gates/pipeline.py` and this one.
"""

from enum import StrEnum
from typing import Final, Self

INSTANTS: Final = True
"""Marks a reason whose actual and needed values are instants in milliseconds."""


class Reason(StrEnum):
    """Why an offer is withheld or withdrawn (server/SEMANTICS.md, section 7).

    A member is its code, `gate.cause`. The order of declaration is the order of the gates: of
    several reasons the first declared is the primary one. Each member declares the code, `change`,
    and where needed `needed` and `shows_instants`.
    """

    _value_: str
    change: str
    """What would change the gate's answer, as a clause without a full stop."""
    needed: str | None
    """What the gate needs, in words, if it has no value to compare and knows no end."""
    shows_instants: bool
    """Whether `Finding.actual` and `Finding.needed` are milliseconds since the Unix epoch, UTC."""

    def __new__(
        cls,
        code: str,
        change: str = "",
        needed: str | None = None,
        shows_instants: bool = False,
    ) -> Self:
        """Make a member; `Reason(code)` looks one up and needs the code alone."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.change = change
        member.needed = needed
        member.shows_instants = shows_instants
        return member

    # Gate 1 rule state
    OFFERS_STOPPED = "offers.stopped", "an operator ends the stop of all offers"
    RULE_PAUSED = "rule.paused", "resume the rule"
    RULE_NOT_STARTED = "rule.not_started", "the rule's `valid.from` comes", None, INSTANTS
    RULE_ENDED = (
        "rule.ended",
        "extend the rule's `valid.until`, or set another `mode` if its trial is over",
        None,
        INSTANTS,
    )
    RULE_WINDOW = "rule.window", "the rule's schedule opens"
    EXCLUDED_BY_SHOP = (
        "excluded.by_shop",
        "the shop removes the exclusion, or its `valid.until` passes",
        "not excluded",
    )

    # Gate 2 shopper
    SHOPPER_OPTED_OUT = "shopper.opted_out", "the customer opts in again"
    CONSENT_MISSING = "consent.missing", "the shopper consents"
    CONSENT_GPC = "consent.gpc", "the shopper's browser stops sending Global Privacy Control"
    CONSENT_TERRITORY = (
        "consent.territory",
        "the rule reads other inputs, or the shopper is in another territory",
    )
    SHOPPER_AGE = "shopper.age", "the customer's age is known and sufficient"

    # Gate 3 feeds
    STALE_STOCK = "stale.stock", "the stock feed reports again"
    STALE_CASES = "stale.cases", "the cases or orders feed reports again"
    STALE_PRICE = "stale.price", "the prices feed reports again"

    # Gate 4 targeting
    TARGET_TERRITORY = "target.territory", "the shopper is in a territory of the rule"
    TARGET_CONDITIONS = "target.conditions", "the rule's condition holds"
    IDENTITY_UNVERIFIED = "identity.unverified", "the shopper logs in"

    # Gate 5 suppression
    RECALL = "recall", "the recall is lifted"
    OBJECTION_SHOP = "objection.shop", "the objection ends or is lifted", "no objection"
    OBJECTION_ITEM = (
        "objection.item",
        "the objection ends or is lifted, or another item is viewed",
        "no objection",
    )
    COMPLAINT_OPEN = "complaint.open", "the case is resolved and its cooldown passes", "resolved"
    COMPLAINT_UNKNOWN = (
        "complaint.unknown",
        "the kind of the case is known, or the case is resolved and its cooldown passes",
        "resolved",
    )
    COMPLAINT_COOLDOWN = "complaint.cooldown", "the cooldown passes"
    COMPLAINT_COMPONENT = (
        "complaint.component",
        "no part of the bundle is tainted any more",
        "untainted parts",
    )
    COMPLAINT_BRAND = (
        "complaint.brand",
        "both cases are resolved and the cooldown passes",
        "resolved",
    )
    COMPLAINT_CAUSE = (
        "complaint.cause",
        "nothing: a remedy is never promoted on its cause",
        "an item that it does not make up for",
    )
    SERVICE_OPEN = "service.open", "the case is resolved and its cooldown passes", "resolved"
    DELIVERY_LATE = "delivery.late", "the parcel is delivered and the cooldown passes", "delivered"
    RETURN_FIT = "return.fit", "the cooldown passes, or another variant is viewed", "received"
    RETURN_RECENT = "return.recent", "the cooldown passes"
    REVIEW_BAD = "review.bad", "the review is edited to 4 stars or more, or the cooldown passes"
    SERVICE_COOLDOWN = "service.cooldown", "the cooldown passes"
    CANCELLED_BY_SHOP = "cancelled.by_shop", "the cooldown passes"
    OWNED_ALREADY = "owned.already", "enough time passes since the purchase", None, INSTANTS
    OWNED_PRICE_REGRET = (
        "owned.price_regret",
        "the offer is not below what was paid, or enough time passes",
    )

    # Gate 6 availability
    STOCK_OUT = "stock.out", "the stock feed reports some"
    STOCK_MINIMUM = "stock.minimum", "the stock rises to the policy's minimum"
    STOCK_COMMITTED = "stock.committed", "stock rises, or other standing offers end"

    # Gate 7 price
    PRICE_MISSING = "price.missing", "a price fact for this territory arrives", "a price"
    PRICE_DISAGREES = (
        "price.disagrees",
        "the page shows the price that was reported, or the offer is below the price of the page",
    )
    PRICE_FLOOR = "price.floor", "cost or floor falls, or the public price rises"
    PRICE_NO_IMPROVEMENT = "price.no_improvement", "the public price rises above the offer"
    PRICE_ZERO = "price.zero", "the rule discounts less"

    # Gate 8 timing
    TIMING_WAIT = "timing.wait", "the shopper stays, pauses and looks"
    TIMING_CHECKOUT = "timing.checkout", "the shopper leaves the checkout", "another page"
    TIMING_CHAT = "timing.chat", "the chat is closed"
    TIMING_QUIET = "timing.quiet", "the quiet after a withdrawal passes", None, INSTANTS

    # Gate 9 contact policy
    CONTACT_SESSION_CAP = "contact.session_cap", "the next session"
    CONTACT_SHOPPER_CAP = "contact.shopper_cap", "an earlier offer falls out of the window"
    CONTACT_DISMISSED = "contact.dismissed", "the rest after the dismissal passes"
    CONTACT_ACTIVE = "contact.active", "the offer that is up ends", "no other offer"

    # Gate 10 budget
    BUDGET_SHOPPER_LIMIT = (
        "budget.shopper_limit",
        "the rule's limit per shopper is raised, or its window passes",
    )
    BUDGET_SPEND = (
        "budget.spend",
        "the campaign's budget in this currency is raised, or a standing offer ends",
    )
    BUDGET_COUNT = "budget.count", "the campaign's count is raised, or a standing offer ends"
    BUDGET_CODES = "budget.codes", "discount codes are imported into the rule's pool"

    # Gate 11 arbitration
    ARBITRATION_NEGATIVE_VALUE = "arbitration.negative_value", "the offer earns more than silence"
    ARBITRATION_OUTRANKED = (
        "arbitration.outranked",
        "the rule gets a higher priority than the winner",
        "the highest rank",
    )
    ARBITRATION_EXCLUSIVE = (
        "arbitration.exclusive",
        "the other offer ends, or the two name each other to stack",
        "no other offer",
    )

    # Gate 12 measurement
    HOLDOUT_GLOBAL = (
        "holdout.global",
        "nothing: this shopper is in the control group",
        "not in the control group",
    )
    HOLDOUT_RULE = (
        "holdout.rule",
        "nothing: this shopper is in the rule's control group",
        "not in the control group",
    )
    HOLDOUT_VARIANT = (
        "holdout.variant",
        "nothing: this shopper is for another rule of the experiment",
        "a shopper of this rule",
    )
    SHADOW = "shadow", "set the rule's mode to live", "live"


REASON_ORDER: Final[dict[Reason, int]] = {reason: place for place, reason in enumerate(Reason)}
"""Reason → its place in the gate order; of several, the primary reason has the smallest."""

MONEY_REASONS: Final = frozenset(
    {
        Reason.OWNED_PRICE_REGRET,
        Reason.PRICE_FLOOR,
        Reason.PRICE_NO_IMPROVEMENT,
        Reason.PRICE_ZERO,
        Reason.BUDGET_SPEND,
    }
)
"""The reasons whose numbers are amounts in minor units of the currency of the public price."""

TAINT_REASONS: Final = frozenset(
    {
        Reason.COMPLAINT_OPEN,
        Reason.COMPLAINT_UNKNOWN,
        Reason.COMPLAINT_COOLDOWN,
        Reason.COMPLAINT_COMPONENT,
        Reason.COMPLAINT_BRAND,
        Reason.SERVICE_OPEN,
        Reason.DELIVERY_LATE,
        Reason.REVIEW_BAD,
        Reason.SERVICE_COOLDOWN,
        Reason.CANCELLED_BY_SHOP,
    }
)
"""A withdrawal for one of these starts the quiet period (`timing.quiet`)."""

TRANSIENT_REASONS: Final = frozenset(
    {
        Reason.OFFERS_STOPPED,
        Reason.RULE_PAUSED,
        Reason.RULE_NOT_STARTED,
        Reason.RULE_ENDED,
        Reason.RULE_WINDOW,
        Reason.EXCLUDED_BY_SHOP,
        Reason.STOCK_OUT,
        Reason.STOCK_MINIMUM,
        Reason.STOCK_COMMITTED,
    }
)
"""Reasons that the shop may undo a moment later.

A withdrawal for one of these starts a cooldown of the product. Without it an offer would appear and
disappear with each delivery of stock.
"""

MENDED_BY_TIME: Final = frozenset(
    {
        Reason.TIMING_WAIT,
        Reason.TIMING_QUIET,
        Reason.RULE_NOT_STARTED,
        Reason.RULE_WINDOW,
        Reason.EXCLUDED_BY_SHOP,
    }
)
"""Reasons that end by the passing of time while the shopper is still on the page.

A session sets a timer for them. Cooldowns of days and budget periods end by time as well, but no
session waits that long: its next signal finds them ended.
"""
