"""The free discount codes of all pools, in memory.

Codes that outlast the others are given out first, and among equals each process has an order of its
own: two processes that give out codes of one pool rarely try the same one. What other processes do is
not known until the ledger refuses a code, or the pools are read again.
"""

import heapq
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from tactful.core.offers.discount_codes import FreeCode, FreeCodes
from tactful.core.offers.offer import Offer
from tactful.runtime.ports.environment import Clock, Entropy

_FOREVER: Final = 2**63
_SALT_BYTES: Final = 16


class CodePools:
    """The codes that no offer has, by pool, and those of the offers of this process."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._salt = b""
        """What the order of this process depends on; drawn when there is a code to give."""
        self._pools: dict[str, _Pool] = {}
        self._held: dict[str, tuple[str, FreeCode]] = {}
        """Offer → the pool and the code that the offer reserves or was accepted with."""

    def restore(self, codes: Iterable[tuple[str, FreeCode]]) -> None:
        """Replace the free codes by the ledger's, without those of offers that are under way.

        Args:
            codes: (pool, code).
        """
        held = {code.code for _, code in self._held.values()}
        self._pools = {}
        codes = tuple(codes)
        if codes and not self._salt:
            self._salt = self._entropy.token_bytes(_SALT_BYTES)
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
        return self._pools.setdefault(name, _Pool(self._salt))


class _Pool:
    """The free codes of one pool; a code that was taken leaves the heap when it is its turn."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._codes: dict[str, FreeCode] = {}
        self._heap: list[tuple[int, bytes, str]] = []

    def put(self, code: FreeCode) -> None:
        """Add a free code."""
        if code.code not in self._codes:
            self._codes[code.code] = code
            end = _FOREVER if code.ends_at is None else code.ends_at
            order = blake2b(code.code.encode(), key=self._salt, digest_size=8).digest()
            heapq.heappush(self._heap, (-end, order, code.code))

    def discard(self, code: str) -> None:
        """Remove a code, if it is there."""
        self._codes.pop(code, None)

    def best(self, now: int) -> FreeCode | None:
        """Return the code that lasts longest, the first of its order among equals; None: none lasts."""
        while self._heap and self._heap[0][2] not in self._codes:
            heapq.heappop(self._heap)
        if not self._heap:
            return None
        code = self._codes[self._heap[0][2]]
        return code if code.ends_at is None or code.ends_at > now else None

    def count(self, now: int) -> int:
        """Return how many codes there are; 0 if all have ended."""
        return len(self._codes) if self.best(now) else 0
