"""Words of the audit page: what was done, on what, and which values changed."""

from collections.abc import Mapping
from typing import Final, get_args

from tactful.core.values.phrases import Phrase, phrase
from tactful.runtime.ports.operator_actions import ActionKind

ACT_WORDS: Final[Mapping[str, Phrase]] = {
    "alert.acknowledged": phrase("acknowledged an alert"),
    "alert.resolved": phrase("closed an alert"),
    "alert.snoozed": phrase("let an alert rest"),
    "case.corrected": phrase("corrected a case"),
    "codes.imported": phrase("imported discount codes"),
    "codes.withdrawn": phrase("withdrew discount codes"),
    "connector.reconciled": phrase("had the lists of a connector read"),
    "connector.retried": phrase("had deliveries tried again"),
    "contact.erased": phrase("erased a contact"),
    "customer.erased": phrase("erased a customer"),
    "fact.stated": phrase("stated a fact"),
    "offer.revoked": phrase("ended an offer"),
    "offers.started": phrase("ended the stop of all offers"),
    "offers.stopped": phrase("stopped all offers"),
    "operator.changed": phrase("changed an account"),
    "operator.invited": phrase("invited an operator"),
    "operator.joined": phrase("joined"),
    "rule.paused": phrase("paused a rule"),
    "rule.resumed": phrase("resumed a rule"),
    "rulebook.reloaded": phrase("reloaded the rule files"),
    "rulebook.rolled_back": phrase("rolled the rules back"),
    "token.issued": phrase("made a token"),
    "token.revoked": phrase("revoked a token"),
}
"""Act → its words after the name of the operator."""
ACTS: Final = get_args(ActionKind)
VALUE_WORDS: Final[Mapping[str, Phrase]] = {
    "accept_missing": phrase("missing rows accepted"),
    "cause": phrase("for"),
    "deliveries": phrase("deliveries"),
    "ends": phrase("ends"),
    "expires": phrase("valid until"),
    "free_codes": phrase("free codes"),
    "items": phrase("items"),
    "kind": phrase("kind"),
    "language": phrase("language"),
    "offers": phrase("offers"),
    "order": phrase("order"),
    "recovery_codes": phrase("recovery codes"),
    "required_of": phrase("required of"),
    "role": phrase("role"),
    "rulebook": phrase("rulebook"),
    "scopes": phrase("may"),
    "second_factor": phrase("second factor"),
    "state": phrase("state"),
    "status": phrase("status"),
    "until": phrase("until"),
    "value": phrase("value"),
}
"""Name of a value → its words."""
