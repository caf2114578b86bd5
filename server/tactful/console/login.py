"""Logins of the console's operators, and the delay of wrong keys."""

import hashlib
import hmac
import secrets
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import DAY, HOUR, MINUTE
from tactful.runtime.security.operator_accounts import OperatorAccounts, Role
from tactful.runtime.security.second_factors import SecondFactors
from tactful.runtime.state.state_tables import StateTable

LOGIN_LIFETIME: Final = 8 * HOUR
"""Milliseconds that a login lasts: a working day."""
MAX_LOGINS: Final = 64
"""Maximum logins at the same time. A further login ends the oldest one."""
THROTTLE_WINDOW: Final = 5 * MINUTE
"""Milliseconds for which a wrong key counts."""
FREE_FAILURES: Final = 5
"""Wrong keys of one source in a window that delay nothing. Operators mistype a key twice."""
FREE_FAILURES_IN_TOTAL: Final = 100
"""Wrong keys of all networks in a window that delay nothing: one attacker can use many networks."""
FIRST_DELAY_MS: Final = 500
"""Milliseconds of the first delay; each further wrong key doubles it."""
MAX_DELAY_MS: Final = 8_000
"""The longest delay in milliseconds. It is short, so that nobody is locked out by others."""
MAX_WAITING_PER_SOURCE: Final = 8
"""Maximum attempts of one source that wait at once."""
MAX_WAITING: Final = 256
"""Maximum attempts that wait at once of all sources whose own wrong keys delay them.

Attempts of other sources are not limited here: an attacker with many networks could take every place.
They are limited like all connections.
"""
MAX_SOURCES: Final = 4096
"""Maximum sources whose wrong keys are remembered, to limit memory."""
BROWSER_LIFETIME: Final = 400 * DAY
"""Milliseconds for which a browser counts as known after a login; browsers keep no cookie longer."""


class Login(Struct):
    """A logged-in operator."""

    name: str
    """Name that the operator entered; recorded with every action."""
    csrf: str
    """Token in every form that is rendered for the operator, against cross-site request forgery."""
    ends_at: int
    """Milliseconds since the Unix epoch, UTC."""
    role: Role = "owner"
    """What the operator may do. The server key is that of an owner, until an owner has an account."""
    has_account: bool = False
    """Whether the operator logged in with an account, and not with the server key."""
    lacks_factor: bool = False
    """Whether the role needs a second factor and the account has none, so that only it can be opened."""
    confirmed_at: int = 0
    """When password and second factor were given last, in milliseconds since the Unix epoch, UTC."""
    language: str = ""
    """The language that the operator chose; empty: that of the browser."""
    notice: str = ""
    """The result of the last action, until a page has shown it."""
    lines: tuple[str, str] = ("", "")
    """The case that was corrected last, and the lines for a mapping file that follow from it, until its
    page has shown them."""

    def take_lines(self, case: str) -> str:
        """Return the lines that follow from the correction of a case, once."""
        of, lines = self.lines
        if of != case:
            return ""
        self.lines = "", ""
        return lines

    def take_notice(self) -> str:
        """Return the result of the last action, once."""
        notice, self.notice = self.notice, ""
        return notice


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


class AccountLogins:
    """The logins of accounts, which are files; what a page has to show once is kept in memory."""

    def __init__(self, accounts: OperatorAccounts, factors: SecondFactors) -> None:
        self._accounts = accounts
        self._factors = factors
        self._known: OrderedDict[bytes, Login] = OrderedDict()
        self._used_codes: dict[str, int] = {}
        """Name → the latest step of the second factor that was used, so that no code is used twice."""

    def find(self, cookie: str | None, *, is_use: bool = True) -> Login | None:
        """Return the login of a cookie with the present role; `None` if there is none or it has ended.

        Args:
            cookie: The cookie.
            is_use: Whether the operator did something, so that the login is not idle.
        """
        found = self._accounts.logged_in(cookie, is_use=is_use) if cookie else None
        if cookie is None or found is None:
            return None
        stored, account = found
        known = self._known.setdefault(
            _digest(cookie), Login(account.name, stored.csrf, stored.ends_at, has_account=True)
        )
        known.role = account.role
        known.language = account.language
        known.lacks_factor = account.second_factor is None and account.role in self._factors.roles()
        if len(self._known) > MAX_LOGINS:
            self._known.popitem(last=False)
        return known

    def use_code(self, name: str, step: int) -> bool:
        """Note that a code of the second factor is used; return whether it may be."""
        if step <= self._used_codes.get(name, 0):
            return False
        self._used_codes[name] = step
        return True


