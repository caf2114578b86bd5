"""Logins of the console's operators, and the limit on wrong keys."""

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import HOUR, MINUTE

LOGIN_LIFETIME: Final = 8 * HOUR
"""Milliseconds that a login lasts: a working day."""
MAX_LOGINS: Final = 64
"""Maximum logins at the same time. A further login ends the oldest one."""
THROTTLE_WINDOW: Final = 5 * MINUTE
MAX_FAILURES_PER_ADDRESS: Final = 5
"""Maximum wrong keys from one address in a window. Operators mistype a key twice; programs continue."""
MAX_FAILURES: Final = 100
"""Maximum wrong keys from all addresses in a window: one attacker can use many addresses."""
MAX_ADDRESSES: Final = 4096
"""Maximum addresses whose wrong keys are remembered, to limit memory."""


class Login(Struct, frozen=True):
    """A logged-in operator."""

    name: str
    """Name that the operator entered; recorded with every action."""
    csrf: str
    """Token in every form that is rendered for the operator, against cross-site request forgery."""
    ends_at: int
    """Milliseconds since the Unix epoch, UTC."""


class Logins:
    """All current logins. Only digests of their cookies are kept in memory."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._known: OrderedDict[bytes, Login] = OrderedDict()

    def issue(self, name: str) -> tuple[str, Login]:
        """Log an operator in, and return the cookie's value with the login."""
        cookie = secrets.token_urlsafe(32)
        known = Login(name, secrets.token_urlsafe(32), self._now() + LOGIN_LIFETIME)
        self._known[_digest(cookie)] = known
        if len(self._known) > MAX_LOGINS:
            self._known.popitem(last=False)
        return cookie, known

    def find(self, cookie: str | None) -> Login | None:
        """Return the login of a cookie; `None` if there is none or it has ended."""
        known = self._known.get(_digest(cookie)) if cookie else None
        return known if known and known.ends_at > self._now() else None

    def remove(self, cookie: str | None) -> None:
        """End the login of a cookie, if there is one."""
        if cookie:
            self._known.pop(_digest(cookie), None)


class LoginThrottle:
    """Counts wrong keys, and delays further attempts of an address that sent too many."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._by_address: OrderedDict[str, deque[int]] = OrderedDict()
        self._all: deque[int] = deque()

    def wait_ms(self, address: str) -> int:
        """Return the milliseconds that an address must wait before its next attempt, or 0."""
        now = self._now()
        own = self._by_address.get(address, deque())
        return max(_wait(own, MAX_FAILURES_PER_ADDRESS, now), _wait(self._all, MAX_FAILURES, now))

    def record_failure(self, address: str) -> None:
        """Count a wrong key from an address."""
        now = self._now()
        own = self._by_address.setdefault(address, deque(maxlen=MAX_FAILURES_PER_ADDRESS))
        self._by_address.move_to_end(address)
        own.append(now)
        self._all.append(now)
        if len(self._all) > MAX_FAILURES:
            self._all.popleft()
        if len(self._by_address) > MAX_ADDRESSES:
            self._by_address.popitem(last=False)


def _wait(failures: deque[int], limit: int, now: int) -> int:
    if len(failures) < limit:
        return 0
    return max(0, failures[-limit] + THROTTLE_WINDOW - now)


def keys_equal(given: str, key: str) -> bool:
    """Return whether two keys are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
