"""Items whose complaints tripled within a week."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Final

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Case, ms
from tactful.core.values.calendar import DAY
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.state.shop_state import ShopState

RECENT_MS: Final = 7 * DAY
"""The week that is compared, in milliseconds."""
EARLIER_WEEKS: Final = 4
"""The weeks before it that it is compared with."""
LEAST_CASES: Final = 5
"""Fewer cases in a week say nothing."""
PAGE_FACTS: Final = 500


class Complaints:
    """Counts the support cases of each item, whenever `refresh` runs."""

    def __init__(self, state: ShopState) -> None:
        self._ledger = state.ledger
        self._clock = state.clock
        self._found: tuple[Cause, ...] = ()

    def causes(self) -> Iterator[Cause]:
        """Yield what the last count found."""
        yield from self._found

    async def refresh(self) -> None:
        """Count the cases in force. A question is no complaint, and a merged case is another one.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        now = self._clock.now()
        recent: Counter[str] = Counter()
        earlier: Counter[str] = Counter()
        first = now - RECENT_MS
        async for case in self._cases():
            if case.kind == "question" or case.status == "merged":
                continue
            opened = ms(case.opened_at)
            if first <= opened <= now:
                recent.update({*case.skus})
            elif first - EARLIER_WEEKS * RECENT_MS <= opened < first:
                earlier.update({*case.skus})
        self._found = tuple(
            Cause(
                "complaints.tripled",
                sku,
                {"cases": count, "cases_of_four_weeks_before": earlier[sku]},
            )
            for sku, count in sorted(recent.items())
            if count >= LEAST_CASES and count * EARLIER_WEEKS >= 3 * earlier[sku]
        )

    async def _cases(self) -> AsyncIterator[Case]:
        after = ""
        while page := await self._ledger.facts_of_kind("case", after, PAGE_FACTS):
            for stored in page:
                fact = decode_stored(stored.body)
                if isinstance(fact, Case):
                    yield fact
            after = page[-1].key
