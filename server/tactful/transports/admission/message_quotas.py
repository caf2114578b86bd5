"""Token buckets (GCRA) shared by all connections of one address or of one session.

GCRA is the generic cell rate algorithm of ITU-T I.371, which stores a token bucket as one instant.
`protocol/conversation.py` limits the rate of each connection. The buckets here outlive connections.
They limit many connections together, and a client that reconnects whenever it reaches its limit.
"""

from typing import Final

from tactful.protocol.conversation import ProtocolTiming

MESSAGES_PER_CHARGE: Final = 16
"""Messages that a connection charges together. Charging each one would slow every message."""
SESSION_FACTOR: Final = 2
"""Rate limit of a session in multiples of one connection's: a shopper has two hands."""
MESSAGES_PER_CONNECTION_S: Final = 4
"""Messages a second that an address may send for each of its permitted connections.

That is enough for all its shoppers clicking fast.
"""
PRUNE_FROM: Final = 1_024
"""Number of buckets from which full ones are searched for and dropped."""


class TokenBucket:
    """A token bucket, stored as the instant at which it is full again (GCRA, ITU-T I.371)."""

    __slots__ = ("_burst_us", "_step_us", "full_at_us", "holders")

    def __init__(self, per_second: int, burst: int) -> None:
        """Create a full bucket that refills `per_second` tokens a second and holds `burst`."""
        self._step_us = 1_000_000 // per_second
        self._burst_us = burst * self._step_us
        self.full_at_us = 0
        """The instant at which the bucket is full, in microseconds of the caller's clock."""
        self.holders = 0
        """Connections that use this bucket. A bucket in use is not pruned."""

    def charge(self, tokens: int, now: int) -> bool:
        """Take `tokens` at the instant `now` (milliseconds).

        Returns:
            Whether the bucket held that many tokens. If not, it is empty afterwards, but not in debt.
            A debt would grow with every attempt and last longer than the flood.
        """
        now_us = now * 1_000
        self.full_at_us = max(self.full_at_us, now_us) + tokens * self._step_us
        if self.full_at_us - now_us <= self._burst_us:
            return True
        self.full_at_us = now_us + self._burst_us
        return False

    def refund(self, tokens: int) -> None:
        """Put back `tokens` that were charged."""
        self.full_at_us -= tokens * self._step_us


class BucketCache:
    """Buckets by key; full ones without holders are dropped when there are many."""

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}
        self._prune_at = PRUNE_FROM

    def __len__(self) -> int:
        return len(self._buckets)

    def bucket(self, key: str, rate: tuple[int, int], now: int) -> TokenBucket:
        """Return the bucket of `key`, a new one with `rate` (per second, burst) if there is none."""
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= self._prune_at:
                self._prune(now)
            found = self._buckets[key] = TokenBucket(*rate)
        return found

    def _prune(self, now: int) -> None:
        """Drop full buckets without holders: a new bucket would be equal.

        The threshold doubles with the buckets that remain, so the cost per new bucket is constant.
        """
        self._buckets = {
            key: bucket
            for key, bucket in self._buckets.items()
            if bucket.holders or bucket.full_at_us > now * 1_000
        }
        self._prune_at = max(PRUNE_FROM, 2 * len(self._buckets))


class TokenBuckets:
    """The message buckets of all sessions and addresses."""

    def __init__(self, timing: ProtocolTiming, per_address: int) -> None:
        """Derive the rates.

        Args:
            timing: The rate limit of one connection.
            per_address: The connections that one address may have.
        """
        self._session_rate = SESSION_FACTOR * timing.per_second, SESSION_FACTOR * timing.burst
        self._address_rate = (
            max(timing.per_second, MESSAGES_PER_CONNECTION_S * per_address),
            max(timing.burst, 10 * MESSAGES_PER_CONNECTION_S * per_address),
        )
        self._cache = BucketCache()

    def __len__(self) -> int:
        return len(self._cache)

    def for_session(self, session: str, now: int) -> TokenBucket:
        """Return the bucket of a session and hold it; call `release` when done.

        A login changes the part of the id after the point. The session keeps its bucket.
        """
        return self._hold(f"session {session.partition('.')[0]}", self._session_rate, now)

    def for_address(self, address: str, now: int) -> TokenBucket:
        """Return the bucket of an address (`limit_key`) and hold it; call `release` when done."""
        return self._hold(f"address {address}", self._address_rate, now)

    def release(self, bucket: TokenBucket | None) -> None:
        """Release a bucket that a connection held. Charged tokens are not returned."""
        if bucket is not None:
            bucket.holders -= 1

    def _hold(self, key: str, rate: tuple[int, int], now: int) -> TokenBucket:
        found = self._cache.bucket(key, rate, now)
        found.holders += 1
        return found
