"""What the runtime needs from the outside: a ledger, a clock, chance, and somebody who delivers."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Literal, Protocol

from msgspec import Struct

from tactful.core.budgets import BudgetMove
from tactful.core.calendar import DAY
from tactful.core.offers import Offer, State, Step
from tactful.core.rulings import BudgetRow, Judge, Ruling
from tactful.runtime.acts import Act

PRICES_LONGER: Final = 365 * DAY
"""For how much longer than the rest superseded public prices are kept (ms)."""


class Clock(Protocol):
    """The one clock."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""


class Entropy(Protocol):
    """The one source of chance."""

    def token_bytes(self, size: int) -> bytes:
        """Unpredictable bytes; reproducible where a seed was set for a test."""


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


class Entry(Struct, frozen=True, gc=False, kw_only=True):
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
    steps: tuple[Step, ...] = ()
    moves: tuple[BudgetMove, ...] = ()
    entry: Entry | None = None


class Refusal(Struct, frozen=True):
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

    step: Step
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
    state: State
    reason: str | None
    count: int


class LedgerError(Exception):
    """The ledger could not do it. `retry`: the outcome is unknown, the same call may be repeated."""

    def __init__(self, message: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.retry = retry


class LedgerBrokenError(LedgerError):
    """An input/output error was met: nothing more is promised or redeemed until a restart."""


class LedgerFullError(LedgerError):
    """There is no room on the disk; it recovers by itself when there is."""


class Ledger(Protocol):
    """The durable store behind a turn. Every write is durable before its call returns.

    Writes that arrive together are committed together; each is atomic by itself.
    Errors: `LedgerBrokenError`, `LedgerFullError`, `LedgerError`.
    """

    async def open(self) -> None:
        """Ready the store; refuses one that is damaged, foreign or from a newer version."""

    async def close(self) -> None:
        """Write what is pending and let go."""

    @property
    def failing(self) -> str | None:
        """Why nothing is promised at the moment; None: all is well."""

    @property
    def waiting(self) -> int:
        """Bytes of records that are not written yet."""

    # facts
    async def record_facts(self, rows: Sequence[FactRow]) -> list[bool]:
        """Keep the newer ones; True for a row that was kept, False for one that was known or older."""

    async def facts_about(
        self,
        subjects: Sequence[tuple[str, str]],
        kinds: Sequence[str] = (),
        at: int | None = None,
        upto: int | None = None,
    ) -> list[StoredFact]:
        """The facts in force about any of the subjects, each once.

        Now, at a past instant, or right after the fact with the number `upto` was kept.
        """

    async def newest_fact(self) -> int:
        """The number of the newest fact; 0: there is none."""

    async def fact_versions(self, kind: str, key: str) -> list[StoredFact]:
        """Every retained version of one fact, oldest first."""

    async def heard(self) -> dict[str, int]:
        """Feed → when it last gave a sign of life (ms)."""

    async def hear(self, feed: str, at: int) -> None:
        """Keep a sign of life, if it is newer."""

    # turns
    async def commit(self, commit: Commit) -> Refusal | None:
        """Write a turn; a refusal wrote nothing."""

    def record(self, commit: Commit) -> None:
        """Write a turn that promises nothing with one of the next batches; never waits.

        Later writes of the same session never overtake it. Has no budget moves that reserve.
        """

    def holding(self) -> AbstractContextManager[None]:
        """While it is held, records may wait, so that writing them does not slow down who makes them.

        Their order stays: a write that somebody waits for takes along what was made before it.
        """

    async def flush(self) -> None:
        """Return when all that was recorded is durable."""

    # what was promised
    async def offer(self, offer: str) -> Offer | None:
        """One offer as it now is."""

    async def standing(self) -> list[Offer]:
        """All offers in a standing state, for a start."""

    async def balances(self) -> list[BudgetRow]:
        """All balances."""

    async def judge(
        self, judge: Judge, *, offer: str | None = None, order: str, refund: str | None = None
    ) -> Ruling:
        """Read the desk, run the judgement and write its ruling in one transaction."""

    async def reconcile(self) -> list[str]:
        """Balances that do not equal the sum of their rows, in words; nothing: all is well."""

    # what came of it
    async def outcomes(self) -> list[OutcomeRow]:
        """What came of every offer and every silence so far, in a stable order."""

    async def reductions(self, since: int) -> list[ReductionRow]:
        """What was offered from an instant on, and since when, by rule, SKU and territory."""

    async def rule_steps(self) -> list[RuleStepRow]:
        """The steps of all offers so far by rule, in a stable order."""

    async def held_out(self, since: int) -> list[Offer]:
        """The offers that were deliberately not shown from an instant on, oldest first."""

    async def mark_bought(self, offers: Sequence[str], *, bought: bool) -> None:
        """Say of offers that were not shown whether the product was bought all the same."""

    # sessions
    async def session_by_resume(self, digest: bytes) -> SavedSession | None:
        """The session whose resume secret has this digest."""

    async def session(self, session: str) -> SavedSession | None:
        """One session."""

    async def sessions_to_wake(self, before: int) -> list[SavedSession]:
        """Sessions whose timer is due before an instant, or that have standing offers: after a restart."""

    async def contact(self, shopper: str) -> bytes | None:
        """The encoded contact history of a customer."""

    async def forget_session(self, session: str) -> None:
        """Erase a session's state and entries; its offers keep a random id instead."""

    # records
    async def audit(
        self,
        *,
        session: str | None = None,
        customer: str | None = None,
        offer: str | None = None,
        limit: int = 200,
    ) -> list[AuditRow]:
        """Lifecycle steps, newest first.

        A customer's are also those of the anonymous shopper who turned out to be them: up to the
        login that came next in the session, and while they were logged in.
        """

    async def entries(
        self,
        *,
        session: str | None = None,
        since: int = 0,
        until: int | None = None,
        limit: int = 1000,
    ) -> list[Entry]:
        """Recorded turns, oldest first."""

    async def latest_session_of(self, customer: str, at: int | None = None) -> str | None:
        """The session in which a customer was last seen."""

    # rulebooks
    async def keep_rulebook(
        self, version: str, sources: bytes, at: int, *, back: bool = False
    ) -> None:
        """Keep the sources of an activated rulebook; `back`: somebody went back to it."""

    async def rulebooks(self) -> list[tuple[str, int, bool]]:
        """(version, activated at, back), newest first; one row an activation."""

    async def rulebook_sources(self, version: str) -> bytes | None:
        """The sources of a version."""

    async def rule_states(self) -> dict[str, str]:
        """Rule id → `paused`, for rules that an operator paused."""

    async def set_rule_state(self, rule: str, state: Literal["paused", "running"]) -> None:
        """Pause a rule, or let it run again."""

    # people
    async def keep_act(self, act: Act) -> None:
        """Keep what a person did."""

    async def acts(self, *, customer: str | None = None, limit: int = 200) -> list[Act]:
        """What people did, newest first."""

    async def erase_customer(self, customer: str, alias: str) -> int:
        """Remove every byte about a customer; money rows stay under `alias`. Returns the rows touched."""

    async def export_customer(self, customer: str) -> dict[str, object]:
        """All that is kept about a customer, as plain data."""

    async def prune(self, *, before: int) -> int:
        """Drop superseded facts, entries and ended sessions older than an instant.

        Public prices stay `PRICES_LONGER`: what an offer claims rests on them, and they are nobody's.
        """
