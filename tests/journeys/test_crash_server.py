"""A whole server, killed with -9 in the middle of traffic and restarted on the same data."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.typing import Origin, Subprotocol

from journeys.fixture import CATALOGUE, rules, stock
from support.killed_server import KEY, ORIGIN, KilledServer
from support.ledger_audit import audit_file
from support.live_server import live_server
from tactful.stores.shared.failpoints import FAILPOINTS
from tactful.stores.sqlite.ledger import SqliteLedger

HELD = 1935
DEATHS = (httpx.TransportError, websockets.WebSocketException, OSError)
"""How the end of a server is felt on the other side."""
LIVES = 12


class Acknowledged:
    """What was acknowledged to the shop and its shoppers, over all restarts."""

    def __init__(self) -> None:
        self.now = ""
        self.stock = 0
        self.offers: list[str] = []
        self.tokens: dict[str, str] = {}
        self.redeemed: dict[str, str] = {}


async def trade(server: KilledServer, known: Acknowledged) -> None:
    """Facts, three shoppers, offers, acceptances and redemptions, until the server is killed."""
    async with httpx.AsyncClient(
        base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=20
    ) as http:
        await check(http, known)
        for _ in range(3):
            fact = stock("RUN-42", "DE", 500, version=known.stock + 1)
            answer = await http.post("/v1/facts", json=[*CATALOGUE[:-1], fact])
            assert answer.json()["rejected"] == []
            known.stock += 1
            await shop(server, http, known)


async def shop(server: KilledServer, http: httpx.AsyncClient, known: Acknowledged) -> None:
    """One shopper gets an offer, accepts and buys."""
    url = server.url.replace("http", "ws") + "/v1/session"
    async with websockets.connect(
        url,
        origin=Origin(ORIGIN),
        subprotocols=[Subprotocol("tactful.v1")],
        compression=None,
    ) as socket:
        page = {"url": f"{ORIGIN}/", "kind": "product"}
        await say(socket, t="hello", consent="anonymous", page=page, territory="DE")
        await frame(socket, "welcome")
        await say(socket, t="view", sku="RUN-42", n=1)
        await frame(socket, "ack")
        await advance(http, known, 30)
        offer = (await frame(socket, "offer"))["offer"]["id"]
        known.offers.append(offer)
        await say(socket, t="accept", offer=offer, n=2)
        known.tokens[f"order-of-{offer}"] = (await frame(socket, "accepted"))["token"]
        await redeem(http, known, f"order-of-{offer}")


async def say(socket: Any, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def frame(socket: Any, kind: str) -> dict[str, Any]:
    """The next frame of a kind."""
    while True:
        found = json.loads(await asyncio.wait_for(socket.recv(), 20))
        if found["t"] == kind:
            return dict(found)


async def advance(http: httpx.AsyncClient, known: Acknowledged, seconds: int) -> None:
    answer = await http.post("/v1/test/clock", json={"advance": seconds})
    assert answer.status_code == 200
    known.now = answer.json()["now"].rstrip("Z")


async def redeem(http: httpx.AsyncClient, known: Acknowledged, order: str) -> None:
    """Redeem, or retry; every response must equal the first one."""
    lines = [{"sku": "RUN-42", "qty": 1}]
    body = {"token": known.tokens[order], "order": order, "territory": "DE", "lines": lines}
    answer = await http.post("/v1/redemptions", json=body)
    assert answer.status_code == 200, answer.text
    assert known.redeemed.setdefault(order, answer.text) == answer.text


async def check(http: httpx.AsyncClient, known: Acknowledged) -> None:
    """Check that all acknowledged data is there; finish open redemptions, once."""
    told = (await http.post("/v1/test/clock", json={"advance": 0})).json()["now"]
    assert told >= known.now, "a restart put the clock back"
    if known.stock:
        fact = stock("RUN-42", "DE", 500, version=known.stock)
        assert (await http.post("/v1/facts", json=[fact])).json()["ignored"] == 1
    for offer in known.offers:
        assert (await http.get(f"/v1/offers/{offer}")).status_code == 200
    for order in known.tokens:
        await redeem(http, known, order)
        other = {"token": known.tokens[order], "order": "another", "territory": "DE"}
        lines = [{"sku": "RUN-42", "qty": 1}]
        refused = await http.post("/v1/redemptions", json={**other, "lines": lines})
        assert (refused.status_code, refused.json()["code"]) == (409, "redemption.used")


async def added_up(folder: Path, known: Acknowledged) -> None:
    """The balances, read from the file while no server runs."""
    ledger = SqliteLedger(folder / "data" / "tactful.db")
    await ledger.open()
    assert await ledger.reconcile() == []
    rows = [row for row in await ledger.balances() if row.currency == "EUR"]
    for row in rows:
        assert row.reserved + row.settled <= (row.limit or 0)
        assert row.settled >= len(known.redeemed) * HELD
    await ledger.close()
    assert audit_file(folder / "data" / "tactful.db") == []


def failpoint(life: int, known: Acknowledged) -> str:
    """Each failpoint in turn, ever later in the traffic after a restart."""
    point = FAILPOINTS[life % len(FAILPOINTS)]
    checks = len(known.tokens) * 2
    return f"{point}:{checks + (1 if point == 'after-insert' else 4) + life // 2}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    text = rules(budget="{EUR: 5000.00}")
    (tmp_path / "rules" / "rules.yaml").write_text(text, encoding="utf-8")
    return tmp_path


async def test_a_server_killed_in_traffic_restores_every_promise(folder: Path) -> None:
    known = Acknowledged()
    for life in range(LIVES):
        server = KilledServer(folder, failpoint(life, known))
        if server.ready():
            with contextlib.suppress(*DEATHS):
                await trade(server, known)
        server.end()
        await added_up(folder, known)
    last = KilledServer(folder, "before-begin:100000")
    assert last.ready()
    await trade(last, known)
    last.end()
    assert len(known.redeemed) == len(known.tokens)
    assert len(known.redeemed) > LIVES // 2
    await added_up(folder, known)


async def test_a_restart_with_a_seed_issues_no_session_id_twice(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        first = (await one.shopper()).session
        await one.restart()
        assert (await one.shopper()).session != first
