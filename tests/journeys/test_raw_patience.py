"""Clients that are slow, never read, disconnect at any byte or arrive in crowds."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from journeys.raw_peers import VIEW, Served, reluctant, request, serving, table
from support.raw_connections import HELLO, RawClient, eventually, frame, text, upgrade, within

WAITING = [
    ("nothing is sent", [], b""),
    ("half a head is sent", [upgrade()[:60]], b"HTTP/1.1 408"),
    ("a head drips", [bytes((byte,)) for byte in upgrade()[:60]], b"HTTP/1.1 408"),
    ("half a head of plain HTTP is sent", [b"GET / HTTP/1.1\r\nHost: loc"], b"HTTP/1.1 408"),
    ("a body never comes", [request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: 9")], b"HTTP/1.1 408"),
    ("a body drips", [request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: 99"), *[b"a"] * 20], b"HTTP/1.1 408"),
    ("no hello comes", [upgrade()], b"No hello in time"),
    ("half a hello comes", [upgrade(), text(HELLO)[:20]], b"No hello in time"),
    ("nothing is heard after hello", [upgrade() + text(HELLO)], b"Nothing was received"),
]  # fmt: skip


@table(WAITING)
async def test_a_client_that_makes_the_server_wait_is_disconnected(
    strict_server: Served, sent: list[bytes], expected: bytes
) -> None:
    async with RawClient.connect(strict_server.port) as peer:
        reading = asyncio.ensure_future(peer.rest())
        with suppress(ConnectionError):
            for piece in sent:
                await peer.send(piece)
                await asyncio.wait({reading}, timeout=0.01)
        found = await reading
        assert expected in found
        assert expected or not found


async def test_a_client_that_answers_heartbeats_stays_connected(strict_server: Served) -> None:
    async with RawClient.connect(strict_server.port) as peer:
        await peer.open_session()
        beats = 0
        while beats < 10:
            opcode, payload = await peer.frame()
            if opcode == 9:
                await peer.send(frame(payload, 10))
            else:
                assert payload == b'{"t":"heartbeat"}'
                beats += 1


async def test_a_client_that_never_reads_is_dropped_and_costs_a_bounded_buffer(
    server: Served,
) -> None:
    before = server.rss_kib()
    peers = [reluctant(server.port) for _ in range(50)]
    try:
        for peer in peers:
            peer.sendall(upgrade() + text(HELLO))

        def all_are_dropped() -> bool:
            ask_all(peers)
            return server.descriptors() <= server.descriptors_at_start

        await eventually(all_are_dropped)
        assert server.rss_kib() - before < 50 * 200 + 4_096
    finally:
        for peer in peers:
            peer.close()


def ask_all(peers: list[socket.socket]) -> None:
    """Have each ask for more than it will ever read; some may have been dropped already."""
    for peer in peers:
        with suppress(OSError):
            peer.send(text({"t": "view", "sku": "flood"}), socket.MSG_DONTWAIT)


async def write_for_ever(loop: Any, peer: socket.socket, data: bytes) -> None:
    while True:
        await loop.sock_sendall(peer, data)


async def test_a_client_that_pings_and_never_reads_is_dropped(server: Served) -> None:
    with reluctant(server.port) as peer:
        peer.sendall(upgrade())
        peer.setblocking(False)
        loop = asyncio.get_running_loop()
        with pytest.raises(ConnectionError):
            await within(write_for_ever(loop, peer, frame(b"a" * 125, 9) * 50))


async def test_a_client_that_disconnects_at_any_byte_leaves_nothing_behind(server: Served) -> None:
    pieces = upgrade() + text(HELLO) + frame(b"{", 1, fin=False) + text(VIEW)[:5]
    for cut in range(0, len(pieces), 7):
        async with RawClient.connect(server.port) as peer:
            await peer.send(pieces[:cut])
            if cut % 2:
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # close with a reset
                peer.writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
    await eventually(lambda: server.descriptors() <= server.descriptors_at_start)


async def test_without_descriptors_the_listener_neither_spins_nor_fails(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """While more clients connect than descriptors allow, heartbeats continue and nothing spins."""
    with serving(
        tmp_path_factory, "poor", descriptors="100", linger_ms=300, sweep_ms=80,
        timing={"heartbeat_ms": 80},
    ) as server:  # fmt: skip
        async with AsyncExitStack() as stack:
            crowd = [
                await stack.enter_async_context(RawClient.connect(server.port)) for _ in range(150)
            ]
            for peer in crowd[:40]:
                await peer.open_session()
            before, began = server.cpu_seconds(), time.monotonic()
            while time.monotonic() - began < 1:
                await crowd[0].frame()
            assert server.cpu_seconds() - before < (time.monotonic() - began) / 2
            await crowd[0].send(text(VIEW))
            while (found := await crowd[0].frame())[0] != 1 or b"heartbeat" in found[1]:
                pass
            assert b"withdraw" in found[1]
        await eventually(lambda: server.descriptors() <= server.descriptors_at_start)
        async with RawClient.connect(server.port) as peer:
            await peer.open_session()
