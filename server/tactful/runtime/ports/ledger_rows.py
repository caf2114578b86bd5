"""The rows that the runtime writes to the ledger and reads from it.

Instants are milliseconds since the Unix epoch, UTC.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.redemption.redemption_rows import RedemptionRow
from tactful.runtime.ports.exposure_store import Exposure


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
    own_at: int | None = None
    """The fact's own instant, such as when an order was placed; None: it names none."""
    content: bytes = b""
    """The digest of the content without its version; empty: the ledger computes it from `body`."""
    rivals: tuple[tuple[str, str, str], ...] = ()
    """(kind, first key, end of the keys) of facts that may have replaced this one in decisions.

    If one of them was stored after the row in force, an unchanged content is a new version.
    """


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


Subject = tuple[str, str]
"""(kind, id) of something that facts, settings or changes are about, such as `("sku", "RUN-42")`."""
RULEBOOK: Final[Subject] = ("settings", "rulebook")
"""The subject of the active rulebook."""

ChangeKind = Literal[
    "fact",
    "redemption",
    "rulebook",
    "rule_state",
    "offers_stop",
    "heartbeat",
    "session_claimed",
    "customer_erased",
    "id_begun_anew",
    "codes",
]


class Change(Struct, frozen=True, gc=False):
    """One change that every memory of the ledger must learn, at its place in the change log."""

    position: int
    """Its place in the one order of all changes: 1, 2, 3 and so on, without a gap."""
    at: int
    """The instant that the writer named; never before that of the change before it."""
    kind: ChangeKind
    subjects: tuple[Subject, ...]
    """What it is about. For a fact, the subjects of the version before it too."""
    body: bytes = b""
    """What changed.

    `fact`: the fact as JSON, empty if it was erased since. `redemption`: the order. `rulebook`: the
    version. `rule_state`: `paused` or `running`. `offers_stop`: the stop as JSON, empty if it has
    ended. `session_claimed`: the new epoch in digits. `customer_erased`: the alias; the subject is
    the digest of the customer's id. `id_begun_anew`: the instant in digits, milliseconds since the
    Unix epoch, UTC; the subject is the digest. `codes`: nothing; the subject is a pool whose free
    codes were added or withdrawn.
    """


class ReadSet(Struct, frozen=True, gc=False):
    """What a decision has read, for the check in the transaction that writes its promise."""

    position: int
    """All changes up to this place in the log had been applied to what was read."""
    subjects: tuple[Subject, ...]
    """Every subject that was queried, whether or not anything was found."""


class StockNeed(Struct, frozen=True, gc=False):
    """The stock of one SKU in one territory, as a decision read it."""

    sku: str
    territory: str
    available: int | None
    """Units available; None: they are not counted, so nothing is checked."""


class SavedContact(Struct, frozen=True, gc=False):
    """A contact history as it is stored."""

    revision: int
    """How often it was written, from 1."""
    body: bytes
    """The encoded contact history."""


class ContactWrite(Struct, frozen=True, gc=False):
    """A contact history on its way into the ledger."""

    revision: int | None
    """The revision that was read before it was changed; 0: none was stored. None: not checked."""
    body: bytes
    """The encoded contact history."""


class TallyRow(Struct, frozen=True, gc=False):
    """A number of events within one hour."""

    hour: int
    """Whole hours since the Unix epoch, UTC."""
    what: str
    """What is counted, for example `viewers` or `offers`."""
    product: str
    territory: str
    name: str
    """What the count is kept apart by beside product and territory, such as a rule; may be empty."""
    count: int
    """Written: how many more. Read: the sum."""


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
    names: tuple[str, ...] = ()
    """Other customers whom the state and the entry name, such as those of parked offers."""
    wake_at: int | None = None
    """When the session's next timer is due; None: it has none."""
    seen_at: int = 0
    """When the session was last active."""
    contacts: Mapping[str, ContactWrite] = {}
    """Customer → the contact history, with the revision that it was made from."""
    offers: tuple[Offer, ...] = ()
    """Offers that the turn created or changed, in their new states."""
    steps: tuple[OfferStep, ...] = ()
    """The lifecycle steps that these offers took, in order."""
    moves: tuple[BudgetMove, ...] = ()
    """Changes of balances. If one exceeds a limit, the whole commit is refused."""
    entry: TurnEntry | None = None
    """The turn for the log; None: it is not recorded."""
    reads: ReadSet | None = None
    """What the decision read; None: it promises nothing that rests on facts or settings."""
    epoch: int = 0
    """The epoch under which this process owns the session; 0: the session is not stored."""
    stock: tuple[StockNeed, ...] = ()
    """The stock that the promise needs. Offers standing beyond it refuse the whole commit."""
    taken: bytes | None = None
    """The encoded numbering of the client's messages; None: the stored one stays."""
    tallies: tuple[TallyRow, ...] = ()
    """Counts that grow."""
    exposures: tuple[Exposure, ...] = ()
    """Offers that were pushed or held out. Of each unit and rule, the first one stays."""

    @property
    def browsing_bytes(self) -> int:
        """The bytes that are written for the session's state and for the turn's explanation."""
        size = len(self.state) if self.state else 0
        entry = self.entry
        if entry is not None:
            size += len(entry.signal)
            size += len(entry.inputs) if entry.inputs else 0
            size += len(entry.trace) if entry.trace else 0
        return size


