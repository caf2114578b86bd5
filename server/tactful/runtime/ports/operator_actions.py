"""Operator actions: what operators, or the server in their place, did to rules and offers.

Field names and kinds are stored in the ledger and exported to customers.
"""

from typing import Literal

from msgspec import Struct

ActionKind = Literal[
    "alert.acknowledged",
    "alert.resolved",
    "alert.snoozed",
    "case.corrected",
    "codes.imported",
    "codes.withdrawn",
    "connector.reconciled",
    "connector.retried",
    "contact.erased",
    "customer.erased",
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
    role: str = ""
    """The operator's role then, `token` or `server key`; empty if it is not known."""
    before: dict[str, str] = {}
    """Name → value before the action, of what it changed; without personal data."""
    after: dict[str, str] = {}
    """Name → value after the action, of what it changed; without personal data."""
    amount: int | None = None
    """Minor units that the action gave away or no longer reserves; None: it moved no money."""
    currency: str | None = None
    """ISO 4217 code of `amount`; None if there is no amount."""


class ActionFilter(Struct, frozen=True, kw_only=True):
    """Which operator actions are looked for; `None` in a field: any."""

    who: str | None = None
    act: str | None = None
    subject: str | None = None
    customer: str | None = None
    since: int | None = None
    """The earliest instant, milliseconds since the Unix epoch, UTC."""
    until: int | None = None
    """The instant before which it was done, milliseconds since the Unix epoch, UTC."""


class AuditEntry(Struct, frozen=True):
    """An operator action with its number in the audit log of the ledger."""

    number: int
    """Rises with each action. A ledger that was moved keeps its numbers."""
    action: OperatorAction
