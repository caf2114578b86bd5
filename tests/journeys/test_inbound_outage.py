"""Deliveries while the server is killed and started again: each one counts once, and none is lost.

The sender does as Shopify does: it repeats a delivery under its id, with the old payload, until a
success is answered.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from journeys.fixture import rules
from support.deliveries import read_payload
from support.killed_server import KEY, KilledServer
from tactful.stores.shared.failpoints import FAILPOINTS

SECRET = "hush"
SETTINGS = """
[connectors.shop]
kind = "shopify"
secret_file = "secret.txt"
territory = "US"
currency = "USD"
"""
LIVES = 8
NEW_IN_A_LIFE = 12
ORDER = read_payload("shops/shopify", "order")
PATIENCE_S = 120


class Shopify:
    """A sender that repeats what was not answered with success."""

    def __init__(self) -> None:
        self.owed: list[int] = []
        """Orders whose delivery was not answered yet, oldest first."""
        self.answers: dict[int, list[str]] = {}
        """Order → the answers to its deliveries."""

    async def send(self, server: KilledServer) -> None:
        """Send what is owed, four at a time, until all is answered or the server is gone."""
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            await asyncio.gather(*(self._send(http) for _ in range(4)))

    async def _send(self, http: httpx.AsyncClient) -> None:
        while self.owed:
            order = self.owed.pop(0)
            try:
                answer = await http.post("/v1/in/shop", **delivery(order))
            except (httpx.TransportError, OSError):
                self.owed.insert(0, order)
                return
            assert answer.status_code in {200, 202}, answer.text
            self.answers.setdefault(order, []).append(answer.json()["delivery"])


def delivery(order: int) -> dict[str, Any]:
    body = json.dumps({**ORDER, "id": order, "refunds": []}).encode()
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    headers = {
        "x-shopify-topic": "orders/create",
        "x-shopify-webhook-id": f"delivery-{order}",
        "x-shopify-hmac-sha256": signature,
    }
    return {"content": body, "headers": headers}


async def all_mapped(server: KilledServer) -> None:
    """Wait until no delivery waits."""
    bearer = {"Authorization": f"Bearer {KEY}"}
    async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(base_url=server.url) as http:
        while True:
            (row,) = (await http.get("/v1/connectors", headers=bearer)).json()["connectors"]
            if not row["waiting"]:
                return
            await asyncio.sleep(0.05)


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "data" / "tactful.db")) as ledger:
        return ledger.execute(sql).fetchall()


async def test_every_delivery_that_is_repeated_until_it_is_answered_counts_once(
    tmp_path: Path,
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(rules(), encoding="utf-8")
    (tmp_path / "secret.txt").write_text(SECRET)
    settings = tmp_path / "tactful.toml"
    settings.write_text(SETTINGS)
    shopify = Shopify()
    interrupted = 0
    for life in range(LIVES):
        point = FAILPOINTS[life % len(FAILPOINTS)]
        server = KilledServer(tmp_path, f"{point}:{8 + 3 * life}", "--config", str(settings))
        shopify.owed += range(life * NEW_IN_A_LIFE, (life + 1) * NEW_IN_A_LIFE)
        if server.ready():
            await shopify.send(server)
        server.end()
        interrupted += bool(shopify.owed)
    assert interrupted, "no server was killed while it took deliveries"
    last = KilledServer(tmp_path, "before-begin:1000000", "--config", str(settings))
    assert last.ready()
    await shopify.send(last)
    assert shopify.owed == []
    with contextlib.ExitStack() as stack:
        stack.callback(last.end)
        await all_mapped(last)
    sent = LIVES * NEW_IN_A_LIFE
    assert [len(answers) for answers in shopify.answers.values()] == [1] * sent
    done = rows(tmp_path, "SELECT delivery FROM inbox WHERE state = 'done'")
    assert sorted(done) == sorted((f"delivery-{order}",) for order in range(sent))
    assert rows(tmp_path, "SELECT count(*) FROM inbox") == [(sent,)]
    versions = rows(tmp_path, "SELECT key, count(*) FROM facts WHERE kind = 'order' GROUP BY key")
    assert sorted(versions) == sorted((str(order), 1) for order in range(sent))
