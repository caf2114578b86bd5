"""What did people, or the server in their place, do to rules and promises?"""

from typing import Literal

from msgspec import Struct

ActionKind = Literal[
    "fact.stated",
    "offer.revoked",
    "rule.paused",
    "rule.resumed",
    "rulebook.reloaded",
    "rulebook.rolled_back",
]


class OperatorAction(Struct, frozen=True, kw_only=True):
    """One act, for the audit. `who`: as they named themselves, or what acted by itself."""

    at: int
    who: str
    act: ActionKind
    subject: str
    """What it was done to: an offer, a rule, a version of the rulebook, a fact."""
    detail: str = ""
    customer: str | None = None
    """Whom it concerns, where it concerns one customer."""
