"""Knocks that the kernel does not pass on."""

import asyncio
import socket

import pytest

from support.raw_connections import RawClient, eventually, running_listener
from tactful.transports.admission.kernel_filter import BARRED_MS, MOST, KernelFilter, program
from tactful.transports.admission.limits import AdmissionLimits

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "SO_REUSEPORT") or not hasattr(socket, "AF_PACKET"), reason="Linux only"
)
BARRED, NEIGHBOUR = "127.0.0.2", "127.0.0.3"
MAPPED = "::ffff:127.0.0.2"


def knocks(port, source, family=socket.AF_INET, host="127.0.0.1"):
    """Whether a knock is heard; the kernel answers on loopback at once or not at all."""
    with socket.socket(family) as peer:
        peer.settimeout(0.05)
        peer.bind((source, 0))
        try:
            peer.connect((host, port))
        except TimeoutError:
            return False
        return True


def heard(listening, *sources, **options):
    port = listening.getsockname()[1]
    return [knocks(port, source, **options) for source in sources]


def test_a_barred_address_is_not_heard_and_its_neighbours_are():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        barrier = KernelFilter(listening)
        barrier.bar(BARRED, 0)
        assert heard(listening, BARRED, NEIGHBOUR) == [False, True]


def test_it_is_heard_again_when_its_time_is_over():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        barrier = KernelFilter(listening)
        barrier.bar(BARRED, 0)
        barrier.bar(NEIGHBOUR, 1)
        barrier.look(BARRED_MS - 1)
        assert heard(listening, BARRED, NEIGHBOUR) == [False, False]
        barrier.look(BARRED_MS)
        assert heard(listening, BARRED, NEIGHBOUR) == [True, False]
        barrier.look(BARRED_MS + 1)
        assert heard(listening, BARRED, NEIGHBOUR) == [True, True]


def test_a_socket_that_was_handed_on_hears_everybody():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        KernelFilter(listening).bar(BARRED, 0)
        KernelFilter(listening)
        assert heard(listening, BARRED) == [True]


def test_there_is_room_for_so_many_and_the_filter_stays_small():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        barrier = KernelFilter(listening)
        for number in range(2 * MOST):
            barrier.bar(f"10.0.0.{number}", 0)
        barrier.bar("10.0.0.0", 5)
        assert len(barrier) == MOST
        assert heard(listening, NEIGHBOUR) == [True]
        barrier.look(BARRED_MS)
        assert len(barrier) == 0
    assert len(program([f"2001:db8:{n:x}::" for n in range(MOST)])) < 250, "jumps are of one byte"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_an_address_of_the_newer_kind_is_barred_with_its_neighbourhood():
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listening:
        barrier = KernelFilter(listening)
        barrier.bar("::", 0)  # the /64 of ::1
        six = {"family": socket.AF_INET6, "host": "::1"}
        assert heard(listening, "::1", **six) == [False]
        assert heard(listening, BARRED) == [True]
        barrier.bar(BARRED, 0)
        assert heard(listening, BARRED, NEIGHBOUR) == [False, True]
        barrier.look(BARRED_MS)
        assert heard(listening, "::1", **six) == [True]


async def test_who_knocks_without_end_is_told_why_then_dropped_then_not_heard():
    limits = AdmissionLimits(request_burst=4, requests_per_s=1, linger_ms=100, sweep_ms=40)
    async with (
        running_listener(limits=limits) as door,
        RawClient.connect(door.port, NEIGHBOUR) as stays,
    ):
        await stays.greet()
        told = []
        for _ in range(5):
            async with RawClient.connect(door.port, BARRED) as peer:
                told.append(await peer.rest() if len(told) == 4 else b"")
        assert b" 429 Too Many Requests" in told[-1]
        assert b"address.hurried" in told[-1]
        reception = door.state.hub

        def flooded():
            with socket.socket() as peer:
                peer.setblocking(False)
                peer.bind((BARRED, 0))
                peer.connect_ex(("127.0.0.1", door.port))
            return len(door.state.barrier) > 0

        await eventually(flooded)
        assert reception.rejections["address.hurried"] >= 17
        assert not await asyncio.to_thread(knocks, door.port, BARRED)
        assert await asyncio.to_thread(knocks, door.port, NEIGHBOUR)
