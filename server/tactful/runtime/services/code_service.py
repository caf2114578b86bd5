"""Pools of discount codes: added, counted, withdrawn, and brought into memory."""

from collections.abc import Coroutine, Iterable, Iterator, Sequence
from typing import Any, Final

import structlog
from msgspec import Struct

from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import Offer
from tactful.core.values.calendar import HOUR
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.changes.change_feed import ChangeHandler
from tactful.runtime.ports.code_store import AddedCodes, PoolCounts
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Change
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.codes")

LOW_PART: Final = 10
"""A pool is low when less than one part in so many of its codes is free."""
READ_MS: Final = HOUR
"""Milliseconds between two readings of the pools, which find codes that other processes gave back."""


class Pool(Struct, frozen=True, kw_only=True):
    """A pool with the counts of its codes, and the rules that draw on it."""

    counts: PoolCounts
    rules: tuple[str, ...]
    """Ids of the active rules that draw on it, sorted."""


class CodeService(ChangeHandler):
    """The pools of one shop, and the handler of their changes in the change log."""

    def __init__(self, state: ShopState) -> None:
        """Keep the pools in the memory of `state` in line with the ledger."""
        self._state = state
        state.changes.handle(("codes",), self)
        self._sizes: dict[str, int] = {}
        """Pool → how many codes it had when it was read last, without withdrawn ones."""
        self._is_outdated = False
        """Whether a pool was changed since it was read last."""

    async def start(self, offers: Iterable[Offer]) -> None:
        """Read the free codes, now and every `READ_MS`.

        Args:
            offers: The offers that stand, some of which have a code.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        for offer in offers:
            self._state.codes.update(offer)
        await self._read()
        self._read_later()

    async def add(
        self, pool: str, codes: Sequence[FreeCode], *, dry_run: bool = False
    ) -> AddedCodes:
        """Add codes to a pool; see `CodeStore.add_codes`.

        Raises:
            LedgerError: Nothing is added.
        """
        now = self._state.clock.now()
        added = await self._state.ledger.add_codes(pool, codes, now, dry_run=dry_run)
        await self._state.changes.settle()
        return added

    async def withdraw(self, pool: str) -> int:
        """Give no code of a pool to further offers; return how many free ones are withdrawn.

        Raises:
            LedgerError: It may have happened; repeat it.
        """
        withdrawn = await self._state.ledger.withdraw_codes(pool, self._state.clock.now())
        await self._state.changes.settle()
        return withdrawn

    async def pools(self) -> list[Pool]:
        """Return every pool that has codes, or that a rule draws on, in order of their names.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        counts = await self._state.ledger.pool_counts(self._state.clock.now())
        known = {one.pool: one for one in counts}
        rules: dict[str, list[str]] = {}
        for rule in self._state.active_rulebook.current.rules.values():
            if rule.codes is not None:
                rules.setdefault(rule.codes, []).append(rule.id)
        return [
            Pool(
                counts=known.get(name) or PoolCounts(pool=name),
                rules=tuple(sorted(rules.get(name, ()))),
            )
            for name in sorted({*known, *rules})
        ]

    def causes(self) -> Iterator[Cause]:
        """Yield the pools on which a running rule draws, and which have few free codes or none."""
        seen: set[str] = set()
        for rule in self._state.active_rulebook.current.rules.values():
            name = rule.codes
            if name is None or rule.paused or name in seen:
                continue
            seen.add(name)
            free, size = self._state.codes.count(name), self._sizes.get(name, 0)
            if not free or free * LOW_PART < size:
                evidence: dict[str, str | int] = {"free": free, "codes": size, "rule": rule.id}
                yield Cause("codes.low", name, evidence, rule.owner or None)

    # the change log

    def apply(self, change: Change) -> None:
        """Note that the free codes must be read; until then the ledger refuses withdrawn ones."""
        del change
        self._is_outdated = True

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        """Return the work that reads the free codes again, if a pool was changed."""
        was_outdated, self._is_outdated = self._is_outdated, False
        return self._read_or_report() if was_outdated else None

    async def start_over(self) -> None:
        """Read the free codes again, because changes were missed.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._read()

    async def _read(self) -> None:
        self._state.codes.restore(await self._state.ledger.free_codes())
        counts = await self._state.ledger.pool_counts(self._state.clock.now())
        self._sizes = {
            one.pool: one.free + one.reserved + one.handed_out + one.used + one.ended
            for one in counts
        }

    async def _read_or_report(self) -> None:
        try:
            await self._read()
        except LedgerError as error:
            # The next regular reading repeats it.
            log.error("codes.unread", error=str(error))  # noqa: TRY400

    def _read_later(self) -> None:
        due = self._state.clock.now() + READ_MS
        self._state.timers.set("codes", due, self._read_again)

    def _read_again(self) -> None:
        self._state.background.start_ledger_work(self._read())
        self._read_later()
