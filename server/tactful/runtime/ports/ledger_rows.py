"""The rows that the runtime writes to the ledger and reads from it.

Instants are milliseconds since the Unix epoch, UTC.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferState, OfferStep


class FactRow(Struct, frozen=True, gc=False, kw_only=True):
    """One fact on its way into the ledger."""

    kind: str
    """The kind of fact, for example `stock`."""
    key: str
    """Facts of one kind and key are versions of each other."""
    version: tuple[Literal["int", "time"], int] | None
    """(kind of version, value): a whole number, or microseconds since the Unix epoch, UTC.

    Versions of different kinds are not comparable. None: the time of arrival, always newer.
    """
    subjects: tuple[tuple[str, str], ...]
    """(kind, id) pairs under which the fact can be found, for example `("sku", "RUN-42")`."""
    body: bytes
    """The fact as JSON."""
    at: int
    """When it was reported."""
    dated: bool = False
    """Whether the fact says since when it holds. If so, a late row is kept as a past version."""


class StoredFact(Struct, frozen=True, gc=False):
    """One stored version of a fact."""

    kind: str
    key: str
    body: bytes
    """The fact as JSON."""
    at: int
    """Start of its time in force: its report, but never before the version that it supersedes."""
    ended: int | None = None
    """End of its time in force, excluded; None: in force now. Before `at`: it never was."""
    number: int = 0
    """Its place in the order in which facts were stored, from 1."""


class TurnEntry(Struct, frozen=True, gc=False, kw_only=True):
    """The record of one turn, or of several turns on which nothing was decided."""

    session: str
    customer: str | None
    """The verified customer after the turn; None: an anonymous shopper."""
    at: int
    """When it happened; of several turns, when the first one did."""
    rulebook: str
    """The version of the rulebook that was active."""
    signal: bytes
    """The encoded signal, or an encoded list of (instant, signal)."""
    inputs: bytes | None = None
    """The encoded `DecisionInputs`; None: nothing was decided."""
    trace: bytes | None = None
    """The encoded `DecisionTrace`; None: no rule gave a verdict."""


class Commit(Struct, frozen=True, gc=False, kw_only=True):
    """Everything that one turn writes, all in one transaction or nothing of it."""

    session: str | None = None
    state: bytes | None = None
    """The encoded session; None: the stored one stays. Sessions without consent are never written."""
    resume: bytes | None = None
    """The digest of the resume secret; None: the stored one stays."""
    customer: str | None = None
    """The verified customer of the session after the turn."""
    wake_at: int | None = None
    """When the session's next timer is due; None: it has none."""
    seen_at: int = 0
    """When the session was last active."""
    contacts: Mapping[str, bytes] = {}
    """Customer → the encoded contact history."""
    offers: tuple[Offer, ...] = ()
    """Offers that the turn created or changed, in their new states."""
    steps: tuple[OfferStep, ...] = ()
    """The lifecycle steps that these offers took, in order."""
    moves: tuple[BudgetMove, ...] = ()
    """Changes of balances. If one exceeds a limit, the whole commit is refused."""
    entry: TurnEntry | None = None
    """The turn for the log; None: it is not recorded."""


class CommitRefusal(Struct, frozen=True):
    """Why nothing of a commit was written. The turn must be decided again on the present data."""

    reason: Literal["budget.spend", "budget.count", "offer.ended"]
    """`budget.*`: a balance does not suffice. `offer.ended`: a redemption or another turn has ended
    the offer meanwhile."""
    campaign: str = ""
    """The campaign whose balance does not suffice."""
    currency: str = ""
    """The currency of that balance, or `COUNT`."""
    offer: str = ""
    """The offer that has ended."""


class SavedSession(Struct, frozen=True):
    """A session as it is stored."""

    session: str
    customer: str | None
    """The verified customer; None: an anonymous shopper."""
    state: bytes
    """The encoded session."""
    resume: bytes
    """The digest of the resume secret; empty: it cannot be resumed."""
    wake_at: int | None
    """When its next timer is due; None: it has none."""
    seen_at: int
    """When it was last active."""


class AuditRow(Struct, frozen=True):
    """One lifecycle step, with the offer in its present state."""

    step: OfferStep
    offer: Offer


class OutcomeRow(Struct, frozen=True):
    """What became of a rule's offers of one product in one territory."""

    rule: str
    """The rule; `NO_OFFER` for held-out offers of any rule."""
    product: str
    territory: str
    tried: int
    """Offers that were shown, or held out."""
    bought: int
    """Those that were redeemed; if held out, those whose product was bought without the offer."""


class ReductionRow(Struct, frozen=True):
    """A rule's reduction of one SKU in one territory."""

    rule: str
    sku: str
    territory: str
    since: int
    """When the reduction first applied."""
    last: int
    """When it was last offered."""


class RuleStepRow(Struct, frozen=True):
    """How many offers of one version of a rule took a certain step."""

    rule: str
    digest: str
    """The digest of what the rule meant when the offers were made."""
    state: OfferState
    """The state that the step led to."""
    reason: str | None
    """The reason code of the step; None: it has none."""
    count: int
