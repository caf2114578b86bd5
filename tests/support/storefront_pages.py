"""A shop's pages on one port and a scripted offers server on another, for tests of the widget.

The server speaks the session protocol as the contract fixes it and does what a test says: it
decides nothing. What it was sent is kept in `heard`, and `standing` is the truth about its offers.
"""

import asyncio
import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

WIDGET = Path(__file__).parents[2] / "widget" / "dist"
Message = dict[str, Any]
T = TypeVar("T")
WAIT_S = 30  # what happens at all happens within this, on a machine with other work, too


def offer(**changes: Any) -> Message:
    """An offer as the contract writes it."""
    return {
        "id": "of-1", "sku": "RUN-42", "price": {"amount": 10965, "currency": "EUR"},
        "was": {"amount": 12900, "currency": "EUR"}, "percent": 15, "title": "Aero Runner",
        "message": "Still thinking about it?", "ends_in": 900, "max_qty": 1,
        "placement": "corner", **changes,
    }  # fmt: skip


@dataclass
class Session:
    """What the server knows of one shopper."""

    name: str
    seq: int = 0
    left: list[int] = field(default_factory=list)  # what broken connections had taken in
    standing: dict[str, tuple[Message, float]] = field(default_factory=dict)
    peers: list["Peer"] = field(default_factory=list)

    def snapshot(self) -> list[Message]:
        """The offers that stand, with the time they have left."""
        now = time.monotonic()
        left = [(one, end - now) for one, end in self.standing.values() if end > now]
        return [{**one, "ends_in": int(seconds)} for one, seconds in left]


