"""The sweep settles what no request settles any more."""

import pytest

from support.bridge_parts import Bridge, hold_request
from tactful_bridge.attempts import AttemptState
from tactful_bridge.checkout import HOLD_S
from tactful_bridge.sweep import YOUNG_MS, OrderState


def held(order: str = "o1") -> Bridge:
    bridge = Bridge()
    bridge.checkout.hold(hold_request(order))
    return bridge


def state_of(bridge: Bridge) -> AttemptState:
    attempt = bridge.store.latest_attempt("o1")
    assert attempt is not None
    return attempt.state


def at_server(bridge: Bridge) -> list[str]:
    bridge.server.live()
    return [one.state for one in bridge.server.redemptions]


def test_a_hold_of_a_placed_order_is_confirmed() -> None:
    bridge = held()
    bridge.orders.states["o1"] = OrderState.PLACED
    assert bridge.sweep.run().confirmed == 1
    assert at_server(bridge) == ["redeemed"]


def test_a_hold_of_an_order_that_was_placed_without_the_offer_is_released() -> None:
    bridge = held()
    bridge.orders.states["o1"] = OrderState.PLACED
    bridge.orders.without_offers.add("o1")
    assert bridge.sweep.run().released == 1
    assert at_server(bridge) == ["cancelled"]


@pytest.mark.parametrize("state", [OrderState.ABANDONED, OrderState.CANCELLED])
def test_a_hold_whose_shopper_went_back_is_released(state: OrderState) -> None:
    bridge = held()
    bridge.orders.states["o1"] = state
    assert bridge.sweep.run().released == 1
    assert at_server(bridge) == ["cancelled"]


def test_a_hold_under_payment_is_left_alone_until_it_lapses() -> None:
    bridge = held()
    bridge.orders.states["o1"] = OrderState.PENDING
    assert bridge.sweep.run().lapsed == 0
    assert state_of(bridge) == AttemptState.HELD
    bridge.server.now += HOLD_S * 1000
    assert bridge.sweep.run().lapsed == 1
    assert state_of(bridge) == AttemptState.LAPSED
    assert at_server(bridge) == ["lapsed"]


def test_a_hold_of_another_system_of_the_same_server_is_left_alone() -> None:
    bridge = Bridge(held("theirs").server)
    bridge.server.now += YOUNG_MS
    assert bridge.sweep.run().strays == 0
    assert at_server(bridge) == ["held"]


def test_a_hold_that_the_table_lost_is_settled_by_the_order() -> None:
    for state, wanted in [
        (OrderState.PLACED, "redeemed"),
        (OrderState.ABANDONED, "cancelled"),
        (OrderState.PENDING, "held"),
    ]:
        bridge = Bridge(held().server)
        bridge.orders.states["o1"] = state
        bridge.server.now += YOUNG_MS - 1_000
        bridge.sweep.run()
        assert at_server(bridge) == ["held"], "its row may not be committed yet"
        bridge.server.now += 1_000
        bridge.sweep.run()
        assert at_server(bridge) == [wanted]


def test_a_hold_that_arrived_after_its_cancellation_is_released() -> None:
    bridge = Bridge()
    bridge.server.faults.extend(["lost_request"] * 10 + ["late"])
    with pytest.raises(Exception, match="lost request"):
        bridge.checkout.hold(hold_request())
    bridge.server.faults.clear()
    bridge.server.faults.append("late")
    with pytest.raises(Exception, match="late"):
        bridge.client.ask("POST", "/v1/redemptions", hold_request().body(1), patience=0)
    bridge.checkout.release("o1")
    bridge.delivery.deliver()
    assert at_server(bridge) == ["held"]
    bridge.orders.states["o1"] = OrderState.ABANDONED
    bridge.server.now += YOUNG_MS
    assert bridge.sweep.run().strays == 1
    assert at_server(bridge) == ["cancelled"]


def test_a_lost_confirmation_is_made_up_for_when_the_hold_is_found() -> None:
    bridge = held()
    bridge.checkout.release("o1")
    bridge.checkout.placed("o1", uses_offers=True)
    assert state_of(bridge) == AttemptState.LOST
    bridge.store.waiting.clear()
    bridge.server.now += YOUNG_MS
    bridge.orders.states["o1"] = OrderState.PLACED
    assert bridge.sweep.run().strays == 1
    assert at_server(bridge) == ["redeemed"]
    assert state_of(bridge) == AttemptState.CONFIRMED


def test_rows_without_a_number_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = held()
    monkeypatch.setattr(
        bridge.client, "redemptions", lambda **_: [{"order": "o1", "attempt": None}]
    )
    assert bridge.sweep.run().strays == 0


def test_a_server_that_is_away_is_named_and_the_rest_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bridge = held()
    bridge.orders.states["o1"] = OrderState.ABANDONED
    bridge.server.faults.extend(["broken"] * 20)
    report = bridge.sweep.run()
    assert "status 500" in report.failure
    assert report.released == 1
    assert report.delivery.waiting == 1
    assert "cannot be compared" in caplog.text
