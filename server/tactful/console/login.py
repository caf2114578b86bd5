"""Who may use the console, and for how long?"""

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import HOUR, MINUTE

LOGIN_LIFETIME: Final = 8 * HOUR
"""A working day: then the key is asked for again."""
MAX_LOGINS: Final = 64
"""People logged in at once; the one who came first is logged out first."""
THROTTLE_WINDOW: Final = 5 * MINUTE
MAX_FAILURES_PER_ADDRESS: Final = 5
"""Wrong keys from one address in a window: a person mistypes twice, a program goes on."""
MAX_FAILURES: Final = 100
"""Wrong keys from all addresses together in a window: many addresses may be one attacker."""
MAX_ADDRESSES: Final = 4096
"""Addresses remembered; bounds memory."""


class Login(Struct, frozen=True):
    """Somebody who is logged in. `csrf` stands in every form of theirs; `ends_at` in ms."""

    name: str
    csrf: str
    ends_at: int


class Logins:
    """Everybody who is logged in; only digests of their cookies are kept."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._known: OrderedDict[bytes, Login] = OrderedDict()

    def issue(self, name: str) -> tuple[str, Login]:
        """The cookie of somebody who has shown the key."""
        cookie = secrets.token_urlsafe(32)
        known = Login(name, secrets.token_urlsafe(32), self._now() + LOGIN_LIFETIME)
        self._known[_digest(cookie)] = known
        if len(self._known) > MAX_LOGINS:
            self._known.popitem(last=False)
        return cookie, known

    def find(self, cookie: str | None) -> Login | None:
        """Whose cookie it is; None: nobody's, or not any more."""
        known = self._known.get(_digest(cookie)) if cookie else None
        return known if known and known.ends_at > self._now() else None

    def remove(self, cookie: str | None) -> None:
        """Log out."""
        if cookie:
            self._known.pop(_digest(cookie), None)


class LoginThrottle:
    """Counts wrong keys, and says who has to wait."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._by_address: OrderedDict[str, deque[int]] = OrderedDict()
        self._all: deque[int] = deque()

    def wait_ms(self, address: str) -> int:
        """How many ms an address has to wait before the next try; 0: none."""
        now = self._now()
        own = self._by_address.get(address, deque())
        return max(_wait(own, MAX_FAILURES_PER_ADDRESS, now), _wait(self._all, MAX_FAILURES, now))

    def record_failure(self, address: str) -> None:
        """A wrong key came from there."""
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
    """Whether it is the key, in a time that does not tell how close it came."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
