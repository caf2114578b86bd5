"""May connections together say so much: the allowance of an address, and of a session in all its tabs.

A connection has an allowance of its own. Whoever opens many, or comes back whenever one is used up,
meets these, which outlive connections.
"""

from typing import Final

from tactful.protocol.conversation import ProtocolTiming

MESSAGES_PER_CHARGE: Final = 16
"""Messages after which a connection settles: counting each at once would cost every message."""
SESSION_FACTOR: Final = 2
"""A shopper has two hands, however many tabs: a session may say twice what a connection may."""
MESSAGES_PER_CONNECTION_S: Final = 4
"""Messages a second for each place of an address: all its shoppers, clicking as fast as people do."""
PRUNE_FROM: Final = 1_024
"""Shares that are kept before the full ones are looked for."""


class TokenBucket:
    """A token bucket as one number: the instant at which it would be full again, in microseconds."""

    __slots__ = ("_burst_us", "_step_us", "full_at_us", "holders", "refused")

    def __init__(self, per_second: int, burst: int) -> None:
        self._step_us = 1_000_000 // per_second
        self._burst_us = burst * self._step_us
        self.full_at_us = 0
        self.holders = 0
        self.refused = 0  # in a row

    def charge(self, messages: int, now: int) -> bool:
        """Charge so many messages at an instant (ms); no: that was more than the share holds."""
        now_us = now * 1_000
        self.full_at_us = max(self.full_at_us, now_us) + messages * self._step_us
        if self.full_at_us - now_us <= self._burst_us:
            self.refused = 0
            return True
        self.refused += 1
        self.full_at_us = now_us + self._burst_us  # a debt that grows would outlive its cause
        return False

    def refund(self, messages: int) -> None:
        """Take back what was charged."""
        self.full_at_us -= messages * self._step_us


class BucketCache:
    """Shares by key, of which those that are full again are forgotten."""

    def __init__(self) -> None:
        self._kept: dict[str, TokenBucket] = {}
        self._enough = PRUNE_FROM

    def __len__(self) -> int:
        return len(self._kept)

    def bucket(self, key: str, allowance: tuple[int, int], now: int) -> TokenBucket:
        """The share under a key, a new one if there is none."""
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= self._enough:
                self._forget_full(now)
            found = self._kept[key] = TokenBucket(*allowance)
        return found

    def _forget_full(self, now: int) -> None:
        """A full share that nobody holds is as good as a new one; the look at all pays for itself."""
        self._kept = {
            key: share
            for key, share in self._kept.items()
            if share.holders or share.full_at_us > now * 1_000
        }
        self._enough = max(PRUNE_FROM, 2 * len(self._kept))


class TokenBuckets:
    """The shares in use, by what they are shared under."""

    def __init__(self, rhythm: ProtocolTiming, places: int) -> None:
        """`places`: the connections that an address may have."""
        self._session = SESSION_FACTOR * rhythm.per_second, SESSION_FACTOR * rhythm.burst
        self._address = (
            max(rhythm.per_second, MESSAGES_PER_CONNECTION_S * places),
            max(rhythm.burst, 10 * MESSAGES_PER_CONNECTION_S * places),
        )
        self._kept = BucketCache()

    def __len__(self) -> int:
        return len(self._kept)

    def for_session(self, session: str, now: int) -> TokenBucket:
        """What all connections of a session share; the id is the one before the point. Held."""
        return self._of(f"session {session.partition('.')[0]}", self._session, now)

    def for_address(self, address: str, now: int) -> TokenBucket:
        """What all connections from an address share. Held until it is let go."""
        return self._of(f"address {address}", self._address, now)

    def release(self, share: TokenBucket | None) -> None:
        """A connection needs it no more; what was spent stays spent."""
        if share is not None:
            share.holders -= 1

    def _of(self, key: str, allowance: tuple[int, int], now: int) -> TokenBucket:
        found = self._kept.bucket(key, allowance, now)
        found.holders += 1
        return found
