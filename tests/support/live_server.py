"""A complete server on a real socket with a test clock, and shoppers connected to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import websockets
from websockets.typing import Origin, Subprotocol

from tactful.app import ServerParts, build
from tactful.config import Config
from tactful.transports.server.listener import ListenAddress, Listener

KEY = "server-key-of-the-journeys"
SECRET = "identity-secret-of-the-journeys!"
ORIGIN = "https://shop.example"
NOON = 1_773_144_000
"""2026-03-10T12:00:00Z, in seconds."""
PATIENCE = 30.0
"""Seconds to wait for a frame before the test fails."""

EVERY_BYTE: list[bytes] = []
"""Everything that any widget of the suite was sent, to be scanned for confidential values."""


class LiveServer:
    """One server and its HTTP client."""

    def __init__(self, folder: Path, rules: str, **settings: Any) -> None:
        self.folder = folder
        self.rules = folder / "rules"
        self.rules.mkdir(parents=True, exist_ok=True)
        if rules:
            (self.rules / "rules.yaml").write_text(rules, encoding="utf-8")
        self.config = Config(
            data=folder / "data",
            rules=self.rules,
            server_key=KEY,
            **{"origins": (ORIGIN,), "test_mode": True, **settings},
            identity_secret=SECRET,
            seed=7,
        )
        self.parts: ServerParts
        self.listener: Listener
        self.http: httpx.AsyncClient
        self.shoppers: list[Shopper] = []

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return self.listener.port

    async def start(self) -> None:
        """Start to listen."""
        self.parts = build(self.config)
        self.listener = Listener(self.parts.app, self.parts.hub, ListenAddress(port=0))
        await self.listener.start()
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.listener.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=30,
            # Shorter than the server's timeout, so that neither side closes a connection in use.
            limits=httpx.Limits(keepalive_expiry=2),
        )

    async def stop(self) -> None:
        """Close all connections and the server."""
        for shopper in self.shoppers:
            await shopper.leave()
        self.shoppers = []
        await self.http.aclose()
        await self.listener.close()

    async def restart(self, *, now: int | None = None) -> None:
        """Stop and start on the same data; the clock keeps its instant, or is set to `now` (seconds)."""
        await self.stop()
        await self.start()
        if now is not None:
            await self.clock(now)

    async def facts(self, *facts: dict[str, Any]) -> dict[str, Any]:
        """Report facts; every one of them must be accepted."""
        answer = (await self.http.post("/v1/facts", json=list(facts))).json()
        assert answer["rejected"] == [], answer
        return dict(answer)

    async def advance(self, seconds: float) -> None:
        """Move the clock; timers due on the way have fired when this returns."""
        answer = await self.http.post("/v1/test/clock", json={"advance": seconds})
        assert answer.status_code == 200, answer.text

    async def clock(self, seconds: int) -> None:
        """Set the clock to an instant, in seconds since the epoch."""
        await self.advance(seconds - self.parts.shop.clock.now() / 1000)

    async def reload(self, rules: str) -> httpx.Response:
        """Change the rule file and reload."""
        (self.rules / "rules.yaml").write_text(rules, encoding="utf-8")
        return await self.http.post("/v1/rulebook/reload")

    async def why(self, sku: str, rule: str | None = None, **who: str) -> dict[str, Any]:
        """The verdict on a rule (by default the first one) for an item."""
        answer = (await self.http.get("/v1/why", params={"sku": sku, **who})).json()
        rules = [one for one in answer["rules"] if rule in {None, one["rule"]}]
        assert rules, answer
        return dict(rules[0])

    async def reason(self, sku: str, shopper: "Shopper", rule: str | None = None) -> str | None:
        """The primary reason for which a shopper is not offered an item."""
        return (await self.why(sku, rule, session=shopper.session)).get("reason")

    async def budget(self, campaign: str = "C", currency: str = "EUR") -> tuple[int, int]:
        """(reserved, settled) of a campaign."""
        rows = (await self.http.get("/v1/budgets")).json()["budgets"]
        row = next(r for r in rows if (r["campaign"], r["currency"]) == (campaign, currency))
        return row["reserved"], row["settled"]

    async def decisions(self, **who: str) -> list[dict[str, Any]]:
        """The audit, newest first."""
        answer = (await self.http.get("/v1/decisions", params=who)).json()
        return list(answer["decisions"])

    async def redeem(
        self,
        token: str,
        order: str,
        *,
        sku: str = "RUN-42",
        qty: int = 1,
        territory: str = "DE",
        **more: Any,
    ) -> httpx.Response:
        """Redeem a token for an order of one line."""
        lines = [{"sku": sku, "qty": qty}]
        body = {"token": token, "order": order, "territory": territory, "lines": lines, **more}
        return await self.http.post("/v1/redemptions", json=body)

    def identity(self, customer: str, *, age: int = 0, life: int = 300, **claims: Any) -> str:
        """A JWT as the shop's server would sign it."""
        now = self.parts.shop.clock.now() // 1000 - age
        body = {"sub": customer, "aud": "tactful", "iat": now, "exp": now + life, **claims}
        return jwt.encode(body, SECRET, algorithm="HS256")

    async def shopper(self, territory: str | None = "DE", **hello: Any) -> "Shopper":
        """A shopper who opens a page of the shop."""
        shopper = Shopper(self)
        await shopper.connect(territory=territory, **hello)
        return shopper

    async def known(self, customer: str, **hello: Any) -> "Shopper":
        """A shopper who is identified by the first message."""
        return await self.shopper(consent="personal", identity=self.identity(customer), **hello)


