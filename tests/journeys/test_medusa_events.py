"""The subscriber of the example passes Medusa's events on, and what they are about becomes facts."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import rules
from support.fake_medusa import FakeMedusa
from support.fake_shop import served
from support.inbox import NOW
from support.live_server import PATIENCE, LiveServer, live_server
from support.node import node
from support.source_tree import ROOT
from tactful.config.connector_settings import ConnectorSettings
from tactful.runtime.facts.fact_reader import FactReader

SUBSCRIBER = ROOT / "examples" / "medusa" / "tactful-events.js"
SECRET = "whsec_" + base64.b64encode(b"the secret of these tests").decode()
PROGRAM = """
const { default: pass, config } = require(process.argv[1]);
const events = JSON.parse(process.argv[2]);
const graph = async ({ entity, filters }) => ({
  data: [entity === 'inventory_level' ? { id: filters.id, inventory_item_id: 102 } : { order: { id: 103 } }],
});
const container = { resolve: () => ({ graph }) };
(async () => {
  for (const event of events) {
    if (!config.event.includes(event.name)) throw new Error(event.name);
    await pass({ event, container });
  }
})();
"""


@pytest.fixture
def shop() -> FakeMedusa:
    """A shop with two products, one of which has an order."""
    one = FakeMedusa(NOW // 1000)
    one.add_product(12_900, 4)
    one.add_product(9_900, 5)
    one.order(101)
    return one


@pytest.fixture
def address(shop: FakeMedusa) -> Iterator[str]:
    """Where the API of the shop is."""
    with served(shop) as url:
        yield url


async def sent(one: LiveServer, *events: dict[str, Any]) -> None:
    """Let the subscriber pass events on, and wait until they are mapped."""
    url = f"http://127.0.0.1:{one.port}/v1/in/shop"
    process = await asyncio.create_subprocess_exec(
        node(), "-e", PROGRAM, str(SUBSCRIBER), json.dumps(events),
        env={"TACTFUL_EVENTS_URL": url, "TACTFUL_EVENTS_SECRET": SECRET},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    async with asyncio.timeout(PATIENCE):
        while True:
            (row,) = (await one.http.get("/v1/connectors")).json()["connectors"]
            assert row["failed"] == 0, row["problems"]
            if row["mapped"] >= len(events) and not row["waiting"]:
                return


async def test_the_events_of_a_subscriber_become_facts(
    tmp_path: Path, shop: FakeMedusa, address: str
) -> None:
    settings = ConnectorSettings(
        kind="medusa", secret=SECRET, address=address, key="sk_1:pk_2", territory="DE",
        regions={"reg_1": "DE"}, reconcile=False,
    )  # fmt: skip
    async with live_server(tmp_path, rules(), connectors={"shop": settings}) as one:
        # The subscriber signs with the clock of the machine.
        await one.clock(int(time.time()))
        metadata = {"eventGroupId": "g1", "created_at": "2026-03-10T12:00:00Z"}
        events = (
            ("product.created", {"id": 101}),
            ("inventory-level.updated", {"id": "level_9"}),
            ("shipment.created", {"id": "ful_9"}),
        )
        await sent(
            one, *({"name": name, "data": data, "metadata": metadata} for name, data in events)
        )
        for sku, price, units in (("M-101", 12_900, 4), ("M-102", 9_900, 5)):
            item = await FactReader(one.parts.shop.ledger).item(sku)
            assert item.product is not None
            assert item.prices["DE"].fact.price.amount == price
            assert [stock.fact.available for stock in item.stock["DE"]] == [units]
        stored = await one.parts.shop.ledger.facts_about([("order", "103")], ("order",))
        assert len(stored) == 1
        again = await one.http.get("/v1/connectors")
        assert again.json()["connectors"][0]["receipts"] == {"stored": 3}
        await sent(one, {"name": "product.created", "data": {"id": 101}, "metadata": metadata})
        again = await one.http.get("/v1/connectors")
        assert again.json()["connectors"][0]["receipts"] == {"stored": 3, "known": 1}
