"""Split off."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferState, OfferStep


class FactRow(Struct, frozen=True, gc=False, kw_only=True):
    """One fact on its way into the ledger.

    `version`: (`int` | `time`, value), compared only within its kind; None: time of arrival, always newer.
    `subjects`: (kind, id) pairs under which it can be found. `body`: its JSON.
    `dated`: it says from when it held, so that one that comes late is kept among what was before.
    """

    kind: str
    key: str
    version: tuple[Literal["int", "time"], int] | None
    subjects: tuple[tuple[str, str], ...]
    body: bytes
    at: int
    dated: bool = False


class StoredFact(Struct, frozen=True, gc=False):
    """A fact as the ledger keeps it; `at`: when it was reported, `ended`: when it was superseded.

    `number`: its place in the order in which facts were kept.
    """

    kind: str
    key: str
    body: bytes
    at: int
    ended: int | None = None
    number: int = 0


class TurnEntry(Struct, frozen=True, gc=False, kw_only=True):
    """The record of one turn: what happened, and what the decision could read.

    `signal` is the encoded signal; `inputs` the encoded remainder of the context, where candidates or
    standing offers were in play; `trace` the encoded trace, where something was pushed or withdrawn.
    """

    session: str
    customer: str | None
    at: int
    rulebook: str
    signal: bytes
    inputs: bytes | None = None
    trace: bytes | None = None


class Commit(Struct, frozen=True, gc=False, kw_only=True):
    """All that one turn writes, in one transaction, or not at all."""

    session: str | None = None
    state: bytes | None = None
    """The encoded session; None: unchanged. Sessions without consent are never written."""
    resume: bytes | None = None
    """The digest of the resume secret."""
    customer: str | None = None
    wake_at: int | None = None
    seen_at: int = 0
    contacts: Mapping[str, bytes] = {}
    """Shopper (customer id) → the encoded contact history."""
    offers: tuple[Offer, ...] = ()
    """Offers as they now are."""
    steps: tuple[OfferStep, ...] = ()
    moves: tuple[BudgetMove, ...] = ()
    entry: TurnEntry | None = None


class CommitRefusal(Struct, frozen=True):
    """A commit that was not made: the balance that did not suffice, or the offer that had ended.

    `offer.ended`: a redemption or another turn took the offer out of its standing states meanwhile;
    read it again and plan anew.
    """

    reason: Literal["budget.spend", "budget.count", "offer.ended"]
    campaign: str = ""
    currency: str = ""
    offer: str = ""


class SavedSession(Struct, frozen=True):
    """A session as the ledger keeps it."""

    session: str
    customer: str | None
    state: bytes
    resume: bytes
    wake_at: int | None
    seen_at: int


class AuditRow(Struct, frozen=True):
    """One lifecycle step with the offer it belongs to."""

    step: OfferStep
    offer: Offer


class OutcomeRow(Struct, frozen=True):
    """What came of a rule's offers of a product in a territory; `rule` is `rates.SILENCE` for none.

    `tried`: offers that were seen, or held out; `bought`: those redeemed, or bought all the same.
    """

    rule: str
    product: str
    territory: str
    tried: int
    bought: int


class ReductionRow(Struct, frozen=True):
    """A rule's reduction of an SKU in a territory: when it first applied, and when last (ms)."""

    rule: str
    sku: str
    territory: str
    since: int
    last: int


class RuleStepRow(Struct, frozen=True):
    """How many offers of a rule, as it meant when they were made, took a step."""

    rule: str
    digest: str
    state: OfferState
    reason: str | None
    count: int