class Peer:
    """One connection, whatever carries it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.session: Session | None = None
        self.taken = 0
        self.welcomed = False
        self.out: asyncio.Queue[Message | int] = asyncio.Queue()

    def send(self, message: Message) -> None:
        """Queue a message."""
        self.out.put_nowait(message)

    def close(self, code: int) -> None:
        """Queue the end."""
        self.out.put_nowait(code)


class Offers:
    """The scripted server. Public methods may be called from the test's thread."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.peers: list[Peer] = []
        self.streams: dict[str, Peer] = {}
        self.heard: list[Message] = []
        self.hellos = 0
        self.files: list[str] = []  # of the widget, as they were asked for
        self.files_gone: set[str] = set()
        self.files_held: set[str] = set()  # asked for, but not sent yet
        self.questions: list[Message] = []  # of the doctor
        self.diagnosis: Message = {}
        self.sockets_allowed = True
        self.streams_allowed = True
        self.mute = False  # says nothing, as a cut cable does
        self.full = False  # records nothing, as a full disk does
        self.deaf = False  # hears nothing
        self.code: str | None = "SAVE-15"  # of accepted offers
        self.heartbeat = 20
        self.idle = 60
        self.on: dict[str, Callable[[Session, Message], None]] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._names = itertools.count(1)

    # Called by the test

    def do(self, act: Callable[[], Any]) -> Any:
        """Run on the server's loop and return the result."""
        assert self.loop is not None

        async def run() -> Any:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(WAIT_S)

    def for_each(self, items: Callable[[], Iterable[T]], act: Callable[[T], None]) -> None:
        """Run on the server's loop, for each item."""
        self.do(lambda: [act(item) for item in tuple(items())])  # type: ignore[func-returns-value]

    def push(self, one: Message, replaces: str | None = None) -> None:
        """Push an offer to every session."""
        self.for_each(self.sessions.values, lambda each: self._push(each, one, replaces))

    def withdraw(self, name: str) -> None:
        """Withdraw an offer everywhere."""
        self.for_each(self.sessions.values, lambda each: self._withdraw(each, name))

    def close(self, code: int) -> None:
        """Close every connection."""
        self.for_each(lambda: self.peers, lambda peer: peer.close(code))

    def bye(self, retry: int) -> None:
        """Announce a restart."""
        bye = {"t": "bye", "code": 1001, "retry": retry}
        self.for_each(lambda: self.peers, lambda peer: peer.send(bye))

    def messages(self, kind: str) -> list[Message]:
        """What was heard of one kind, in order."""
        return [each for each in self.heard if each["t"] == kind]

    def wait_for(self, kind: str, count: int = 1, seconds: float = WAIT_S) -> list[Message]:
        """Wait until so many messages of a kind were heard."""
        return list(
            until(lambda: found if len(found := self.messages(kind)) >= count else None, seconds)
        )

    # On the server's loop

    def _push(self, session: Session, one: Message, replaces: str | None) -> None:
        if replaces:
            session.standing.pop(replaces, None)
        session.standing[one["id"]] = (one, time.monotonic() + one["ends_in"])
        session.seq += 1
        self._tell(session, {"t": "offer", "seq": session.seq, "offer": one, "replaces": replaces})

    def _withdraw(self, session: Session, name: str) -> None:
        if session.standing.pop(name, None):
            session.seq += 1
            self._tell(session, {"t": "withdraw", "seq": session.seq, "offer": name})

    def _tell(self, session: Session, message: Message) -> None:
        if not self.mute:
            plain = {key: value for key, value in message.items() if value is not None}
            for peer in session.peers:
                peer.send(plain)

    def take(self, peer: Peer, message: Message) -> None:
        """Handle one client message as the contract says."""
        if self.deaf:
            return
        self.heard.append(message)
        if message["t"] == "hello":
            self._hello(peer, message)
        session = peer.session
        if session is None:
            peer.close(4401)
            return
        number = message.get("n", 0)
        fresh = number > peer.taken or message["t"] == "hello"
        if message["t"] != "hello":
            peer.taken = max(peer.taken, number)
        if fresh and message["t"] == "accept":
            self._accept(peer, message)
        elif fresh and message["t"] == "dismiss":
            self._withdraw(session, message["offer"])
        if fresh and (act := self.on.get(message["t"])):
            act(session, message)
        if number and not self.mute:
            peer.send({"t": "ack", "n": peer.taken})

    def _hello(self, peer: Peer, message: Message) -> None:
        self.hellos += 1
        resume = message.get("resume")
        session = self.sessions.get(resume or "")
        if session is None:
            name = f"s{next(self._names)}"
            session = self.sessions[f"secret-{name}"] = Session(name)
        peer.session = session
        session.peers.append(peer)
        # A hello is numbered above all its tab has sent: below it lies what a broken one had.
        below = [taken for taken in session.left if taken < message["n"]]
        peer.taken = max(below, default=0) if resume else message["n"]
        if not self.mute:
            peer.welcomed = True
            peer.send({
                "t": "welcome", "session": session.name, "resume": f"secret-{session.name}",
                "offers": session.snapshot(), "seq": session.seq, "heartbeat": self.heartbeat,
                "idle": self.idle,
            })  # fmt: skip

    def _accept(self, peer: Peer, message: Message) -> None:
        session = peer.session
        assert session is not None
        name = message["offer"]
        if self.full:
            peer.send({"t": "refused", "offer": name, "code": "later"})
            return
        _, ends = session.standing.pop(name, ({}, 0.0))
        if ends <= time.monotonic():
            peer.send({"t": "refused", "offer": name, "code": "ended"})
            return
        session.seq += 1
        self._tell(session, {
            "t": "accepted", "seq": session.seq, "offer": name, "token": f"token-{name}",
            "code": self.code, "hold": 1800,
        })  # fmt: skip

    def gone(self, peer: Peer) -> None:
        """Forget a connection."""
        if peer in self.peers:
            self.peers.remove(peer)
        if peer.session and peer in peer.session.peers:
            peer.session.peers.remove(peer)
            peer.session.left.append(peer.taken)

    async def pump(self, peer: Peer) -> AsyncIterator[Message | int]:
        """What the connection is to be sent, with heartbeats."""
        while True:
            try:
                item = await asyncio.wait_for(peer.out.get(), self.heartbeat)
            except TimeoutError:
                if self.mute:
                    continue
                item = {"t": "heartbeat"}
            yield item
            if isinstance(item, int):
                return

    # Transports

    async def widget_file(self, request: Request) -> Response:
        """A file of the widget, unless the test has taken it away; a file held back comes later."""
        name = request.path_params["name"]
        self.files.append(name)
        await asyncio.to_thread(until, lambda: name not in self.files_held)
        if name in self.files_gone:
            return Response(status_code=404)
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "no-cache",
        }
        text = (WIDGET / name).read_text()
        return Response(text, media_type="text/javascript", headers=headers)

    async def doctor(self, request: Request) -> Response:
        """What the server knows of an item: as the test says, otherwise nothing."""
        self.questions.append(json.loads(await request.body()))
        return JSONResponse(self.diagnosis, headers=_cors(request))

    async def socket(self, socket: WebSocket) -> None:
        """The WebSocket endpoint."""
        if not self.sockets_allowed:
            await socket.close()
            return
        await socket.accept(subprotocol="tactful.v1")
        peer = Peer("socket")
        self.peers.append(peer)

        async def write() -> None:
            async for item in self.pump(peer):
                if isinstance(item, int):
                    await socket.close(item)
                else:
                    await socket.send_json(item)

        writer = asyncio.create_task(write())
        try:
            while True:
                self.take(peer, await socket.receive_json())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await writer
            self.gone(peer)

    async def stream(self, request: Request) -> Response:
        """The fallback's stream."""
        if not self.streams_allowed:
            return Response(status_code=404)
        peer = Peer("stream")
        self.peers.append(peer)
        name = f"stream-{next(self._names)}"
        self.streams[name] = peer

        async def events() -> AsyncIterator[str]:
            try:
                yield f"data: {json.dumps({'t': 'stream', 'stream': name})}\n\n"
                async for item in self.pump(peer):
                    message = {"t": "closed", "code": item} if isinstance(item, int) else item
                    yield f"data: {json.dumps(message)}\n\n"
            finally:
                self.gone(peer)

        return StreamingResponse(events(), media_type="text/event-stream", headers=_cors(request))

    async def post(self, request: Request) -> Response:
        """The fallback's way up: one object or an array of them."""
        peer = self.streams.get(request.path_params["stream"])
        if peer is None or peer not in self.peers:
            return Response(status_code=404, headers=_cors(request))
        body = json.loads(await request.body())
        for message in body if isinstance(body, list) else [body]:
            self.take(peer, message)
        return Response(status_code=204, headers=_cors(request))

    def app(self) -> Starlette:
        """The server as an application."""
        return Starlette(
            routes=[
                Route("/widget/{name}", self.widget_file),
                Route("/v1/doctor", self.doctor, methods=["POST"]),
                WebSocketRoute("/v1/session", self.socket),
                Route("/v1/session/stream", self.stream),
                Route("/v1/session/stream/{stream}", self.post, methods=["POST"]),
            ]
        )


