"""The two ledgers as histories of redemptions use them: every call is whole, or crashes before it is durable."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Protocol

from support.ledger_rows import T0, push
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import Offer
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.runtime.ports.code_store import StoredCode
from tactful.runtime.ports.ledger_rows import CommitRefusal
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.relational import turns
from tactful.stores.relational.redemption_transaction import RedemptionLookup, run_redemption
from tactful.stores.relational.tables import code_rows
from tactful.stores.shared.failpoints import no_failpoint
from tactful.stores.sqlite.opening import open_writer

REOPENED_AFTER = 400
"""Crashes after which the file is opened anew. An opening examines the whole file."""


class CrashError(Exception):
    """The process ended before its transaction was durable."""


Logic = Callable[[RedemptionState], RedemptionOutcome]


class Store(Protocol):
    """One ledger, as a history uses it."""

    def start(self, pool: str, codes: Collection[str]) -> None:
        """Begin a history with a pool of free codes."""

    def push(self, offer: Offer, limit: int) -> CommitRefusal | None:
        """Write an accepted offer under a budget, or refuse it."""

    def run(self, logic: Logic, lookup: RedemptionLookup, *, crash: bool) -> RedemptionOutcome:
        """Run a redemption; with `crash` it raises `CrashError` before anything is durable."""

    def balance(self, campaign: str) -> tuple[int, int]:
        """Return what a campaign has reserved and settled."""

    def codes(self, names: Collection[str]) -> list[StoredCode]:
        """Return codes as they are stored."""


class InMemory:
    """A ledger in memory, made anew for each history."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()

    def start(self, pool: str, codes: Collection[str]) -> None:
        self.ledger = MemoryLedger()
        _done(self.ledger.add_codes(pool, [FreeCode(code) for code in codes], T0))

    def push(self, offer: Offer, limit: int) -> CommitRefusal | None:
        refused: CommitRefusal | None = _done(self.ledger.commit(push(offer, limit=limit)))
        return refused

    def run(self, logic: Logic, lookup: RedemptionLookup, *, crash: bool) -> RedemptionOutcome:
        def crashing(state: RedemptionState) -> RedemptionOutcome:
            logic(state)
            raise CrashError

        call = self.ledger.run_redemption(
            crashing if crash else logic,
            offers=lookup.offers,
            order=lookup.order,
            refund=lookup.refund,
        )
        outcome = _done(call)
        assert isinstance(outcome, RedemptionOutcome)
        return outcome

    def balance(self, campaign: str) -> tuple[int, int]:
        rows = _done(self.ledger.balances())
        (row,) = [row for row in rows if row.campaign == campaign]
        return row.reserved, row.settled

    def codes(self, names: Collection[str]) -> list[StoredCode]:
        found: list[StoredCode] = _done(self.ledger.find_codes(names))
        return found


class OnDisk:
    """One SQLite file for many histories, each with a campaign of its own; a crash opens it anew."""

    def __init__(self, path: Path, *, unique: bool = True) -> None:
        self.path = path
        self.crashes = 0
        self._open()
        if not unique:
            self.connection.execute("DROP INDEX redemptions_once")

    def _open(self) -> None:
        self.connection = open_writer(self.path)
        # What survives a power cut is tried elsewhere; here many histories count.
        self.connection.execute("PRAGMA synchronous=OFF")

    def start(self, pool: str, codes: Collection[str]) -> None:
        self.connection.start()
        free = [FreeCode(code) for code in codes]
        code_rows.add(self.connection, pool, free, T0, dry_run=False)
        self.connection.execute("COMMIT")

    def push(self, offer: Offer, limit: int) -> CommitRefusal | None:
        self.connection.start()
        refused = turns.commit(self.connection, push(offer, limit=limit))
        if refused:
            self.connection.abandon()
        else:
            self.connection.execute("COMMIT")
        return refused

    def run(self, logic: Logic, lookup: RedemptionLookup, *, crash: bool) -> RedemptionOutcome:
        self.connection.start()
        try:
            outcome = run_redemption(self.connection, logic, lookup, no_failpoint)
            assert isinstance(outcome, RedemptionOutcome)
            if not crash:
                self.connection.execute("COMMIT")
        except BaseException:
            self.connection.abandon()
            raise
        if crash:
            self.connection.abandon()
            self.crashes += 1
            if self.crashes % REOPENED_AFTER == 0:
                self.close()
                self._open()
            raise CrashError
        return outcome

    def balance(self, campaign: str) -> tuple[int, int]:
        sql = "SELECT reserved, settled FROM budgets WHERE campaign = ?"
        ((reserved, settled),) = self.connection.execute(sql, (campaign,)).fetchall()
        return reserved, settled

    def codes(self, names: Collection[str]) -> list[StoredCode]:
        return code_rows.find(self.connection, names)

    def close(self) -> None:
        self.connection.close()


def _done(call: Any) -> Any:
    """The result of a coroutine that awaits nothing."""
    try:
        call.send(None)
    except StopIteration as ended:
        return ended.value
    message = "a ledger in memory awaits nothing"
    raise AssertionError(message)
