"""The results of actions, which the next page shows once, and the pages of the navigation."""

from collections.abc import Mapping
from typing import Final

from tactful.console.permissions import Act
from tactful.core.values.phrases import Phrase, phrase

NAVIGATION: Final[tuple[tuple[str, Phrase, Act], ...]] = (
    ("/console", phrase("Overview"), "see"),
    ("/console/rules", phrase("Rules"), "see"),
    ("/console/results", phrase("Results"), "see"),
    ("/console/decisions", phrase("Decisions"), "see"),
    ("/console/why", phrase("Why"), "customers"),
    ("/console/recalls", phrase("Recalls"), "see"),
    ("/console/start", phrase("Start here"), "see"),
    ("/console/audit", phrase("Audit"), "end_offers"),
    ("/console/operators", phrase("Operators"), "operators"),
)
"""Path, title, and what a role must be allowed to do to see it."""
NOTICES: Final[Mapping[str, Phrase]] = {
    "language-changed": phrase("The pages are in this language from now on."),
    "factor-required": phrase("The choice counts with the next request of each operator."),
    "token-revoked": phrase("The token is revoked, and not accepted any more."),
    "rule-made": phrase(
        "The rule is active as a trial. Half of the shoppers are shown its offers."
    ),
    "holdout-made": phrase("The hold-out is active. One shopper in ten is shown no offers."),
    "stopped": phrase(
        "All offers are stopped. Those on the screens of shoppers have ended, and accepted ones stay valid."
    ),
    "stopped-before": phrase("All offers had been stopped already. Nothing was changed."),
    "started": phrase("The stop has ended, and offers are made again."),
    "started-before": phrase("The offers were not stopped. Nothing was changed."),
    "revoked": phrase("The offer has ended, and the shopper no longer sees it."),
    "ended": phrase("The offer had already ended. Nothing was changed."),
    "corrected": phrase(
        "The case is corrected, and its offers follow. The connector of the help desk keeps what you stated."
    ),
    "remedied-here": phrase("The voucher is issued, and the customer sees it in the shop now."),
    "remedied-later": phrase(
        "The voucher is issued. The customer is not in the shop now, and sees it with the next visit."
    ),
    "remedied-before": phrase("This voucher had been issued already. It was not issued again."),
    "factor-added": phrase("The second factor is added. Your next login needs a code."),
    "factor-removed": phrase("The second factor is removed."),
    "operator-changed": phrase(
        "The account is changed. It counts with the next request of the operator."
    ),
    "objected": phrase(
        "No offers are made to the customer from now on. An offer that is accepted stays valid."
    ),
    "objected-item": phrase(
        "The item is not offered to the customer any more. If an offer of it is accepted, that stays valid."
    ),
    "objection-lifted": phrase("The objection is lifted. Offers can be made again."),
    "recalled": phrase("The item is recalled. All offers for it have ended."),
    "lifted": phrase("The recall is lifted. The item can be offered again."),
    "lifted-others": phrase(
        "Your recall is lifted. The item has another recall, so nothing is offered for it until that one is lifted too."
    ),
    "acknowledged": phrase("The alert is acknowledged in your name."),
    "snoozed": phrase("The alert rests. It is open again afterwards if its cause is still there."),
    "paused": phrase("The rule is paused."),
    "resumed": phrase("The rule is active again."),
    "reload-active": phrase("The rule files were reloaded, and are active."),
    "reload-same": phrase("The rule files have not changed."),
    "reload-refused": phrase("The rule files have errors. The previous rulebook stays active."),
    "rolled-back": phrase("The previous rulebook is active again."),
    "no-earlier": phrase("There is no previous rulebook. Nothing was changed."),
}
"""Result of an action → its sentence."""
