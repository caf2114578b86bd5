"""The state machine of a checkout, beside a model of the server."""

from dataclasses import replace

import pytest

from support.bridge_parts import Bridge, hold_request
from support.redemption_model import instant
from tactful_bridge.attempts import AttemptState
from tactful_bridge.checkout import HOLD_S, HoldLine, HoldRequest, until_of
from tactful_bridge.errors import OutcomeUnknownError, RefusedError


def states(bridge: Bridge) -> list[tuple[int, str]]:
    """(attempt, state) of all redemptions at the server, in the order of their making."""
    bridge.server.live()
    return [(one.attempt, one.state) for one in bridge.server.redemptions]


def state_of(bridge: Bridge, order: str = "o1") -> AttemptState:
    attempt = bridge.store.latest_attempt(order)
    assert attempt is not None
    return attempt.state


def test_a_request_names_everything_that_is_charged() -> None:
    line = HoldLine(token="t", sku="RUN-42", qty=2, unit=10965, currency="EUR", line="7")
    request = HoldRequest(
        order="o1", territory="DE", lines=[line], customer="c1", session="se_1", seconds=60
    )
    assert request.body(3) == {
        "tokens": ["t"],
        "order": "o1",
        "attempt": 3,
        "hold": 60,
        "territory": "DE",
        "lines": [
            {
                "sku": "RUN-42",
                "qty": 2,
                "unit": {"amount": 10965, "currency": "EUR"},
                "line": "7",
            }
        ],
        "customer": "c1",
        "session": "se_1",
    }


def test_an_order_that_is_paid_is_held_and_confirmed() -> None:
    bridge = Bridge()
    attempt = bridge.checkout.hold(hold_request())
    assert attempt.until == bridge.server.now + HOLD_S * 1000
    assert states(bridge) == [(1, "held")]
    bridge.checkout.placed("o1", uses_offers=True)
    assert state_of(bridge) == AttemptState.CONFIRMING
    bridge.delivery.deliver()
    assert states(bridge) == [(1, "redeemed")]
    assert state_of(bridge) == AttemptState.CONFIRMED


def test_the_same_request_holds_once() -> None:
    bridge = Bridge()
    assert bridge.checkout.hold(hold_request()) == bridge.checkout.hold(hold_request())
    assert states(bridge) == [(1, "held")]


def test_a_lost_answer_is_asked_for_until_it_is_known() -> None:
    bridge = Bridge()
    bridge.server.faults.extend(["lost_answer", "busy", "broken", "lost_request"])
    bridge.checkout.hold(hold_request())
    assert states(bridge) == [(1, "held")]
    assert len(bridge.server.sent) == 5


def test_an_unknown_outcome_is_no_hold_and_is_released() -> None:
    bridge = Bridge()
    bridge.server.faults.extend(["lost_answer"] * 20)
    with pytest.raises(OutcomeUnknownError):
        bridge.checkout.hold(hold_request())
    assert state_of(bridge) == AttemptState.ASKED
    bridge.server.faults.clear()
    bridge.checkout.release("o1")
    bridge.delivery.deliver()
    assert states(bridge) == [(1, "cancelled")]
    assert state_of(bridge) == AttemptState.RELEASED


def test_a_declined_card_and_a_retry_are_two_attempts_of_one_order() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.release("o1")
    bridge.checkout.hold(hold_request())
    assert states(bridge) == [(1, "cancelled"), (2, "held")]


def test_a_second_order_with_the_same_token_is_refused() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    with pytest.raises(RefusedError, match=r"redemption\.used"):
        bridge.checkout.hold(hold_request("o2"))
    assert state_of(bridge, "o2") == AttemptState.REFUSED
    bridge.checkout.release("o1")
    bridge.delivery.deliver()
    assert bridge.checkout.hold(hold_request("o2")).number == 2


def test_changed_lines_release_what_was_held_and_hold_anew() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request("o1", "t1", "t2"))
    bridge.checkout.hold(hold_request("o1", "t2"))
    assert states(bridge) == [(1, "cancelled"), (2, "held")]


def test_nothing_is_held_while_an_earlier_release_has_not_arrived() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.release("o1")
    bridge.server.faults.extend(["lost_request"] * 20)
    with pytest.raises(OutcomeUnknownError, match="has not reached Tactful"):
        bridge.checkout.hold(hold_request())
    assert states(bridge) == [(1, "held")]


def test_an_order_that_was_placed_holds_nothing_more() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.placed("o1", uses_offers=True)
    with pytest.raises(RefusedError, match=r"order\.placed"):
        bridge.checkout.hold(hold_request())


def test_a_hold_that_ended_is_followed_by_a_new_attempt() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.server.now += HOLD_S * 1000
    assert bridge.checkout.hold(hold_request()).number == 2
    assert states(bridge) == [(1, "lapsed"), (2, "held")]