class Shopper:
    """One connection, as a widget would hold it."""

    def __init__(self, stage: LiveServer) -> None:
        self.stage = stage
        self.session = ""
        self.resume = ""
        self.welcome: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []
        self._n = 0
        self._acked = 0
        self._news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def connect(
        self,
        *,
        territory: str | None = "DE",
        consent: str = "anonymous",
        port: int | None = None,
        **hello: Any,
    ) -> None:
        """Open a connection and send hello; `port`: of a proxy before the server."""
        url = f"ws://127.0.0.1:{port or self.stage.port}/v1/session"
        self._socket = await websockets.connect(
            url, origin=Origin(ORIGIN), subprotocols=[Subprotocol("tactful.v1")], compression=None
        )
        self._n = self._acked = 0
        self._reading = asyncio.ensure_future(self._read())
        self.stage.shoppers.append(self)
        first = {"consent": consent, "page": {"url": f"{ORIGIN}/", "kind": "product"}, **hello}
        if territory:
            first["territory"] = territory
        await self.say("hello", **first)
        self.welcome = await self.expect("welcome")
        self.session, self.resume = self.welcome["session"], self.welcome["resume"]

    async def say(self, kind: str, /, **fields: Any) -> None:
        """Send a message and wait until it is acknowledged."""
        self._n += 1
        await self._socket.send(json.dumps({"t": kind, "n": self._n, **fields}))
        async with asyncio.timeout(PATIENCE):
            while self._acked < self._n:
                self._news.clear()
                await self._news.wait()

    async def view(self, sku: str, seconds: float = 0) -> None:
        """View an item for some seconds."""
        await self.say("view", sku=sku)
        if seconds:
            await self.stage.advance(seconds)

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next frame of a kind; it may be there already."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for place, frame in enumerate(self.frames):
                    if frame["t"] == kind:
                        return self.frames.pop(place)
                self._news.clear()
                await self._news.wait()

    async def offered(self) -> dict[str, Any]:
        """The next offer."""
        return dict((await self.expect("offer"))["offer"])

    async def accept(self, offer: str) -> str:
        """Accept an offer; return its token."""
        await self.say("accept", offer=offer)
        return str((await self.expect("accepted"))["token"])

    async def nothing(self) -> None:
        """Check that no frame came before the acknowledgement of one more message."""
        await self.stage.parts.shop.settled()
        await self.say("activity", kind="idle")
        assert self.frames == []

    async def closed(self) -> int | None:
        """The code with which the server closes the connection."""
        async with asyncio.timeout(PATIENCE):
            await self._socket.wait_closed()
        return self._socket.close_code

    async def leave(self) -> None:
        """Close the connection."""
        await self._socket.close()
        if self._reading is not None:
            await self._reading
            self._reading = None

    async def _read(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for payload in self._socket:
                raw = payload.encode() if isinstance(payload, str) else payload
                EVERY_BYTE.append(raw)
                frame = json.loads(raw)
                if frame["t"] == "ack":
                    self._acked = frame["n"]
                elif frame["t"] != "heartbeat":
                    self.frames.append(frame)
                self._news.set()


@contextlib.asynccontextmanager
async def live_server(folder: Path, rules: str = "", **settings: Any) -> AsyncIterator[LiveServer]:
    """A running server on a folder of its own."""
    one = LiveServer(folder, rules, **settings)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
