"""Binding, draining and handing on the port."""

import asyncio
import os
import socket
from functools import partial

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import tactful.transports.server.listener as listener_module
from support.raw_connections import (
    HELLO,
    RawClient,
    RecordingSessionHandler,
    eventually,
    hello_app,
    policy,
    running_listener,
    text,
    within,
)
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.listener import ListenAddress, Listener, ListenError
from tactful.transports.sessions.connection_hub import ConnectionHub

QUICK = AdmissionLimits(linger_ms=100, sweep_ms=40)
GET = b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"


def listener(app=hello_app, **place):
    reception = ConnectionHub(RecordingSessionHandler(), policy(limits=QUICK))
    return Listener(app, reception, ListenAddress(**({"port": 0} | place)))


async def test_a_free_port_is_chosen_and_named():
    async with running_listener() as door:
        assert door.port > 0


async def test_accepted_sockets_inherit_a_small_send_buffer_and_a_long_queue_is_kept():
    async with running_listener() as door:
        doubled = door.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        assert 32_768 <= doubled <= 131_072
        assert AdmissionLimits().backlog == 4_096


async def test_a_port_in_use_is_said_with_what_to_do():
    async with running_listener() as door:
        second = listener(port=door.port)
        with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{door.port}: .*--port"):
            await second.start()


async def test_a_host_that_is_not_ours_is_said():
    with pytest.raises(ListenError, match="no address of this machine"):
        await listener(host="no-such-host.invalid").start()
    with pytest.raises(ListenError, match=r"Cannot listen on 192\.0\.2\.1"):
        await listener(host="192.0.2.1").start()


async def test_before_the_start_there_is_no_port():
    with pytest.raises(ListenError, match="not been started"):
        _ = listener().port


async def test_the_conformance_echo_stays_on_this_machine():
    with pytest.raises(ListenError, match=r"127\.0\.0\.1"):
        listener(host="0.0.0.0", conformance_echo=True)  # noqa: S104 -- that is the point


async def test_an_app_that_does_not_start_keeps_the_door_shut():
    async def broken(scope, *_):
        if scope["type"] == "lifespan":
            raise RuntimeError("no database")

    app = Starlette(lifespan=None)
    app.router.lifespan_context = lambda _: Broken()
    with pytest.raises(ListenError, match="did not start"):
        await listener(app).start()


class Broken:
    async def __aenter__(self):
        raise RuntimeError("no database")

    async def __aexit__(self, *_):
        pass


async def test_the_app_starts_before_the_door_opens_and_stops_after_it_has_closed():
    story = []

    class Life:
        async def __aenter__(self):
            story.append("start")

        async def __aexit__(self, *_):
            story.append("stop")

    app = Starlette()
    app.router.lifespan_context = lambda _: Life()
    async with running_listener(app=app) as door:
        assert story == ["start"]
        async with RawClient.connect(door.port) as peer:
            await peer.greet()
    assert story == ["start", "stop"]


async def test_draining_tells_everybody_when_to_come_back_and_waits_for_them_to_go():
    async with running_listener(limits=QUICK) as door, RawClient.connect(door.port) as peer:
        await peer.greet()
        draining = asyncio.ensure_future(door.drain(spread_s=10, notice_s=10))
        assert await peer.message() == {"t": "bye", "code": 1001, "retry": 1}
        await peer.send(text({"t": "view", "sku": "still served", "n": 1}))
        assert await peer.message() == {"t": "ack", "n": 1}
        assert not draining.done()
        peer.writer.close()
        await within(draining)


async def test_who_does_not_go_in_time_is_closed_with_going_away():
    async with running_listener(limits=QUICK) as door, RawClient.connect(door.port) as peer:
        await peer.greet()
        await door.drain(notice_s=0.05)
        assert await peer.close_code() == 1001


async def test_a_request_in_flight_is_finished_while_draining():
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(_):
        asked.set()
        await go.wait()
        return PlainTextResponse("redeemed")

    app = Starlette(routes=[Route("/a", slow)])
    async with (
        running_listener(app=app, limits=QUICK) as door,
        RawClient.connect(door.port) as peer,
    ):
        await peer.send(GET)
        await within(asked.wait())
        draining = asyncio.ensure_future(door.drain(notice_s=0.05))
        await eventually(lambda: door.state.hub.shutting_down)
        assert not draining.done()
        go.set()
        await within(draining)
        assert (await peer.rest()).endswith(b"redeemed")


async def test_a_request_that_never_ends_does_not_hold_up_the_drain_for_ever():
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(_):
        asked.set()
        await never.wait()

    app = Starlette(routes=[Route("/a", hang)])
    async with (
        running_listener(app=app, limits=QUICK) as door,
        RawClient.connect(door.port) as peer,
    ):
        await peer.send(GET)
        await within(asked.wait())
        await within(door.drain(notice_s=0, grace_s=0.05))
        assert door._state.tasks


async def test_who_comes_in_while_everybody_leaves_is_served_and_told_when_to_come_back():
    async with running_listener(limits=QUICK) as door, RawClient.connect(door.port) as early:
        async with RawClient.connect(door.port) as peer:
            await peer.greet()
            draining = asyncio.ensure_future(door.drain(notice_s=10))
            assert (await peer.message())["t"] == "bye"
            await early.greet()
            assert (await early.message())["t"] == "bye"
        early.writer.close()
        await within(draining)


