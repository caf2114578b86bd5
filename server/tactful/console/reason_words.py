"""Words for reason codes, as an agent may say them to a customer.

`rules/reasons.md` explains the same codes to merchandisers.
"""

from collections.abc import Mapping
from typing import Final

from tactful.core.values.phrases import Phrase, phrase

REASON_WORDS: Final[Mapping[str, Phrase]] = {
    "offers.stopped": phrase("the shop makes no offers at the moment"),
    "rule.paused": phrase("the rule is paused"),
    "rule.not_started": phrase("the rule has not begun"),
    "rule.ended": phrase("the rule has ended"),
    "rule.window": phrase("the rule has other hours"),
    "excluded.by_shop": phrase("the shop makes no offers on it"),
    "shopper.opted_out": phrase("the customer has opted out of offers"),
    "consent.missing": phrase("the shopper has not consented"),
    "consent.gpc": phrase("the browser refuses the use of personal data"),
    "consent.territory": phrase("the law of the territory does not allow it"),
    "shopper.age": phrase("the item has a minimum age"),
    "stale.stock": phrase("the stock is not known at the moment"),
    "stale.cases": phrase("the support cases are not known at the moment"),
    "stale.price": phrase("the prices are not known at the moment"),
    "target.territory": phrase("the rule is for other territories"),
    "target.conditions": phrase("the rule is for other items or shoppers"),
    "identity.unverified": phrase("the shopper is not logged in"),
    "recall": phrase("the item is recalled"),
    "objection.shop": phrase("the customer asked for no offers"),
    "objection.item": phrase("the customer asked not to be offered it"),
    "complaint.open": phrase("a complaint about it is open"),
    "complaint.unknown": phrase("an open case may be about it"),
    "complaint.cooldown": phrase("there was a complaint about it"),
    "complaint.component": phrase("there is a complaint about a part of it"),
    "complaint.brand": phrase("there were two complaints about its brand"),
    "complaint.cause": phrase("the voucher makes up for this item"),
    "service.open": phrase("a complaint about the service is open"),
    "delivery.late": phrase("a parcel is late"),
    "return.fit": phrase("it was returned because of its size"),
    "return.recent": phrase("it was returned"),
    "review.bad": phrase("it got a bad review"),
    "service.cooldown": phrase("there was a complaint about the service"),
    "cancelled.by_shop": phrase("the shop cancelled an order of it"),
    "owned.already": phrase("the customer has it already"),
    "owned.price_regret": phrase("the customer paid more for it a short time ago"),
    "stock.out": phrase("it is sold out"),
    "stock.minimum": phrase("few are left"),
    "stock.committed": phrase("those that are left are offered to others"),
    "price.missing": phrase("its price is not known"),
    "price.disagrees": phrase("the page shows another price"),
    "price.floor": phrase("the offer would be below the lowest price"),
    "price.no_improvement": phrase("it costs no more than the offer"),
    "price.zero": phrase("the offer would be free"),
    "timing.wait": phrase("the shopper has not looked at it long enough"),
    "timing.checkout": phrase("the shopper is at the checkout"),
    "timing.chat": phrase("the shopper is talking to support"),
    "timing.quiet": phrase("an offer was withdrawn a short time ago"),
    "contact.session_cap": phrase("there were enough offers in this session"),
    "contact.shopper_cap": phrase("there were enough offers lately"),
    "contact.dismissed": phrase("an offer was dismissed a short time ago"),
    "contact.active": phrase("another offer stands"),
    "budget.shopper_limit": phrase("the customer has had this offer often enough"),
    "budget.spend": phrase("the budget is used up"),
    "budget.count": phrase("all offers of the campaign are given away"),
    "budget.codes": phrase("no discount code is left in the rule's pool"),
    "arbitration.negative_value": phrase("no offer earns more"),
    "arbitration.outranked": phrase("another offer is better"),
    "arbitration.exclusive": phrase("it cannot be combined with another offer"),
    "holdout.global": phrase("held out, to measure the effect of offers"),
    "holdout.rule": phrase("held out, to measure the effect of the rule"),
    "holdout.variant": phrase("the shopper tries another rule of an experiment"),
    "shadow": phrase("the rule is only tried"),
    "price.error": phrase("the price was wrong"),
    "fraud": phrase("fraud"),
    "customer.asked": phrase("the customer asked"),
}
"""Reason code, of a gate or of an operator who ends an offer → a clause without a full stop."""


def reason_words(code: str | None) -> str:
    """Return a reason code in words; a code of a newer version as it is, and nothing for `None`."""
    return REASON_WORDS.get(code, code) if code else ""
