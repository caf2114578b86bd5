"""A login lasts a working day, and wrong keys delay the next attempt."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.console.login import (
    BROWSER_LIFETIME,
    FIRST_DELAY_MS,
    FREE_FAILURES,
    FREE_FAILURES_IN_TOTAL,
    LOGIN_LIFETIME,
    MAX_DELAY_MS,
    MAX_LOGINS,
    MAX_SOURCES,
    MAX_WAITING,
    MAX_WAITING_PER_SOURCE,
    THROTTLE_WINDOW,
    KnownBrowsers,
    Logins,
    LoginThrottle,
    keys_equal,
)


class ManualClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = 1_000_000

    def now(self) -> int:
        return self.at


def test_a_login_lasts_a_working_day() -> None:
    clock = ManualClock()
    logins = Logins(clock.now)
    cookie, issued = logins.issue("Ada")
    clock.at += LOGIN_LIFETIME - 1
    assert logins.find(cookie) == issued
    clock.at += 1
    assert logins.find(cookie) is None


def test_only_the_exact_cookie_is_accepted() -> None:
    logins = Logins(ManualClock().now)
    cookie, _ = logins.issue("Ada")
    for wrong in (None, "", cookie[:-1], cookie + "x", cookie.swapcase(), "\ud800"):
        assert logins.find(wrong) is None
    logins.remove(cookie)
    logins.remove(cookie)
    assert logins.find(cookie) is None


def test_each_login_has_its_own_cookie_and_form_token() -> None:
    logins = Logins(ManualClock().now)
    issued = [logins.issue("Ada") for _ in range(50)]
    assert len({cookie for cookie, _ in issued} | {one.csrf for _, one in issued}) == 100


def test_the_oldest_login_ends_when_there_are_too_many() -> None:
    logins = Logins(ManualClock().now)
    first, _ = logins.issue("first")
    second, _ = logins.issue("second")
    for number in range(MAX_LOGINS - 1):
        logins.issue(str(number))
    assert logins.find(first) is None
    assert logins.find(second) is not None


def test_a_wrong_key_delays_its_source_for_five_minutes_and_no_other() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock.now)
    for _ in range(FREE_FAILURES):
        assert throttle.delay_ms("203.0.113.9", known=False) == 0
        throttle.record_failure("203.0.113.9", known=False)
    assert throttle.delay_ms("203.0.113.9", known=False) == FIRST_DELAY_MS
    assert throttle.delay_ms("203.0.113.10", known=False) == 0
    clock.at += THROTTLE_WINDOW
    assert throttle.delay_ms("203.0.113.9", known=False) == 0


@given(st.integers(0, 2_000), st.integers(1, 400))
def test_no_number_of_wrong_keys_makes_the_delay_longer_than_eight_seconds(
    failures: int, sources: int
) -> None:
    throttle = LoginThrottle(ManualClock().now)
    for number in range(failures):
        throttle.record_failure(str(number % sources), known=False)
    for source in ("0", "other"):
        assert throttle.delay_ms(source, known=False) <= MAX_DELAY_MS
    assert throttle.delay_ms("browser", known=True) == 0


def test_known_browsers_do_not_delay_others() -> None:
    throttle = LoginThrottle(ManualClock().now)
    for _ in range(FREE_FAILURES_IN_TOTAL + 1):
        throttle.record_failure("browser", known=True)
    assert throttle.delay_ms("203.0.113.9", known=False) == 0


def test_a_known_browser_is_recognised_until_its_cookie_or_the_key_ends() -> None:
    clock = ManualClock()
    browsers = KnownBrowsers("key", clock.now)
    first, second = browsers.issue(), browsers.issue()
    assert len({browsers.find(first), browsers.find(second), None}) == 3
    assert KnownBrowsers("another key", clock.now).find(first) is None
    assert KnownBrowsers(None, clock.now).find(first) is None
    for wrong in (None, "", first[:-1], first + "x", "." + first, "\ud800.1.x"):
        assert browsers.find(wrong) is None
    clock.at += BROWSER_LIFETIME
    assert browsers.find(first) is None


def test_sources_are_not_remembered_without_bound() -> None:
    throttle = LoginThrottle(ManualClock().now)
    for number in range(MAX_SOURCES + 10):
        throttle.record_failure(str(number), known=False)
    assert len(throttle._by_source) == MAX_SOURCES


def throttled(throttle: LoginThrottle, *sources: str) -> None:
    """Let sources send so many wrong keys that their attempts are delayed."""
    for source in sources:
        for _ in range(FREE_FAILURES):
            throttle.record_failure(source, known=False)


def test_a_limited_number_of_attempts_with_wrong_keys_before_waits() -> None:
    throttle = LoginThrottle(ManualClock().now)
    throttled(throttle, *map(str, range(100)), "new", "another")
    places = [throttle.begin_wait(str(number % 100)) for number in range(1_000)]
    assert sum(places) == MAX_WAITING
    throttle.end_wait("0")
    assert throttle.begin_wait("new")
    assert not throttle.begin_wait("another")


def test_attempts_from_any_number_of_networks_take_no_place_of_an_operator() -> None:
    throttle = LoginThrottle(ManualClock().now)
    attackers = [f"2001:db8:{number:x}::" for number in range(2_000)]
    throttled(throttle, *attackers[:100])
    for source in attackers * MAX_WAITING_PER_SOURCE:
        throttle.begin_wait(source)
    throttle.record_failure("office", known=False)  # mistyped once
    assert throttle.begin_wait("office")
    assert [throttle.begin_wait("office") for _ in range(8)].count(True) == 7
    for source in attackers * MAX_WAITING_PER_SOURCE:
        if throttle._waiting[source]:
            throttle.end_wait(source)
    for _ in range(8):
        throttle.end_wait("office")
    assert (throttle._waiting.total(), throttle._waiting_throttled.total()) == (0, 0)


def test_only_equal_keys_are_equal() -> None:
    assert keys_equal("k" * 20, "k" * 20)
    for wrong in ("", "k" * 19, "k" * 21, "K" * 20, "\ud800"):
        assert not keys_equal(wrong, "k" * 20)
