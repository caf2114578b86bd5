"""The earliest instant at which a rule could push an offer, against the decision itself."""

from typing import Any

import pytest

from support.builders import SECOND, T0, context, rule, session
from tactful.core.decide import decide
from tactful.core.decision import Decision, PushOffer
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY, NOW
from tactful.core.session import signals
from tactful.core.session.pacing import earliest_push_at


def turn(signal: signals.Signal, **fields: Any) -> Decision:
    return decide(context(rule("R1"), signal=signal, **fields))


@pytest.mark.parametrize("focus", ["RUN-42", None])
@pytest.mark.parametrize("dwelt", [0, 29_999, 30_000])
@pytest.mark.parametrize("running", [None, T0 - 1, T0 - 30_000])
@pytest.mark.parametrize("page", ["product", "cart"])
@pytest.mark.parametrize("calm", [0, 2_999, 3_000])
def test_before_the_earliest_push_no_rule_could_have_pushed(
    focus: str | None, dwelt: int, running: int | None, page: Any, calm: int
) -> None:
    here = session(
        focus=focus,
        dwell_before_ms=dwelt,
        running_since=running,
        page=page,
        last_input=T0 - calm,
        cart=(signals.CartLine("RUN-42", 1),),
    )
    decision = turn(signals.TimerFired(), session=here)
    pushed = [one for one in decision.effects if isinstance(one, PushOffer)]
    if earliest_push_at(here, Policy()) > T0:
        assert pushed == []
        assert decision.trace.verdicts == ()
    elif pushed == []:
        assert {one.reason for one in decision.trace.verdicts} <= {"timing.wait"}


def test_a_hidden_page_waits_for_a_signal_and_a_rescue_for_nothing() -> None:
    assert earliest_push_at(session(tabs=()), Policy()) == NEEDS_ACTIVITY
    assert earliest_push_at(session(rescue=True, last_input=T0), Policy()) == NOW
    assert earliest_push_at(session(focus=None), Policy()) == NEEDS_ACTIVITY


def test_the_later_of_engaged_time_and_pause_is_the_earliest_push() -> None:
    here = session(running_since=T0 - 10 * SECOND, last_input=T0 - SECOND)
    assert earliest_push_at(here, Policy()) == T0 + 20 * SECOND
    typing = session(running_since=T0 - 29 * SECOND, last_input=T0)
    assert earliest_push_at(typing, Policy()) == T0 + 3 * SECOND


def test_stopped_engaged_time_waits_for_a_signal() -> None:
    assert earliest_push_at(session(running_since=None), Policy()) == NEEDS_ACTIVITY
