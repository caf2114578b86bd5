"""The free discount codes of all pools, in memory.

Codes that outlast the others are given out first. What other processes do is not known until the
ledger refuses a code, or the pools are read again.
"""

import heapq
from collections.abc import Iterable
from typing import Final

from tactful.core.offers.discount_codes import FreeCode, FreeCodes
from tactful.core.offers.offer import Offer
from tactful.runtime.ports.environment import Clock

_FOREVER: Final = 2**63


class CodePools:
    """The codes that no offer has, by pool, and those of the offers of this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pools: dict[str, _Pool] = {}
        self._held: dict[str, tuple[str, FreeCode]] = {}
        """Offer → the pool and the code that the offer reserves or was accepted with."""

    def restore(self, codes: Iterable[tuple[str, FreeCode]]) -> None:
        """Replace the free codes by the ledger's, without those of offers that are under way.

        Args:
            codes: (pool, code), in the order in which they were added.
        """
        held = {code.code for _, code in self._held.values()}
        self._pools = {}
        for pool, code in codes:
            if code.code not in held:
                self._pool(pool).put(code)

    @property
    def view(self) -> FreeCodes:
        """Return pool → the code that its next offer takes."""
        if not self._pools:
            return {}
        now = self._clock.now()
        found = {name: pool.best(now) for name, pool in self._pools.items()}
        return {name: code for name, code in found.items() if code is not None}

    def update(self, offer: Offer) -> None:
        """Take the code of an offer that has one now, and give that of one that has none back."""
        if offer.pool is None:
            return
        held = self._held.get(offer.id)
        if offer.code is not None and held is None and offer.reserving:
            code = FreeCode(offer.code, offer.code_ends_at)
            self._held[offer.id] = offer.pool, code
            self._pool(offer.pool).discard(offer.code)
        elif held is not None and not offer.reserving:
            del self._held[offer.id]
            if offer.code is None:
                self._pool(held[0]).put(held[1])

    def drop(self, offer: Offer) -> None:
        """Forget an offer, because its session belongs to another process now."""
        self._held.pop(offer.id, None)

    def discard(self, code: str) -> None:
        """Give out a code no more, because the ledger has refused it."""
        for pool in self._pools.values():
            pool.discard(code)

    def count(self, pool: str) -> int:
        """Return how many codes of a pool are free; 0 if all of them have ended."""
        known = self._pools.get(pool)
        return known.count(self._clock.now()) if known else 0

    def _pool(self, name: str) -> "_Pool":
        return self._pools.setdefault(name, _Pool())


class _Pool:
    """The free codes of one pool; a code that was taken leaves the heap when it is its turn."""

    def __init__(self) -> None:
        self._codes: dict[str, FreeCode] = {}
        self._heap: list[tuple[int, int, str]] = []
        self._number = 0

    def put(self, code: FreeCode) -> None:
        """Add a free code."""
        if code.code not in self._codes:
            self._codes[code.code] = code
            self._number += 1
            end = _FOREVER if code.ends_at is None else code.ends_at
            heapq.heappush(self._heap, (-end, self._number, code.code))

    def discard(self, code: str) -> None:
        """Remove a code, if it is there."""
        self._codes.pop(code, None)

    def best(self, now: int) -> FreeCode | None:
        """Return the code that lasts longest, the first one added among equals; None: none lasts."""
        while self._heap and self._heap[0][2] not in self._codes:
            heapq.heappop(self._heap)
        if not self._heap:
            return None
        code = self._codes[self._heap[0][2]]
        return code if code.ends_at is None or code.ends_at > now else None

    def count(self, now: int) -> int:
        """Return how many codes there are; 0 if all have ended."""
        return len(self._codes) if self.best(now) else 0
