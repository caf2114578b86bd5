"""Who may use the console, and for how long?"""

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


class Hand:
    """The hand of a clock."""

    def __init__(self) -> None:
        self.at = 1_000_000

    def now(self) -> int:
        return self.at


def test_a_pass_is_good_for_a_working_day() -> None:
    hand = Hand()
    passes = Logins(hand.now)
    cookie, issued = passes.issue("Ada")
    hand.at += LOGIN_LIFETIME - 1
    assert passes.find(cookie) == issued
    hand.at += 1
    assert passes.find(cookie) is None


def test_only_the_very_cookie_opens() -> None:
    passes = Logins(Hand().now)
    cookie, _ = passes.issue("Ada")
    for wrong in (None, "", cookie[:-1], cookie + "x", cookie.swapcase(), "\ud800"):
        assert passes.find(wrong) is None
    passes.remove(cookie)
    passes.remove(cookie)
    assert passes.find(cookie) is None


def test_each_pass_has_its_own_cookie_and_form_token() -> None:
    passes = Logins(Hand().now)
    issued = [passes.issue("Ada") for _ in range(50)]
    assert len({cookie for cookie, _ in issued} | {one.csrf for _, one in issued}) == 100


def test_the_first_who_came_is_logged_out_when_too_many_are_in() -> None:
    passes = Logins(Hand().now)
    first, _ = passes.issue("first")
    second, _ = passes.issue("second")
    for number in range(MAX_LOGINS - 1):
        passes.issue(str(number))
    assert passes.find(first) is None
    assert passes.find(second) is not None


def test_an_address_waits_after_its_wrong_keys_and_others_do_not() -> None:
    hand = Hand()
    attempts = LoginThrottle(hand.now)
    for _ in range(MAX_FAILURES_PER_ADDRESS):
        assert attempts.wait_ms("203.0.113.9") == 0
        attempts.record_failure("203.0.113.9")
    assert attempts.wait_ms("203.0.113.9") == THROTTLE_WINDOW
    assert attempts.wait_ms("203.0.113.10") == 0
    hand.at += THROTTLE_WINDOW - 1
    assert attempts.wait_ms("203.0.113.9") == 1
    hand.at += 1
    assert attempts.wait_ms("203.0.113.9") == 0


def test_many_addresses_together_are_slowed_down_too() -> None:
    attempts = LoginThrottle(Hand().now)
    for number in range(MAX_FAILURES):
        attempts.record_failure(f"198.51.100.{number}")
    assert attempts.wait_ms("203.0.113.9") == THROTTLE_WINDOW


def test_addresses_are_not_remembered_without_bound() -> None:
    attempts = LoginThrottle(Hand().now)
    for number in range(MAX_ADDRESSES + 10):
        attempts.record_failure(str(number))
    assert len(attempts._by_address) == MAX_ADDRESSES
    assert len(attempts._all) == MAX_FAILURES


def test_a_key_is_the_same_or_it_is_not() -> None:
    assert keys_equal("k" * 20, "k" * 20)
    for wrong in ("", "k" * 19, "k" * 21, "K" * 20, "\ud800"):
        assert not keys_equal(wrong, "k" * 20)