class CommitRefusal(Struct, frozen=True):
    """Why nothing of a commit was written. The turn must be decided again on the present data."""

    reason: Literal[
        "budget.spend",
        "budget.count",
        "offer.ended",
        "facts.newer",
        "settings.newer",
        "contact.newer",
        "session.moved",
        "stock.committed",
        "codes.taken",
    ]
    """Why.

    `budget.*`: a balance does not suffice. `offer.ended`: a redemption or another turn has ended the
    offer meanwhile. `facts.newer`, `settings.newer`: a subject of the read set has changed since, or
    the read set is older than the change log. `contact.newer`: the customer's contact history was
    written meanwhile. `session.moved`: another process has claimed the session. `stock.committed`:
    other offers promise the stock that is left. `codes.taken`: another offer has the discount code.
    """
    campaign: str = ""
    """The campaign whose balance does not suffice."""
    currency: str = ""
    """The currency of that balance, or `COUNT`."""
    offer: str = ""
    """The offer that has ended."""
    subject: Subject = ("", "")
    """What has changed: (kind, id); `("customer", id)` of a contact history; `("code", code)` of a
    discount code; `("", "")`: unknown."""
    sku: str = ""
    """The SKU whose stock does not suffice."""
    territory: str = ""
    """The territory of that stock."""


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
    epoch: int = 0
    """How often it was claimed, and 1. A write of an older epoch is refused."""
    taken: bytes | None = None
    """The encoded numbering of the client's messages; None: none is stored."""


class Tombstone(Struct, frozen=True):
    """An id that was erased."""

    digest: str
    """The keyed digest of the kind and the id."""
    alias: str
    """What replaces the id in every later write."""
    at: int
    """When it was erased."""
    begun_at: int | None = None
    """When the shop began the id anew, so that it may be written again; None: it did not."""


class RestoredGap(Struct, frozen=True):
    """The time that a restored ledger knows nothing of, in milliseconds since the Unix epoch, UTC."""

    backup_at: int
    """When the backup was made; 0: it does not say."""
    restored_at: int
    """When it was restored."""
    is_confirmed: bool = False
    """Whether the shop has reported the orders of the gap again."""


class AuditRow(Struct, frozen=True):
    """One lifecycle step, with the offer in its present state."""

    step: OfferStep
    offer: Offer


class NumberedStep(Struct, frozen=True):
    """One lifecycle step at its place in the order of all steps."""

    number: int
    """Its place; later steps have higher numbers, in the order of commits."""
    step: OfferStep
    before: OfferState | None
    """The state of the offer before the step; `None`: the step created it."""
    offer: Offer
    """The offer in its present state."""


class StoredRedemption(Struct, frozen=True):
    """One use of an offer by an order, with the offer in its present state."""

    number: int
    """Its place in the order in which redemptions were stored, from 1."""
    row: RedemptionRow
    offer: Offer
    also: tuple[str, ...] = ()
    """The other ids of the order that a confirmation named, sorted."""


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


class ShadowRow(Struct, frozen=True):
    """What a rule in shadow mode would have offered in one currency."""

    rule: str
    currency: str
    """ISO 4217 code of the amounts."""
    decisions: int
    """Offers that would have been made: one for each session and item."""
    shoppers: int
    """Customers, and sessions without one, among them."""
    items: int
    """SKUs among them."""
    public: int
    """The sum of their public prices, in minor units."""
    discount: int
    """The sum of what one unit of each would have saved at most, in minor units."""
    first: int
    """The first of them, milliseconds since the Unix epoch, UTC."""
    last: int
    """The last of them, milliseconds since the Unix epoch, UTC."""


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
