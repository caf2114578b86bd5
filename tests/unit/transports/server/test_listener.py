"""Binding, draining and handing on the port."""

import asyncio
import os
import socket
from functools import partial
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
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


def new_listener(app: Any = hello_app, **place: Any) -> Listener:
    hub = ConnectionHub(RecordingSessionHandler(), policy(limits=QUICK))
    return Listener(app, hub, ListenAddress(**({"port": 0} | place)))


async def test_a_free_port_is_chosen_and_named() -> None:
    async with running_listener() as listener:
        assert listener.port > 0


async def test_accepted_sockets_inherit_a_small_send_buffer_and_a_long_queue_is_kept() -> None:
    async with running_listener() as listener:
        doubled = listener.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        assert 32_768 <= doubled <= 131_072
        assert AdmissionLimits().backlog == 4_096


async def test_a_port_in_use_is_reported_with_what_to_do() -> None:
    async with running_listener() as listener:
        second = new_listener(port=listener.port)
        with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{listener.port}: .*--port"):
            await second.start()


async def test_a_host_of_another_machine_is_reported() -> None:
    with pytest.raises(ListenError, match="no address of this machine"):
        await new_listener(host="no-such-host.invalid").start()
    with pytest.raises(ListenError, match=r"Cannot listen on 192\.0\.2\.1"):
        await new_listener(host="192.0.2.1").start()


async def test_before_the_start_there_is_no_port() -> None:
    with pytest.raises(ListenError, match="not been started"):
        _ = new_listener().port


async def test_the_conformance_echo_stays_on_this_machine() -> None:
    with pytest.raises(ListenError, match=r"127\.0\.0\.1"):
        new_listener(host="0.0.0.0", conformance_echo=True)  # noqa: S104 -- that is the point


async def test_an_application_that_does_not_start_keeps_the_port_closed() -> None:
    async def broken(scope: Any, *_: Any) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("no database")

    app = Starlette(lifespan=None)
    app.router.lifespan_context = lambda _: Broken()
    with pytest.raises(ListenError, match="did not start"):
        await new_listener(app).start()


class Broken:
    async def __aenter__(self) -> None:
        raise RuntimeError("no database")

    async def __aexit__(self, *_: object) -> None:
        pass


async def test_the_application_starts_before_the_port_opens_and_stops_after_it_has_closed() -> None:
    story = []

    class Life:
        async def __aenter__(self) -> None:
            story.append("start")

        async def __aexit__(self, *_: object) -> None:
            story.append("stop")

    app = Starlette()
    app.router.lifespan_context = lambda _: Life()
    async with running_listener(app=app) as listener:
        assert story == ["start"]
        async with RawClient.connect(listener.port) as peer:
            await peer.open_session()
    assert story == ["start", "stop"]


async def test_draining_sends_bye_and_waits_for_clients_to_leave() -> None:
    async with running_listener(limits=QUICK) as listener, RawClient.connect(listener.port) as peer:
        await peer.open_session()
        draining = asyncio.ensure_future(listener.drain(spread_s=10, notice_s=10))
        assert await peer.message() == {"t": "bye", "code": 1001, "retry": 1}
        await peer.send(text({"t": "view", "sku": "still served", "n": 1}))
        assert await peer.message() == {"t": "ack", "n": 1}
        assert not draining.done()
        peer.writer.close()
        await within(draining)


async def test_a_client_that_does_not_leave_in_time_is_closed_with_going_away() -> None:
    async with running_listener(limits=QUICK) as listener, RawClient.connect(listener.port) as peer:
        await peer.open_session()
        await listener.drain(notice_s=0.05)
        assert await peer.close_code() == 1001