def test_a_platform_that_lost_its_table_finds_the_next_number() -> None:
    bridge = Bridge()
    for _ in range(2):
        bridge.checkout.hold(hold_request())
        bridge.checkout.release("o1")
        bridge.delivery.deliver()
    restored = Bridge(bridge.server)
    assert restored.checkout.hold(hold_request()).number == 3


def test_a_repeated_answer_about_a_hold_that_has_ended_is_no_hold() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.server.now += HOLD_S * 1000
    restored = Bridge(bridge.server)
    assert restored.checkout.hold(hold_request()).number == 2
    assert states(bridge) == [(1, "lapsed"), (2, "held")]


def test_numbers_that_are_all_taken_are_a_refusal() -> None:
    bridge = Bridge()
    for number in range(1, 5):
        bridge.server.now += HOLD_S * 1000
        bridge.client.redeem(hold_request().body(number))
        bridge.server.now += HOLD_S * 1000
    with pytest.raises(RefusedError, match=r"redemption\.lapsed"):
        bridge.checkout.hold(hold_request())


def test_a_cancelled_order_gives_back_what_it_redeemed() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.placed("o1", uses_offers=True)
    bridge.checkout.cancel("o1")
    bridge.delivery.deliver()
    assert states(bridge) == [(1, "cancelled")]
    assert state_of(bridge) == AttemptState.RELEASED
    sent = len(bridge.server.sent)
    bridge.checkout.cancel("o1")
    bridge.delivery.deliver()
    assert len(bridge.server.sent) == sent


def test_releasing_does_not_touch_an_order_that_was_placed() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.placed("o1", uses_offers=True)
    bridge.checkout.release("o1")
    bridge.delivery.deliver()
    assert states(bridge) == [(1, "redeemed")]


def test_a_late_payment_is_confirmed_after_the_hold_has_lapsed() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.server.now += HOLD_S * 1000
    bridge.checkout.placed("o1", uses_offers=True)
    bridge.delivery.deliver()
    assert states(bridge) == [(1, "redeemed")]


def test_an_order_placed_after_its_offer_was_released_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.release("o1")
    bridge.checkout.placed("o1", uses_offers=True)
    assert state_of(bridge) == AttemptState.LOST
    assert "Order o1 was placed at the price of an offer" in caplog.text


def test_an_order_placed_without_the_offer_gives_it_back() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.placed("o1", uses_offers=False)
    bridge.delivery.deliver()
    assert states(bridge) == [(1, "cancelled")]


def test_orders_without_offers_are_ignored() -> None:
    bridge = Bridge()
    bridge.checkout.placed("o9", uses_offers=False)
    bridge.checkout.release("o9")
    bridge.checkout.cancel("o9")
    bridge.checkout.refund("o9", "r1", lines=[("RUN-42", 1)])
    bridge.delivery.deliver()
    assert bridge.server.sent == []


def test_an_order_is_noted_as_placed_once() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    for _ in range(2):
        bridge.checkout.placed("o1", uses_offers=True)
    assert len(bridge.store.waiting) == 1


def test_refunds_name_lines_or_an_amount() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.placed("o1", uses_offers=True)
    bridge.checkout.refund("o1", "r1", lines=[("SKU-t1", 1)])
    bridge.checkout.refund("o1", "r2", amount=(500, "EUR"))
    bridge.delivery.deliver()
    assert list(bridge.server.refunds.values()) == [
        {"refund": "r1", "lines": [{"sku": "SKU-t1", "qty": 1}]},
        {"refund": "r2", "amount": {"amount": 500, "currency": "EUR"}},
    ]


@pytest.mark.parametrize(
    ("answer", "until"),
    [
        ({"until": instant(5_000)}, 5_000),
        ({"redemptions": [{"until": instant(9_000)}, {"until": instant(7_000)}]}, 7_000),
        ({"redemptions": [{}, None]}, 1),
        ({"until": None}, 1),
    ],
)
def test_the_end_of_a_hold_is_the_earliest_that_is_named(
    answer: dict[str, object], until: int
) -> None:
    assert until_of(answer, 1) == until


def test_an_order_at_the_price_of_an_offer_that_was_never_held_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Bridge().checkout.placed("o9", uses_offers=True)
    assert "Order o9 was placed at the price of an offer that was never held" in caplog.text


def test_an_attempt_that_has_ended_keeps_nothing_about_the_customer() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.placed("o1", uses_offers=True)
    attempt = bridge.store.latest_attempt("o1")
    assert attempt is not None
    assert attempt.request == {}


def test_a_session_that_identified_nobody_needs_no_customer() -> None:
    bridge = Bridge()
    bridge.server.anonymous.add("t1")
    request = replace(hold_request(), customer="c1")
    attempt = bridge.checkout.hold(request)
    assert "customer" not in attempt.request
    assert bridge.checkout.hold(request) == attempt
    assert states(bridge) == [(1, "held")]


def test_a_customer_is_named_where_the_session_identified_one() -> None:
    bridge = Bridge()
    attempt = bridge.checkout.hold(replace(hold_request(), customer="c1"))
    assert attempt.request["customer"] == "c1"
