"""A login lasts a working day, and wrong keys make the next attempt wait."""

from tactful.console.login import (
    LOGIN_LIFETIME,
    MAX_ADDRESSES,
    MAX_FAILURES,
    MAX_FAILURES_PER_ADDRESS,
    MAX_LOGINS,
    THROTTLE_WINDOW,
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


def test_an_address_waits_after_its_wrong_keys_and_others_do_not() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock.now)
    for _ in range(MAX_FAILURES_PER_ADDRESS):
        assert throttle.wait_ms("203.0.113.9") == 0
        throttle.record_failure("203.0.113.9")
    assert throttle.wait_ms("203.0.113.9") == THROTTLE_WINDOW
    assert throttle.wait_ms("203.0.113.10") == 0
    clock.at += THROTTLE_WINDOW - 1
    assert throttle.wait_ms("203.0.113.9") == 1
    clock.at += 1
    assert throttle.wait_ms("203.0.113.9") == 0


def test_many_addresses_together_are_slowed_down_too() -> None:
    throttle = LoginThrottle(ManualClock().now)
    for number in range(MAX_FAILURES):
        throttle.record_failure(f"198.51.100.{number}")
    assert throttle.wait_ms("203.0.113.9") == THROTTLE_WINDOW


def test_addresses_are_not_remembered_without_bound() -> None:
    throttle = LoginThrottle(ManualClock().now)
    for number in range(MAX_ADDRESSES + 10):
        throttle.record_failure(str(number))
    assert len(throttle._by_address) == MAX_ADDRESSES
    assert len(throttle._all) == MAX_FAILURES


def test_only_equal_keys_are_equal() -> None:
    assert keys_equal("k" * 20, "k" * 20)
    for wrong in ("", "k" * 19, "k" * 21, "K" * 20, "\ud800"):
        assert not keys_equal(wrong, "k" * 20)