async def test_a_request_in_flight_is_finished_while_draining() -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> Response:
        asked.set()
        await go.wait()
        return PlainTextResponse("redeemed")

    app = Starlette(routes=[Route("/a", slow)])
    async with (
        running_listener(app=app, limits=QUICK) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(GET)
        await within(asked.wait())
        draining = asyncio.ensure_future(listener.drain(notice_s=0.05))
        await eventually(lambda: listener.state.hub.shutting_down)
        assert not draining.done()
        go.set()
        await within(draining)
        assert (await peer.rest()).endswith(b"redeemed")


async def test_a_request_that_never_ends_does_not_hold_up_the_drain_for_ever() -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(_: Request) -> None:
        asked.set()
        await never.wait()

    app = Starlette(routes=[Route("/a", hang)])
    async with (
        running_listener(app=app, limits=QUICK) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(GET)
        await within(asked.wait())
        await within(listener.drain(notice_s=0, grace_s=0.05))
        assert listener._uvicorn_state.tasks


async def test_a_session_opened_during_the_drain_is_served_and_gets_bye() -> None:
    async with (
        running_listener(limits=QUICK) as listener,
        RawClient.connect(listener.port) as early,
    ):
        async with RawClient.connect(listener.port) as peer:
            await peer.open_session()
            draining = asyncio.ensure_future(listener.drain(notice_s=10))
            assert (await peer.message())["t"] == "bye"
            await early.open_session()
            assert (await early.message())["t"] == "bye"
        early.writer.close()
        await within(draining)


async def test_the_request_of_a_just_accepted_connection_is_answered_before_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener_module, "PENDING_HEAD_MS", 60_000)
    async with running_listener(limits=QUICK) as listener, RawClient.connect(listener.port) as peer:
        await eventually(lambda: listener.state.pending_heads)
        draining = asyncio.ensure_future(listener.drain(notice_s=0))
        await eventually(lambda: listener.state.hub.shutting_down)
        await peer.send(GET)
        await within(draining)
        assert (await peer.head())[0] == 200
        assert not listener.state.pending_heads


async def test_a_connection_without_a_request_does_not_delay_the_drain() -> None:
    async with running_listener(limits=QUICK) as listener, RawClient.connect(listener.port):
        await eventually(lambda: listener.state.pending_heads)
        await within(listener.drain(notice_s=0))
        assert listener.state.hub.closed


async def test_a_connection_in_the_queue_of_an_inherited_socket_is_left_to_the_next_server() -> (
    None
):
    with socket.create_server(("127.0.0.1", 0)) as kept:
        listener = new_listener(inherited=os.dup(kept.fileno()))
        await listener.start()
        with socket.create_connection(kept.getsockname()) as waiting:
            waiting.sendall(GET)
            await listener.drain(notice_s=0)
            await listener.close()
            successor = new_listener(inherited=os.dup(kept.fileno()))
            await successor.start()
            waiting.setblocking(False)
            answer = await within(asyncio.get_running_loop().sock_recv(waiting, 65_536))
            assert answer.startswith(b"HTTP/1.1 200")
            await successor.close()


async def test_a_connection_to_a_shared_port_waits_for_a_server_that_is_starting() -> None:
    go = asyncio.Event()

    class Starting:
        async def __aenter__(self) -> None:
            await go.wait()

        async def __aexit__(self, *_: object) -> None:
            pass

    app = Starlette(routes=[Route("/a", lambda _: PlainTextResponse("here"))])
    app.router.lifespan_context = lambda _: Starting()
    listener = new_listener(app, shared_port=True)
    starting = asyncio.ensure_future(listener.start())
    await eventually(lambda: listener._socket is not None)
    async with RawClient.connect(listener.port) as peer:
        await peer.send(GET)
        go.set()
        await within(starting)
        assert (await peer.head())[0] == 200
    await listener.close()


async def test_a_drained_listener_refuses_further_connections() -> None:
    async with running_listener(limits=QUICK) as listener:
        port = listener.port
        await listener.drain(notice_s=0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_connection_made_before_the_drain_is_still_served() -> None:
    async with running_listener(limits=QUICK) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as early:
            early.sendall(GET)
            await listener.drain(notice_s=5)
            early.setblocking(False)
            answer = await within(asyncio.get_running_loop().sock_recv(early, 65_536))
            assert answer.startswith(b"HTTP/1.1 200")


async def call_until(done: asyncio.Event, port: int, served: list[int]) -> None:
    """Request one thing after the other on new connections; a refusal is an error."""
    while not done.is_set():
        async with RawClient.connect(port) as peer:
            await peer.send(GET)
            assert (await peer.head())[0] == 200
            served.append(port)


@pytest.mark.parametrize("way", ["inherited", "shared_port"])
async def test_a_restart_refuses_no_connection(way: str) -> None:
    shared: dict[str, Any] = {"shared_port": True} if way == "shared_port" else {}
    listener = new_listener(**shared)
    await listener.start()
    port, done, served = listener.port, asyncio.Event(), list[int]()
    limiter = [asyncio.ensure_future(call_until(done, port, served)) for _ in range(4)]
    for restarts in range(1, 6):
        await eventually(partial(reached, served, restarts * 50))
        place = shared or {"inherited": os.dup(listener.socket.fileno())}
        successor = new_listener(port=port, **place)
        await successor.start()
        await listener.drain(notice_s=0.05)
        await listener.close()
        listener = successor
    done.set()
    await within(asyncio.gather(*limiter))
    await listener.close()


def reached(things: list[int], number: int) -> bool:
    return len(things) >= number


async def test_closing_ends_sessions_requests_and_idle_connections() -> None:
    never = asyncio.Event()

    async def hang(_: Request) -> None:
        await never.wait()

    app = Starlette(routes=[Route("/a", hang)])
    handler = RecordingSessionHandler()
    async with running_listener(handler, app=app, limits=QUICK) as listener:
        async with (
            RawClient.connect(listener.port) as session,
            RawClient.connect(listener.port) as request,
        ):
            await session.handshake()
            await session.send(text(HELLO))
            await session.message()
            await request.send(GET)
            await eventually(lambda: listener._uvicorn_state.tasks)
            await listener.close()
            assert await session.close_code() == 1001
            await request.rest()
        await eventually(lambda: handler.named("closed"))


async def test_several_listeners_in_one_process_share_nothing() -> None:
    async with (
        running_listener() as one,
        running_listener() as other,
        RawClient.connect(one.port) as peer,
    ):
        await peer.open_session()
        assert len(one.state.hub.connections) == 1
        assert not other.state.hub.connections


def test_a_place_can_be_read_from_configuration() -> None:
    assert msgspec.convert({"host": "127.0.0.1", "port": 0}, ListenAddress) == ListenAddress(port=0)
