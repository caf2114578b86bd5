"""The slot of a connection in the shared state of a listener."""

from typing import Any

from support.raw_connections import RecordingSessionHandler, policy
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_protocol import HttpProtocol
from tactful.transports.server.server_state import ConnectionSlot, ListenerState
from tactful.transports.sessions.connection_hub import ConnectionHub


class Holder:
    def tick(self, now: int) -> None:
        pass

    def abort(self) -> None:
        pass


class Clock:
    def __init__(self) -> None:
        self.now = 10_000

    def __call__(self) -> int:
        return self.now


def no_http() -> HttpProtocol:
    raise AssertionError("no connection speaks HTTP here")


def new_state(clock: Clock | None = None, **limits: Any) -> ListenerState:
    hub = ConnectionHub(
        RecordingSessionHandler(), policy(limits=AdmissionLimits(**limits)), clock or Clock()
    )
    return ListenerState(hub, no_http)


async def test_a_slot_is_counted_checked_for_deadlines_and_charged_to_its_address() -> None:
    state, holder = new_state(per_address=1), Holder()
    state.admission.count_in()
    slot = ConnectionSlot(state, holder)
    assert slot.claim_address("192.0.2.1")
    assert state.deadlines.watched() == [holder]
    assert not state.idle.is_set()
    assert not ConnectionSlot(state, Holder()).claim_address("192.0.2.1")


async def test_a_closed_connection_gives_everything_back() -> None:
    state, holder = new_state(), Holder()
    state.admission.count_in()
    slot = ConnectionSlot(state, holder)
    slot.claim_address("192.0.2.1")
    slot.release(holder)
    assert state.admission.connections == 0
    assert state.admission.address_count == 0
    assert state.deadlines.watched() == []
    assert state.idle.is_set()


async def test_a_slot_is_transferred_to_another_holder() -> None:
    state, first, second = new_state(), Holder(), Holder()
    state.admission.count_in()
    slot = ConnectionSlot(state, first)
    slot.transfer(first, second)
    assert state.deadlines.watched() == [second]
    slot.release(second)
    assert state.deadlines.watched() == []


async def test_a_connection_without_a_request_is_pending_for_a_while() -> None:
    clock = Clock()
    state = new_state(clock)
    state.pending_heads[Holder()] = clock.now
    clock.now += 999
    assert state.has_pending_head(1_000)
    clock.now += 1
    assert not state.has_pending_head(1_000)
