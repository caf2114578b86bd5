"""Gate 8: engaged time, pause, payment, support chat and quiet period."""

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


def test_thirty_engaged_seconds_pass_to_the_millisecond() -> None:
    assert codes(running_since=T0 - 30 * SECOND) == []
    (wait,) = found(running_since=T0 - 30 * SECOND + 1)
    assert (wait.reason, wait.until, wait.needed) == ("timing.wait", T0 + 1, {"more": 1})


def test_three_seconds_without_input_pass_to_the_millisecond() -> None:
    assert codes(last_input=T0 - 3 * SECOND) == []
    (wait,) = found(last_input=T0 - 3 * SECOND + 1)
    assert wait.until == T0 + 1


def test_the_latest_of_all_conditions_ends_the_wait() -> None:
    by = rule("R", dwell(45 * SECOND))
    (wait,) = found(by, running_since=T0, last_input=T0)
    assert wait.until == T0 + 45 * SECOND


def test_a_hidden_page_waits_without_an_end() -> None:
    (wait,) = found(tabs=HIDDEN)
    assert (wait.reason, wait.actual, wait.until) == ("timing.wait", "hidden", None)


def test_stopped_engaged_time_waits_without_an_end() -> None:
    (wait,) = found(running_since=None, dwell_before_ms=5 * SECOND)
    assert (wait.until, wait.actual) == (None, {"engaged": 5})


def test_engaged_time_counts_for_the_open_item_and_in_the_cart() -> None:
    boots = scene(item=item("BOOT-42"), session=session(page="product"))
    (wait,) = check_timing(boots, rule(), NOW, Policy())
    assert (wait.until, wait.actual) == (None, {"engaged": 0})
    cart = scene(item=item("BOOT-42"), session=session(page="cart"))
    assert [*check_timing(cart, rule(), NOW, Policy())] == []


@pytest.mark.parametrize("focus", [None, "RUN-42"])
def test_in_the_cart_the_engaged_time_is_needed_as_well(focus: str | None) -> None:
    since: dict[str, Any] = {
        "focus": focus,
        "running_since": T0 - 29 * SECOND,
        "last_input": T0 - 29 * SECOND,
    }
    early = scene(item=item("BOOT-42"), session=session(page="cart", **since))
    (finding,) = check_timing(early, rule(), NOW, Policy())
    assert (finding.reason, finding.until) == ("timing.wait", T0 + SECOND)
    assert finding.actual == {"engaged": 29}
    assert earliest_push_at(early.session, Policy()) == T0 + SECOND


def test_a_condition_that_never_holds_does_not_fail_gate_8() -> None:
    assert codes(rule("R", AnyOf(()))) == []


def test_a_rescue_waives_engaged_time_and_pause_only() -> None:
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
def test_no_offer_interrupts_a_payment(page: str) -> None:
    assert codes(page=page) == ["timing.checkout"]


def test_no_offer_interrupts_a_support_chat() -> None:
    assert codes(chat_open=True) == ["timing.chat"]


def test_the_quiet_period_ends_to_the_millisecond() -> None:
    (quiet,) = found(contact=ContactHistory(quiet_until=T0 + 10 * MINUTE))
    assert (quiet.reason, quiet.until) == ("timing.quiet", T0 + 10 * MINUTE)
    assert codes(contact=ContactHistory(quiet_until=T0)) == []
