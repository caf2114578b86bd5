"""Gate 8: the right time."""

from typing import Any

import pytest

from support.builders import MINUTE, SECOND, T0, dwell, item, rule, scene, session
from tactful.core.gates.timing import check_timing
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NOW, AnyOf, Rule
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.pacing import earliest_push_at
from tactful.core.session.session import Tab


def found(by: Rule | None = None, contact: ContactHistory | None = None, **fields: Any) -> Any:
    here = scene(session=session(**fields), contact=contact or ContactHistory())
    by = by or rule()
    return [*check_timing(here, by, by.holds_from(here), Policy())]


def codes(*args: Any, **fields: Any) -> list[str]:
    return [finding.reason.value for finding in found(*args, **fields)]


HIDDEN = (Tab(1, visible=False),)
SAVE = rule("S", moment="rescue")


def test_thirty_engaged_seconds_are_enough_to_the_millisecond() -> None:
    assert codes(running_since=T0 - 30 * SECOND) == []
    (wait,) = found(running_since=T0 - 30 * SECOND + 1)
    assert (wait.reason, wait.until, wait.needed) == ("timing.wait", T0 + 1, {"more": 1})


def test_three_seconds_without_input_are_enough_to_the_millisecond() -> None:
    assert codes(last_input=T0 - 3 * SECOND) == []
    (wait,) = found(last_input=T0 - 3 * SECOND + 1)
    assert wait.until == T0 + 1


def test_the_latest_of_all_that_is_awaited_is_waited_for() -> None:
    by = rule("R", dwell(45 * SECOND))
    (wait,) = found(by, running_since=T0, last_input=T0)
    assert wait.until == T0 + 45 * SECOND


def test_a_page_that_nobody_sees_waits_without_an_end() -> None:
    (wait,) = found(tabs=HIDDEN)
    assert (wait.reason, wait.actual, wait.until) == ("timing.wait", "hidden", None)


def test_engaged_time_that_rests_waits_without_an_end() -> None:
    (wait,) = found(running_since=None, dwell_before_ms=5 * SECOND)
    assert (wait.until, wait.actual) == (None, {"engaged": 5})


def test_an_item_whose_page_is_not_open_engages_nobody_but_in_the_cart() -> None:
    boots = scene(item=item("BOOT-42"), session=session(page="product"))
    (wait,) = check_timing(boots, rule(), NOW, Policy())
    assert (wait.until, wait.actual) == (None, {"engaged": 0})
    cart = scene(item=item("BOOT-42"), session=session(page="cart"))
    assert [*check_timing(cart, rule(), NOW, Policy())] == []


@pytest.mark.parametrize("focus", [None, "RUN-42"])
def test_in_the_cart_too_somebody_is_engaged_for_half_a_minute_first(focus: str | None) -> None:
    since = {"focus": focus, "running_since": T0 - 29 * SECOND, "last_input": T0 - 29 * SECOND}
    early = scene(item=item("BOOT-42"), session=session(page="cart", **since))
    (finding,) = check_timing(early, rule(), NOW, Policy())
    assert (finding.reason, finding.until) == ("timing.wait", T0 + SECOND)
    assert finding.actual == {"engaged": 29}
    assert earliest_push_at(early.session, Policy()) == T0 + SECOND


def test_a_condition_that_no_time_mends_is_another_gate_s_matter() -> None:
    assert codes(rule("R", AnyOf(()))) == []


def test_a_rescue_skips_engagement_and_input_only() -> None:
    hasty: dict[str, Any] = {"running_since": T0, "last_input": T0, "rescue": True}
    assert codes(SAVE, **hasty) == []
    assert codes(SAVE, **(hasty | {"rescue": False})) == ["timing.wait"]
    assert codes(rule(), **hasty) == ["timing.wait"]
    assert codes(SAVE, **(hasty | {"tabs": HIDDEN})) == ["timing.wait"]
    assert codes(SAVE, **hasty, page="payment", chat_open=True) == [
        "timing.checkout",
        "timing.chat",
    ]
    assert codes(SAVE, ContactHistory(quiet_until=T0 + 1), **hasty) == ["timing.quiet"]


@pytest.mark.parametrize("page", ["checkout", "payment"])
def test_nobody_is_disturbed_while_paying(page: str) -> None:
    assert codes(page=page) == ["timing.checkout"]


def test_nobody_is_disturbed_while_talking_to_support() -> None:
    assert codes(chat_open=True) == ["timing.chat"]


def test_the_quiet_after_a_let_down_ends_to_the_millisecond() -> None:
    (quiet,) = found(contact=ContactHistory(quiet_until=T0 + 10 * MINUTE))
    assert (quiet.reason, quiet.until) == ("timing.quiet", T0 + 10 * MINUTE)
    assert codes(contact=ContactHistory(quiet_until=T0)) == []