async def test_who_was_let_in_and_is_about_to_ask_is_heard_before_the_end(monkeypatch):
    monkeypatch.setattr(listener_module, "PENDING_HEAD_MS", 60_000)
    async with running_listener(limits=QUICK) as door, RawClient.connect(door.port) as peer:
        await eventually(lambda: door.state.pending_heads)
        draining = asyncio.ensure_future(door.drain(notice_s=0))
        await eventually(lambda: door.state.hub.shutting_down)
        await peer.send(GET)
        await within(draining)
        assert (await peer.head())[0] == 200
        assert not door.state.pending_heads


async def test_who_has_only_opened_a_line_is_not_waited_for():
    async with running_listener(limits=QUICK) as door, RawClient.connect(door.port):
        await eventually(lambda: door.state.pending_heads)
        await within(door.drain(notice_s=0))
        assert door.state.hub.closed


async def test_who_waits_in_a_queue_that_was_handed_to_us_is_left_to_the_next_server():
    with socket.create_server(("127.0.0.1", 0)) as kept:
        door = listener(inherited=os.dup(kept.fileno()))
        await door.start()
        with socket.create_connection(kept.getsockname()) as waiting:
            waiting.sendall(GET)
            await door.drain(notice_s=0)
            await door.close()
            successor = listener(inherited=os.dup(kept.fileno()))
            await successor.start()
            waiting.setblocking(False)
            answer = await within(asyncio.get_running_loop().sock_recv(waiting, 65_536))
            assert answer.startswith(b"HTTP/1.1 200")
            await successor.close()


async def test_who_comes_to_a_shared_port_while_its_next_server_still_starts_waits_for_it():
    go = asyncio.Event()

    class Starting:
        async def __aenter__(self):
            await go.wait()

        async def __aexit__(self, *_):
            pass

    app = Starlette(routes=[Route("/a", lambda _: PlainTextResponse("here"))])
    app.router.lifespan_context = lambda _: Starting()
    door = listener(app, shared_port=True)
    starting = asyncio.ensure_future(door.start())
    await eventually(lambda: door._socket is not None)
    async with RawClient.connect(door.port) as peer:
        await peer.send(GET)
        go.set()
        await within(starting)
        assert (await peer.head())[0] == 200
    await door.close()


async def test_a_drained_door_refuses_further_connections():
    async with running_listener(limits=QUICK) as door:
        port = door.port
        await door.drain(notice_s=0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_who_has_knocked_before_the_drain_is_still_let_in():
    async with running_listener(limits=QUICK) as door:
        with socket.create_connection(("127.0.0.1", door.port)) as early:
            early.sendall(GET)
            await door.drain(notice_s=5)
            early.setblocking(False)
            answer = await within(asyncio.get_running_loop().sock_recv(early, 65_536))
            assert answer.startswith(b"HTTP/1.1 200")


async def call_until(done, port, served):
    """Ask one thing after the other on new connections; a refusal is an error."""
    while not done.is_set():
        async with RawClient.connect(port) as peer:
            await peer.send(GET)
            assert (await peer.head())[0] == 200
            served.append(port)


@pytest.mark.parametrize("way", ["inherited", "shared_port"])
async def test_a_restart_refuses_nobody(way):
    shared = {"shared_port": True} if way == "shared_port" else {}
    door = listener(**shared)
    await door.start()
    port, done, served = door.port, asyncio.Event(), []
    callers = [asyncio.ensure_future(call_until(done, port, served)) for _ in range(4)]
    for restarts in range(1, 6):
        await eventually(partial(reached, served, restarts * 50))
        place = shared or {"inherited": os.dup(door.socket.fileno())}
        successor = listener(port=port, **place)
        await successor.start()
        await door.drain(notice_s=0.05)
        await door.close()
        door = successor
    done.set()
    await within(asyncio.gather(*callers))
    await door.close()


def reached(things, number):
    return len(things) >= number


async def test_closing_ends_sessions_requests_and_idle_connections():
    never = asyncio.Event()

    async def hang(_):
        await never.wait()

    app = Starlette(routes=[Route("/a", hang)])
    desk = RecordingSessionHandler()
    async with running_listener(desk, app=app, limits=QUICK) as door:
        async with RawClient.connect(door.port) as session, RawClient.connect(door.port) as request:
            await session.open()
            await session.send(text(HELLO))
            await session.message()
            await request.send(GET)
            await eventually(lambda: door._state.tasks)
            await door.close()
            assert await session.close_code() == 1001
            await request.rest()
        await eventually(lambda: desk.named("closed"))


async def test_several_listeners_in_one_process_share_nothing():
    async with (
        running_listener() as one,
        running_listener() as other,
        RawClient.connect(one.port) as peer,
    ):
        await peer.greet()
        assert len(one.state.hub.connections) == 1
        assert not other.state.hub.connections


def test_a_place_can_be_read_from_configuration():
    assert msgspec.convert({"host": "127.0.0.1", "port": 0}, ListenAddress) == ListenAddress(port=0)
