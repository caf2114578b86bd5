"""Words for the codes of states, roles and kinds that pages show."""

from collections.abc import Mapping
from typing import Final

from tactful.core.values.phrases import Phrase, phrase

CODE_WORDS: Final[Mapping[str, Phrase]] = {
    # roles, and what acts without an account
    "viewer": phrase("viewer"),
    "agent": phrase("agent"),
    "merchandiser": phrase("merchandiser"),
    "owner": phrase("owner"),
    "server key": phrase("server key"),
    "server": phrase("server"),
    "token": phrase("token"),
    "plugin": phrase("plugin"),
    # accounts, alerts, rules, recalls, cases
    "invited": phrase("invited"),
    "active": phrase("active"),
    "suspended": phrase("suspended"),
    "open": phrase("open"),
    "pending": phrase("pending"),
    "solved": phrase("solved"),
    "resolved": phrase("resolved"),
    "closed": phrase("closed"),
    "cancelled": phrase("cancelled"),
    "acknowledged": phrase("acknowledged"),
    "snoozed": phrase("at rest"),
    "running": phrase("running"),
    "paused": phrase("paused"),
    "lifted": phrase("lifted"),
    "made": phrase("made"),
    "stopped": phrase("stopped"),
    # offers
    "pushed": phrase("pushed"),
    "shown": phrase("shown"),
    "accepted": phrase("accepted"),
    "held": phrase("held"),
    "redeemed": phrase("redeemed"),
    "declined": phrase("declined"),
    "expired": phrase("expired"),
    "withdrawn": phrase("withdrawn"),
    "superseded": phrase("superseded"),
    # feeds, consent, periods, kinds of cases
    "stock": phrase("stock"),
    "prices": phrase("prices"),
    "orders": phrase("orders"),
    "cases": phrase("cases"),
    "personal": phrase("personal"),
    "anonymous": phrase("anonymous"),
    "total": phrase("in total"),
    "defect": phrase("defect"),
    "not_as_described": phrase("not as described"),
    "wrong_item": phrase("wrong item"),
    "late": phrase("late"),
    "lost": phrase("lost"),
    "service": phrase("service"),
    "billing": phrase("billing"),
    "question": phrase("question"),
    "other": phrase("other"),
    "unknown": phrase("unknown"),
    "rule": phrase("rule"),
    "product": phrase("product"),
    # values
    "yes": phrase("yes"),
    "no": phrase("no"),
    "none": phrase("none"),
    "named": phrase("named"),
    "all": phrase("all"),
    "case": phrase("a case"),
    "order": phrase("an order"),
    "items": phrase("items"),
}
"""Code → its words."""


def code_words(code: str) -> str:
    """Return the phrase of a code; one without words is shown with spaces for its underscores."""
    return CODE_WORDS.get(code) or code.replace("_", " ")
