"""What the runtime needs from the outside: a ledger, a clock, chance, and somebody who delivers."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Literal, Protocol

from tactful.core.offers.offer import Offer
from tactful.core.redemption.redemption_rows import BudgetRow, RedemptionLogic, RedemptionOutcome
from tactful.core.values.calendar import DAY
from tactful.runtime.ports.ledger_rows import (
    AuditRow,
    Commit,
    CommitRefusal,
    FactRow,
    OutcomeRow,
    ReductionRow,
    RuleStepRow,
    SavedSession,
    StoredFact,
    TurnEntry,
)
from tactful.runtime.ports.operator_actions import OperatorAction

EXTRA_PRICE_RETENTION: Final = 365 * DAY
"""For how much longer than the rest superseded public prices are kept (ms)."""


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
    def failure(self) -> str | None:
        """Why nothing is promised at the moment; None: all is well."""

    @property
    def pending_bytes(self) -> int:
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

    async def feed_heartbeats(self) -> dict[str, int]:
        """Feed → when it last gave a sign of life (ms)."""

    async def record_heartbeat(self, feed: str, at: int) -> None:
        """Keep a sign of life, if it is newer."""

    # turns
    async def commit(self, commit: Commit) -> CommitRefusal | None:
        """Write a turn; a refusal wrote nothing."""

    def record(self, commit: Commit) -> None:
        """Write a turn that promises nothing with one of the next batches; never waits.

        Later writes of the same session never overtake it. Has no budget moves that reserve.
        """

    def deferred_writes(self) -> AbstractContextManager[None]:
        """While it is held, records may wait, so that writing them does not slow down who makes them.

        Their order stays: a write that somebody waits for takes along what was made before it.
        """

    async def flush(self) -> None:
        """Return when all that was recorded is durable."""

    # what was promised
    async def offer(self, offer: str) -> Offer | None:
        """One offer as it now is."""

    async def standing_offers(self) -> list[Offer]:
        """All offers in a standing state, for a start."""

    async def balances(self) -> list[BudgetRow]:
        """All balances."""

    async def run_redemption(
        self,
        judge: RedemptionLogic,
        *,
        offer: str | None = None,
        order: str,
        refund: str | None = None,
    ) -> RedemptionOutcome:
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
    async def offer_steps(
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

    async def turn_entries(
        self,
        *,
        session: str | None = None,
        since: int = 0,
        until: int | None = None,
        limit: int = 1000,
    ) -> list[TurnEntry]:
        """Recorded turns, oldest first."""

    async def latest_session_of(self, customer: str, at: int | None = None) -> str | None:
        """The session in which a customer was last seen."""

    # rulebooks
    async def store_rulebook(
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
    async def record_operator_action(self, act: OperatorAction) -> None:
        """Keep what a person did."""

    async def operator_actions(
        self, *, customer: str | None = None, limit: int = 200
    ) -> list[OperatorAction]:
        """What people did, newest first."""

    async def erase_customer(self, customer: str, alias: str) -> int:
        """Remove every byte about a customer; money rows stay under `alias`. Returns the rows touched."""

    async def export_customer(self, customer: str) -> dict[str, object]:
        """All that is kept about a customer, as plain data."""

    async def prune(self, *, before: int) -> int:
        """Drop superseded facts, entries and ended sessions older than an instant.

        Public prices stay `EXTRA_PRICE_RETENTION`: what an offer claims rests on them, and they are nobody's.
        """
