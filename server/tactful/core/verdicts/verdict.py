"""Findings of gates, the verdict on one rule for one item, and the trace of one turn."""

from typing import Any, Final, Literal

from msgspec import Struct

from tactful.core.verdicts.reasons import Reason

CLAMPED: Final = "price.clamped"
"""Note: the price that the rule asks for is below the price floor, so the offer is at the floor."""
BY_PRIOR: Final = "arbitration.prior"
"""Note: the shop's own log says too little, so the stated prior decided the expected value."""

VerdictOutcome = Literal["pushed", "standing", "withheld", "held_out", "shadow"]


class Finding(Struct, frozen=True, gc=False):
    """What one failed gate saw and needed."""

    reason: Reason
    actual: Any = None
    """What the gate saw, JSON-compatible; None: unknown or not a value."""
    needed: Any = None
    """What would pass the gate, JSON-compatible; None: `Reason.needed` says it in words."""
    at: int | None = None
    """When the input was reported to the server, milliseconds since the Unix epoch, UTC."""
    until: int | None = None
    """When the gate will pass if nothing but time changes, milliseconds since the Unix epoch, UTC.

    None: it will not.
    """


class Verdict(Struct, frozen=True, gc=False):
    """What became of one rule for one item."""

    rule: str
    sku: str
    outcome: VerdictOutcome
    findings: tuple[Finding, ...] = ()
    """In gate order; a decision has at most one, an explanation has all."""
    notes: tuple[str, ...] = ()
    """Marks that do not withhold an offer, such as `price.clamped`."""
    value: dict[str, Any] | None = None
    """The expected value against showing nothing, with its inputs; None: not computed."""

    @property
    def reason(self) -> Reason | None:
        """The primary reason; None for an offer that was pushed or stands."""
        return self.findings[0].reason if self.findings else None


class DecisionTrace(Struct, frozen=True, gc=False):
    """The verdicts of one turn.

    Standing offers that fail a gate come first, then the candidates, the winner leading, then the
    rules that were withheld.
    """

    verdicts: tuple[Verdict, ...] = ()
