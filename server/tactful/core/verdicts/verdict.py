"""What each gate kept and dropped, and why."""

from typing import Any, Final, Literal

from msgspec import Struct

from tactful.core.verdicts.reasons import Reason

CLAMPED: Final = "price.clamped"
"""The price asked for would have been below the floor; it is the floor."""

VerdictOutcome = Literal["pushed", "standing", "withheld", "held_out", "shadow"]


class Finding(Struct, frozen=True, gc=False):
    """A gate that fails: what is, what would be needed, and from when (ms) time alone mends it.

    `at` is the instant at which the input was reported to us, where there is one.
    """

    reason: Reason
    actual: Any = None
    needed: Any = None
    at: int | None = None
    until: int | None = None


class Verdict(Struct, frozen=True, gc=False):
    """What became of one rule for one item; the first finding is the primary reason."""

    rule: str
    sku: str
    outcome: VerdictOutcome
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    """Marks that are no reasons to withhold, such as `price.clamped`."""
    value: dict[str, Any] | None = None
    """What the offer is worth against silence and from which numbers, where that was asked."""

    @property
    def reason(self) -> Reason | None:
        """The primary reason; None for what was pushed or stands."""
        return self.findings[0].reason if self.findings else None


class DecisionTrace(Struct, frozen=True, gc=False):
    """The verdicts of one turn, in rule order."""

    verdicts: tuple[Verdict, ...] = ()
