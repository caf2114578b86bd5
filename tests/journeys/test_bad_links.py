"""Slow, lossy and dead links: offers arrive, live clients stay, dead ones are detected."""

import asyncio
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import pytest

from journeys.bad_links import bad_link
from journeys.fixture import CATALOGUE, rules
from journeys.raw_peers import Served
from support.live_server import LiveServer, Shopper, live_server
from support.raw_connections import (
    RawClient,
    RecordingSessionHandler,
    eventually,
    frame,
    running_listener,
    upgrade,
)
from tactful.protocol.conversation import ProtocolTiming
from tactful.transports.admission.limits import AdmissionLimits


class LinkOptions(TypedDict, total=False):
    """How bad a link is: seconds one way, bytes per second, share of packets that are sent again."""

    delay_s: float
    bytes_per_s: float
    lost: float


LOSSY: LinkOptions = {"delay_s": 0.25, "bytes_per_s": 16_000, "lost": 0.05}
MOBILE: LinkOptions = {"delay_s": 0.1, "bytes_per_s": 2_000}


async def test_on_a_lossy_link_a_shopper_gets_an_offer_and_accepts_it(tmp_path: Path) -> None:
    """5 % of the packets lost, 500 ms there and back, 16 kB a second."""
    async with live_server(tmp_path, rules()) as one, bad_link(one.listener.port, **LOSSY) as link:
        await one.facts(*CATALOGUE)
        shopper = Shopper(one)
        await shopper.connect(port=link.port)
        await shopper.view("RUN-42", 31)
        offer = await shopper.offered()
        await shopper.say("accept", offer=offer["id"])
        accepted = await shopper.expect("accepted")
        answer = await one.redeem(accepted["token"], "o1")
        assert answer.status_code == 200
        await shopper.leave()
        one.shoppers.remove(shopper)


async def test_on_a_slow_link_heartbeats_pass_and_no_client_is_dropped() -> None:
    """Twenty heartbeats at 2 kB a second, with other frames in between."""
    timing = ProtocolTiming(heartbeat_ms=150, silent_ms=3_000)
    handler = RecordingSessionHandler()
    limits = AdmissionLimits(timing=timing, sweep_ms=50, linger_ms=200)
    async with (
        running_listener(handler, limits=limits) as listener,
        bad_link(listener.port, **MOBILE) as link,
    ):
        async with RawClient.connect(link.port) as peer:
            await peer.open_session()
            for _ in range(20):
                handler.connections[0].send(b'{"t":"withdraw","seq":1,"offer":"%s"}' % (b"a" * 200))
                while (found := await peer.frame())[0] != 9:
                    pass
                await peer.send(frame(found[1], 10))
            assert not handler.named("closed")
        await eventually(lambda: not handler.connections)


async def test_a_peer_on_a_dead_link_is_detected_and_its_offers_stand_until_it_resumes(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one, bad_link(one.listener.port) as link:
        await one.facts(*CATALOGUE)
        shopper = Shopper(one)
        await shopper.connect(port=link.port)
        await shopper.view("RUN-42", 31)
        offer = await shopper.offered()
        hasten(one)
        link.die()
        await eventually(lambda: not one.parts.hub.connections)
        assert one.parts.hub.close_counts[4410] == 1
        again = Shopper(one)
        await again.connect(resume=shopper.resume)
        assert [kept["id"] for kept in again.welcome["offers"]] == [offer["id"]]
        shopper._socket.transport.abort()


def hasten(one: LiveServer) -> None:
    """Let the open connections time out within a second instead of 44."""
    for connection in one.parts.hub.connections:
        connection._conversation._timing = ProtocolTiming(heartbeat_ms=200, silent_ms=1_000)


def test_a_dead_peer_is_dropped_within_forty_five_seconds_and_one_heartbeat_may_be_lost() -> None:
    timing = AdmissionLimits().timing
    assert timing.silent_ms + AdmissionLimits().sweep_ms <= 45_000
    assert 2 * timing.heartbeat_ms <= 30_000


def shell(line: str) -> None:
    subprocess.run(line.split(), check=True, capture_output=True)


@contextmanager
def far_away() -> Iterator[tuple[str, str]]:
    """A network namespace with a cable to it: its name, which its end of the cable has too."""
    tag = uuid.uuid4()
    name, net = f"t{tag.hex[:8]}", f"10.213.{tag.int % 256}"
    cable = (
        f"ip link add {name} type veth peer name {name}p",
        f"ip link set {name} netns {name}",
        f"ip addr add {net}.1/30 dev {name}p",
        f"ip link set {name}p up",
        f"ip -n {name} addr add {net}.2/30 dev {name}",
        f"ip -n {name} link set {name} up",
        f"ip -n {name} link set lo up",
    )
    try:
        shell(f"ip netns add {name}")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespace can be made here: {error}")
    try:
        for line in cable:
            shell(line)
        yield name, f"{net}.2"
    except subprocess.CalledProcessError as error:
        pytest.skip(f"a network namespace can have no cable here: {error}")
    finally:
        shell(f"ip netns del {name}")


needs_namespaces = pytest.mark.skipif(
    shutil.which("ip") is None, reason="a network namespace needs iproute2 and root"
)


@needs_namespaces
async def test_a_pulled_cable_leaves_no_connection_behind(tmp_path: Path) -> None:
    """Half-open TCP: sessions, an HTTP stream and half a request head, and no further packet."""
    with far_away() as (name, address):
        server = Served(
            tmp_path / "log", within=("ip", "netns", "exec", name), host=address, head_ms=400,
            linger_ms=200, sweep_ms=50, stalled_ms=500,
            timing={"hello_ms": 500, "heartbeat_ms": 100, "silent_ms": 500},
        )  # fmt: skip
        sent = (upgrade(), upgrade()[:40], b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            peers = [await asyncio.open_connection(address, server.port) for _ in sent * 5]
            for (_, writer), data in zip(peers, sent * 5, strict=True):
                writer.write(data)
                await writer.drain()
            await eventually(lambda: server.descriptors() > server.descriptors_at_start)
            shell(f"ip -n {name} link set {name} down")
            await eventually(lambda: server.descriptors() <= server.descriptors_at_start, 30)
            for _, writer in peers:
                writer.transport.abort()
        finally:
            server.stop()
        assert "Traceback" not in server.log.read_text()
