"""Rate limits for connections, requests and new sessions per client address.

An admitted client costs a handshake, a session or a response, even if it disconnects at once.
A client whose connection is rejected at the accept costs almost nothing. Addresses that recently
presented the server key are exempt for ten minutes.
"""

from typing import Final

from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.message_quotas import PRUNE_FROM, BucketCache, TokenBucket

TRUSTED_MS: Final = 600_000
"""Milliseconds for which an address has no limit after it has presented the server key."""
VIOLATION_COST: Final = 16
"""Requests charged to an address for a protocol violation or a wrong server key."""
FLOOD_COST: Final = 64
"""Requests charged to an address for a connection that is closed for flooding.

Such a connection has already sent a thousand messages.
"""
SESSION_RATE_DIVISOR: Final = 16
"""New sessions are limited to 1/16 of the request rate, because each is kept for half an hour."""
EXPLAINED_REJECTIONS_PER_S: Final = 32
"""Rejections a second that get an HTTP response; further connections are closed without one."""


class AddressLimiter:
    """Token buckets of requests and of new sessions, by the `limit_key` of an address.

    `now` is always in milliseconds of a clock that never goes back.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._unlimited = limits.unlimited
        self._request_rate = limits.requests_per_s, limits.request_burst
        self._requests = BucketCache()
        self._session_rate = (
            limits.requests_per_s // SESSION_RATE_DIVISOR or 1,
            limits.request_burst,
        )
        self._sessions = BucketCache()
        self._trusted_until: dict[str, int] = {}
        self._explained = TokenBucket(EXPLAINED_REJECTIONS_PER_S, EXPLAINED_REJECTIONS_PER_S)

    def __len__(self) -> int:
        return len(self._requests) + len(self._sessions) + len(self._trusted_until)

    def admit_request(self, address: str, now: int) -> bool:
        """Charge one connection or request; return whether it is within the rate."""
        if address in self._unlimited or self._trusted_until.get(address, 0) > now:
            return True
        return self._requests.bucket(address, self._request_rate, now).charge(1, now)

    def admit_session(self, address: str, now: int) -> bool:
        """Charge one new session; return whether it is within the rate."""
        if address in self._unlimited or self._trusted_until.get(address, 0) > now:
            return True
        return self._sessions.bucket(address, self._session_rate, now).charge(1, now)

    def penalize(self, address: str, now: int, *, flooded: bool = False) -> None:
        """Charge an address for a protocol violation, a wrong key or a flood."""
        if address not in self._unlimited:
            cost = FLOOD_COST if flooded else VIOLATION_COST
            self._requests.bucket(address, self._request_rate, now).charge(cost, now)

    def refund_request(self, address: str, now: int) -> None:
        """Give back one request that is charged as a message instead."""
        if address not in self._unlimited:
            self._requests.bucket(address, self._request_rate, now).refund(1)

    def trust(self, address: str, now: int) -> None:
        """Exempt an address that has presented the server key for `TRUSTED_MS`."""
        if len(self._trusted_until) >= PRUNE_FROM:
            self._trusted_until = {
                key: until for key, until in self._trusted_until.items() if until > now
            }
        self._trusted_until[address] = now + TRUSTED_MS

    def may_explain(self, now: int) -> bool:
        """Return whether one more rejection may carry an HTTP response."""
        return self._explained.charge(1, now)
