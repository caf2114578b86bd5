"""Random histories of a shop with faults and crashes: every offer is honoured at most once."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from support.bridge_parts import Bridge, hold_request
from support.redemption_model import FAULTS, KilledError
from tactful_bridge.attempts import Attempt, AttemptState
from tactful_bridge.checkout import HOLD_S, Checkout, HoldRequest
from tactful_bridge.delivery import Delivery, DeliveryReport
from tactful_bridge.errors import BridgeError
from tactful_bridge.store import OutboxEntry
from tactful_bridge.sweep import OrderState

ORDERS = ("o1", "o2", "o3")
TOKENS = ("t1", "t2")
STEPS = ("checkout", "pay", "decline", "leave", "back", "cancel", "deliver", "sweep", "wait")


@dataclass
class Shop:
    """A platform that holds before the payment, and places an order only when it holds its offers."""

    bridge: Bridge

    def take(self, step: str, order: str, tokens: tuple[str, ...], wait: int) -> None:
        """One step of a shopper, the shop's staff or its jobs; it may fail or be killed."""
        states, checkout = self.bridge.orders.states, self.bridge.checkout
        state = states.get(order, OrderState.UNKNOWN)
        is_open = state not in {OrderState.PLACED, OrderState.CANCELLED}
        if step == "checkout" and is_open:
            states[order] = OrderState.ABANDONED
            checkout.hold(hold_request(order, *tokens))
            states[order] = OrderState.PENDING
        elif step == "pay" and state == OrderState.PENDING:
            states[order] = OrderState.PLACED
            checkout.placed(order, uses_offers=True)
        elif step in {"decline", "back"} and state == OrderState.PENDING:
            states[order] = OrderState.ABANDONED
            checkout.release(order)
        elif step == "cancel" and state == OrderState.PLACED:
            states[order] = OrderState.CANCELLED
            checkout.cancel(order)
        elif step == "deliver":
            self.bridge.delivery.deliver()
        elif step == "sweep":
            self.bridge.sweep.run()
        elif step == "wait":
            self.bridge.server.now += wait * 1000

    def settle(self) -> None:
        """Everything works again, and the jobs run as long as they would in two days."""
        self.bridge.server.faults.clear()
        for _ in range(5):
            self.bridge.server.now += HOLD_S * 1000
            self.bridge.sweep.run()
        self.bridge.server.now += 86_400_000
        self.bridge.sweep.run()


History = list[tuple[str, str, tuple[str, ...], int, list[str]]]
HISTORIES: st.SearchStrategy[History] = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.sampled_from(ORDERS),
        st.sampled_from([("t1",), ("t2",), ("t1", "t2")]),
        st.sampled_from([1, 60, HOLD_S]),
        st.lists(st.sampled_from(("", *FAULTS)), max_size=3),
    ),
    max_size=25,
)


def play(history: History) -> None:
    """Play a history; at every instant an offer has at most one live redemption."""
    bridge = Bridge()
    shop = Shop(bridge)
    for step, order, tokens, wait, faults in history:
        bridge.server.faults.clear()
        bridge.server.faults.extend(faults)
        with suppress(BridgeError, KilledError):
            shop.take(step, order, tokens, wait)
        live = [token for one in bridge.server.live() for token in one.tokens]
        assert len(live) == len(set(live))
    shop.settle()
    check(bridge)


@settings(max_examples=400)
@given(history=HISTORIES)
def test_every_offer_is_honoured_at_most_once_and_nothing_stays_undecided(
    history: History,
) -> None:
    play(history)


def _forgets_to_release(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Checkout, "release", lambda *_: None)


def _forgets_to_confirm(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Checkout, "placed", lambda *_, **__: None)


def _takes_silence_for_a_refusal(patch: pytest.MonkeyPatch) -> None:
    def finish(self: Delivery, entry: OutboxEntry, report: DeliveryReport, why: str) -> None:
        self._store.finish(entry, None, why)

    patch.setattr(Delivery, "_postpone", finish)


def _counts_attempts_in_memory(patch: pytest.MonkeyPatch) -> None:
    def request(self: Checkout, request: HoldRequest, number: int) -> Attempt:
        self._client.redeem(request.body(number))
        at = request.seconds * 1000 + self._clock()
        return Attempt(
            order=request.order, number=number, state=AttemptState.HELD, request={}, until=at
        )

    patch.setattr(Checkout, "_ask", request)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "broken",
    [
        _forgets_to_release,
        _forgets_to_confirm,
        _takes_silence_for_a_refusal,
        _counts_attempts_in_memory,
    ],
)
def test_the_histories_find_a_broken_bridge(
    broken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)

    def fails(history: History) -> bool:
        try:
            play(history)
        except AssertionError:
            return True
        return False

    assert find(HISTORIES, fails, settings=settings(max_examples=2_000, phases=[Phase.generate]))


def check(bridge: Bridge) -> None:
    """After the last sweep, platform and Tactful agree on every order."""
    assert bridge.store.waiting == {}
    assert bridge.store.open_attempts() == []
    redeemed = {one.order for one in bridge.server.live()}
    assert all(one.state == "redeemed" for one in bridge.server.live())
    for order, state in bridge.orders.states.items():
        attempt = bridge.store.latest_attempt(order)
        if state == OrderState.PLACED:
            # Lost: the payment ended after its hold, and another order had used an offer by then.
            assert attempt is not None
            assert attempt.state in {AttemptState.CONFIRMED, AttemptState.LOST}
            assert (order in redeemed) == (attempt.state == AttemptState.CONFIRMED)
        else:
            assert order not in redeemed
