"""The seat that each connection holds."""

from support.raw_connections import RecordingSessionHandler, policy
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.server_state import ConnectionSlot, ListenerState
from tactful.transports.sessions.connection_hub import ConnectionHub


class Holder:
    def tick(self, now):
        pass

    def abort(self):
        pass


def house(**limits):
    return ListenerState(
        ConnectionHub(RecordingSessionHandler(), policy(limits=AdmissionLimits(**limits))),
        http=None,
    )


async def test_a_seat_is_counted_swept_and_charged_to_its_address():
    rooms, holder = house(per_address=1), Holder()
    rooms.admission.count_in()
    seat = ConnectionSlot(rooms, holder)
    assert seat.claim_address("192.0.2.1")
    assert rooms.deadlines.watched() == [holder]
    assert not ConnectionSlot(rooms, Holder()).claim_address("192.0.2.1")


async def test_who_leaves_gives_everything_back():
    rooms, holder = house(), Holder()
    rooms.admission.count_in()
    seat = ConnectionSlot(rooms, holder)
    seat.claim_address("192.0.2.1")
    seat.release(holder)
    assert rooms.admission.connections == 0
    assert rooms.admission.address_count == 0
    assert rooms.deadlines.watched() == []


async def test_a_seat_passes_from_one_holder_to_the_next():
    rooms, first, second = house(), Holder(), Holder()
    rooms.admission.count_in()
    seat = ConnectionSlot(rooms, first)
    seat.transfer(first, second)
    assert rooms.deadlines.watched() == [second]
    seat.release(second)
    assert rooms.deadlines.watched() == []