def _cors(request: Request) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": request.headers.get("origin", "*")}


@contextlib.contextmanager
def offers_server(port: int = 0, offers: Offers | None = None) -> Iterator[tuple[Offers, str]]:
    """Run the scripted server; yield it and its origin."""
    offers = offers or Offers()
    listener = socket.create_server(("127.0.0.1", port), reuse_port=True)
    config = uvicorn.Config(
        offers.app(), log_level="critical", ws="websockets-sansio", lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    started = threading.Event()

    async def main() -> None:
        offers.loop = asyncio.get_running_loop()
        started.set()
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert started.wait(WAIT_S)
    until(lambda: server.started)
    try:
        yield offers, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for peer in list(offers.peers):
            offers.do(partial(peer.close, 1001))
        server.should_exit = True
        thread.join(10)
        listener.close()


Page = str | tuple[str, dict[str, str]]


@contextlib.contextmanager
def pages_server(pages: dict[str, Page]) -> Iterator[str]:
    """Serve HTML by path, each with its own headers; the dictionary may change meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = pages.get(self.path) or pages.get(self.path.split("?")[0])
            text, headers = page if isinstance(page, tuple) else (page, {})
            body = (text or "").encode()
            kind = "application/json" if self.path.split("?")[0].endswith(".js") else "text/html"
            favicon = self.path == "/favicon.ico"
            self.send_response(204 if favicon else 404 if text is None else 200)
            for name, value in {"Content-Type": f"{kind}; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        # Another host name than the offers server: the storefront is another site.
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def until(ask: Callable[[], Any], seconds: float = WAIT_S) -> Any:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (answer := ask()):
        assert time.monotonic() < end, "waited too long"
        pause.wait(0.01)
    return answer
