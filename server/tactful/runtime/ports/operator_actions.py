"""Operator actions: what operators, or the server in their place, did to rules and offers.

Field names and kinds are stored in the ledger and exported to customers.
"""

from typing import Literal

from msgspec import Struct

ActionKind = Literal[
    "case.corrected",
    "codes.imported",
    "codes.withdrawn",
    "fact.stated",
    "offer.revoked",
    "offers.started",
    "offers.stopped",
    "operator.changed",
    "operator.invited",
    "operator.joined",
    "rule.paused",
    "rule.resumed",
    "rulebook.reloaded",
    "rulebook.rolled_back",
    "token.issued",
    "token.revoked",
]


class OperatorAction(Struct, frozen=True, kw_only=True):
    """One operator action, for the audit."""

    at: int
    """When it was done, milliseconds since the Unix epoch, UTC."""
    who: str
    """The operator's name as they gave it, or the part of the server that acted by itself."""
    act: ActionKind
    subject: str
    """The object of the action: the id of an offer, rule, rulebook version or fact."""
    detail: str = ""
    """The operator's reason, or what changed."""
    customer: str | None = None
    """The customer that it concerns; None: it concerns no single customer."""