class KnownBrowsers:
    """Signed cookies of the browsers that have logged in before.

    Such a browser has its own count of wrong keys, so that the wrong keys of others do not delay it.
    The cookie opens nothing. The server remembers no browser; a new server key ends all cookies.
    """

    def __init__(self, key: str | None, now: Callable[[], int]) -> None:
        label = b"tactful console browsers v1"
        self._key = hmac.digest((key or "").encode(), label, "sha256") if key else None
        self._now = now

    def issue(self) -> str:
        """Return the cookie's value for a browser that has just logged in."""
        text = f"{secrets.token_urlsafe(16)}.{self._now() + BROWSER_LIFETIME}"
        return f"{text}.{self._signature(text)}"

    def find(self, cookie: str | None) -> str | None:
        """Return the id of a known browser; None: the cookie is missing, forged or too old."""
        text, _, signature = (cookie or "").rpartition(".")
        browser, _, ends_at = text.rpartition(".")
        if self._key is None or not keys_equal(signature, self._signature(text)):
            return None
        return browser if int(ends_at) > self._now() else None

    def _signature(self, text: str) -> str:
        raw = text.encode("utf-8", "surrogatepass")
        return hmac.new(self._key or b"", raw, hashlib.sha256).hexdigest()


class LoginThrottle:
    """Counts wrong keys, and delays the attempts of a source that sent too many.

    A source is a network or a known browser. An attempt is delayed and not refused: a refusal would
    let strangers lock the operators out.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._by_source: OrderedDict[str, deque[int]] = OrderedDict()
        self._all: deque[int] = deque(maxlen=2 * FREE_FAILURES_IN_TOTAL)
        self._waiting: Counter[str] = Counter()
        self._waiting_throttled: Counter[str] = Counter()
        """Those of the sources whose own wrong keys delayed them when the wait began."""

    def table(self) -> StateTable:
        """Return the entry of the sources in the register of tables."""
        return StateTable(
            name="console_sources",
            size=lambda: len(self._by_source),
            bound=lambda: MAX_SOURCES,
            holders=(
                "LoginThrottle._by_source",
                "LoginThrottle._waiting",
                "LoginThrottle._waiting_throttled",
                "LoginThrottle._all",
            ),
        )

    def delay_ms(self, source: str, *, known: bool) -> int:
        """Return the milliseconds for which an attempt is delayed.

        Args:
            source: The network, or the id of a known browser.
            known: Whether it is a known browser, for which only its own wrong keys count.
        """
        own = self._own_delay_ms(source)
        if known:
            return own
        return max(own, _delay(self._recent(self._all), FREE_FAILURES_IN_TOTAL))

    def _own_delay_ms(self, source: str) -> int:
        return _delay(self._recent(self._by_source.get(source, ())), FREE_FAILURES)

    def _recent(self, failures: "deque[int] | tuple[()]") -> int:
        since = self._now() - THROTTLE_WINDOW
        return sum(1 for at in failures if at > since)

    def record_failure(self, source: str, *, known: bool) -> None:
        """Count a wrong key."""
        own = self._by_source.setdefault(source, deque(maxlen=2 * FREE_FAILURES))
        self._by_source.move_to_end(source)
        own.append(self._now())
        if not known:
            self._all.append(self._now())
        if len(self._by_source) > MAX_SOURCES:
            self._by_source.popitem(last=False)

    def begin_wait(self, source: str) -> bool:
        """Let an attempt wait; return whether there is room for it. Call `end_wait` afterwards."""
        if self._waiting[source] >= MAX_WAITING_PER_SOURCE:
            return False
        if self._own_delay_ms(source):
            if self._waiting_throttled.total() >= MAX_WAITING:
                return False
            self._waiting_throttled[source] += 1
        self._waiting[source] += 1
        return True

    def end_wait(self, source: str) -> None:
        """Note that an attempt no longer waits."""
        self._waiting[source] -= 1
        left = self._waiting[source]
        self._waiting_throttled[source] = min(self._waiting_throttled[source], left)
        if not left:
            del self._waiting[source]
        if not self._waiting_throttled[source]:
            del self._waiting_throttled[source]


def _delay(failures: int, free: int) -> int:
    if failures < free:
        return 0
    return min(FIRST_DELAY_MS << min(failures - free, 10), MAX_DELAY_MS)


def keys_equal(given: str, key: str) -> bool:
    """Return whether two keys are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
