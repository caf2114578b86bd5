"""Does an address come too often: its connections and requests, until it shows the server key?

Whoever is let in costs a handshake, a session or an answer, however soon it ends again; whoever is
turned away where the connection is made costs next to nothing.
"""

from typing import Final

from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.message_quotas import PRUNE_FROM, BucketCache, TokenBucket

TRUSTED_MS: Final = 600_000
"""A system of the shop that has shown the key comes as often as it likes, for so long after."""
DEAF: Final = 16
"""Refusals in a row: nobody gets so many who comes less than a thousand times a second."""
VIOLATION_COST: Final = 16
"""So many calls costs a conversation that had to be closed for what its client did, or a wrong key ..."""
FLOOD_COST: Final = 64
"""... and so many one that flooded: it has had a thousand messages already."""
SESSION_RATE_DIVISOR: Final = 16
"""Sessions are opened so many times less often than connections: each is kept for half an hour."""
EXPLAINED_REJECTIONS_PER_S: Final = 32
"""So many are told why they are turned away; a flood learns it from the rest."""


class AddressLimiter:
    """Who came how often lately, by address."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self._unlimited = limits.unlimited
        self._allowance = limits.requests_per_s, limits.request_burst
        self._kept = BucketCache()
        self._vouched: dict[str, int] = {}
        self._sessions = limits.requests_per_s // SESSION_RATE_DIVISOR or 1, limits.request_burst
        self._opened = BucketCache()
        self._explained = TokenBucket(EXPLAINED_REJECTIONS_PER_S, EXPLAINED_REJECTIONS_PER_S)

    def __len__(self) -> int:
        return len(self._kept) + len(self._opened) + len(self._vouched)

    def admit_request(self, address: str, now: int) -> bool:
        """Count one connection or request of an address (`limit_key`); no: it comes too often."""
        if address in self._unlimited or self._vouched.get(address, 0) > now:
            return True
        return self._kept.bucket(address, self._allowance, now).charge(1, now)

    def admit_session(self, address: str, now: int) -> bool:
        """Count one session that is new to us; no: the address opens too many, and each is kept."""
        if address in self._unlimited or self._vouched.get(address, 0) > now:
            return True
        return self._opened.bucket(address, self._sessions, now).charge(1, now)

    def record_flood(self, address: str, now: int) -> bool:
        """Whether it goes on without a pause after having been turned away."""
        return self._kept.bucket(address, self._allowance, now).refused >= DEAF

    def penalize(self, address: str, now: int, *, flooded: bool = False) -> None:
        """They did what nobody does who means well: who comes back at once is not heard long."""
        if address not in self._unlimited:
            calls = FLOOD_COST if flooded else VIOLATION_COST
            self._kept.bucket(address, self._allowance, now).charge(calls, now)

    def refund_request(self, address: str, now: int) -> None:
        """What was counted is charged elsewhere."""
        if address not in self._unlimited:
            self._kept.bucket(address, self._allowance, now).refund(1)

    def trust(self, address: str, now: int) -> None:
        """The server key came from there."""
        if len(self._vouched) >= PRUNE_FROM:
            self._vouched = {key: until for key, until in self._vouched.items() if until > now}
        self._vouched[address] = now + TRUSTED_MS

    def may_explain(self, now: int) -> bool:
        """Whether there is time to tell somebody why they are turned away."""
        return self._explained.charge(1, now)
