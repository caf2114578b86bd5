"""Words for reason codes, as an agent may say them to a customer.

`rules/reasons.md` explains the same codes to merchandisers.
"""

from collections.abc import Mapping
from typing import Final

REASON_WORDS: Final[Mapping[str, str]] = {
    "offers.stopped": "the shop makes no offers at the moment",
    "rule.paused": "the rule is paused",
    "rule.not_started": "the rule has not begun",
    "rule.ended": "the rule has ended",
    "rule.window": "the rule has other hours",
    "excluded.by_shop": "the shop makes no offers on it",
    "shopper.opted_out": "the customer has opted out of offers",
    "consent.missing": "the shopper has not consented",
    "consent.gpc": "the browser refuses the use of personal data",
    "consent.territory": "the law of the territory does not allow it",
    "shopper.age": "the item has a minimum age",
    "stale.stock": "the stock is not known at the moment",
    "stale.cases": "the support cases are not known at the moment",
    "stale.price": "the prices are not known at the moment",
    "target.territory": "the rule is for other territories",
    "target.conditions": "the rule is for other items or shoppers",
    "identity.unverified": "the shopper is not logged in",
    "recall": "the item is recalled",
    "objection.shop": "the customer asked for no offers",
    "objection.item": "the customer asked not to be offered it",
    "complaint.open": "a complaint about it is open",
    "complaint.unknown": "an open case may be about it",
    "complaint.cooldown": "there was a complaint about it",
    "complaint.component": "there is a complaint about a part of it",
    "complaint.brand": "there were two complaints about its brand",
    "complaint.cause": "the voucher makes up for this item",
    "service.open": "a complaint about the service is open",
    "delivery.late": "a parcel is late",
    "return.fit": "it was returned because of its size",
    "return.recent": "it was returned",
    "review.bad": "it got a bad review",
    "service.cooldown": "there was a complaint about the service",
    "cancelled.by_shop": "the shop cancelled an order of it",
    "owned.already": "the customer has it already",
    "owned.price_regret": "the customer paid more for it a short time ago",
    "stock.out": "it is sold out",
    "stock.minimum": "few are left",
    "stock.committed": "those that are left are offered to others",
    "price.missing": "its price is not known",
    "price.disagrees": "the page shows another price",
    "price.floor": "the offer would be below the lowest price",
    "price.no_improvement": "it costs no more than the offer",
    "price.zero": "the offer would be free",
    "timing.wait": "the shopper has not looked at it long enough",
    "timing.checkout": "the shopper is at the checkout",
    "timing.chat": "the shopper is talking to support",
    "timing.quiet": "an offer was withdrawn a short time ago",
    "contact.session_cap": "there were enough offers in this session",
    "contact.shopper_cap": "there were enough offers lately",
    "contact.dismissed": "an offer was dismissed a short time ago",
    "contact.active": "another offer stands",
    "budget.shopper_limit": "the customer has had this offer often enough",
    "budget.spend": "the budget is used up",
    "budget.count": "all offers of the campaign are given away",
    "budget.codes": "no discount code is left in the rule's pool",
    "arbitration.negative_value": "no offer earns more",
    "arbitration.outranked": "another offer is better",
    "arbitration.exclusive": "it cannot be combined with another offer",
    "holdout.global": "held out, to measure the effect of offers",
    "holdout.rule": "held out, to measure the effect of the rule",
    "holdout.variant": "the shopper tries another rule of an experiment",
    "shadow": "the rule is only tried",
    "price.error": "the price was wrong",
    "fraud": "fraud",
    "customer.asked": "the customer asked",
}
"""Reason code, of a gate or of an operator who ends an offer → a clause without a full stop."""


def reason_words(code: str | None) -> str:
    """Return a reason code in words; a code of a newer version as it is, and nothing for `None`."""
    return REASON_WORDS.get(code, code) if code else ""
