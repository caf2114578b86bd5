"""The door for deliveries: answers that senders understand, and facts a moment later."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs

from support.deliveries import read_payload
from support.fake_shop import served
from support.fake_woocommerce import FakeWoocommerce
from support.live_server import NOON, LiveServer, live_server
from tactful.api import inbound
from tactful.config.connector_settings import ConnectorSettings
from tactful.connectors.signatures import SCHEMES, Signed

SHOP = ConnectorSettings(
    kind="woocommerce", secret="whsecret", territory="DE", currency="EUR", tax_rate_bp=1900
)
DESK = ConnectorSettings(kind="roundup", secret="hush")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A server with a shop and a help desk."""
    async with live_server(tmp_path, connectors={"shop": SHOP, "desk": DESK}) as made:
        yield made


def signed(body: bytes) -> str:
    (value,) = SCHEMES["woocommerce"].expected(b"whsecret", Signed({}, body))
    return value.decode()


async def deliver(one: LiveServer, name: str, **changes: str) -> httpx.Response:
    capture = read_payload("shops/woocommerce", f"webhook.{name}")
    body = json.dumps(capture["body"]).encode()
    headers = {**capture["headers"], "x-wc-webhook-signature": signed(body), **changes}
    return await post(one, body, headers)


async def post(
    one: LiveServer, body: bytes, headers: dict[str, str], to: str = "shop"
) -> httpx.Response:
    async with httpx.AsyncClient(base_url=str(one.http.base_url)) as http:
        return await http.post(f"/v1/in/{to}", content=body, headers=headers)


async def soon(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 -- it has no event of its own
            await asyncio.sleep(0.01)


async def status_of(one: LiveServer, name: str) -> dict[str, Any]:
    found = (await one.http.get("/v1/connectors")).json()["connectors"]
    return next(dict(row) for row in found if row["name"] == name)


async def test_a_delivery_becomes_facts_and_a_second_one_changes_nothing(one: LiveServer) -> None:
    answer = await deliver(one, "order.created")
    assert (answer.status_code, answer.json()) == (202, {"delivery": "stored"})
    answer = await deliver(one, "order.created")
    assert (answer.status_code, answer.json()) == (200, {"delivery": "known"})
    ledger = one.parts.shop.ledger

    async def is_mapped() -> bool:
        return bool((await status_of(one, "shop"))["mapped"])

    await soon(is_mapped)
    (order,) = await ledger.facts_about([("order", "20")])
    assert b"ada@" not in order.body
    shown = await status_of(one, "shop")
    assert (shown["waiting"], shown["failed"]) == (0, 0)
    assert shown["receipts"] == {"stored": 1, "known": 1}
    metrics = (await one.http.get("/metrics")).text
    assert 'tactful_deliveries_total{connector="shop",receipt="stored"} 1.0' in metrics


async def test_the_unsigned_ping_is_answered_and_a_wrong_signature_refused(one: LiveServer) -> None:
    assert (await post(one, b"webhook_id=5", {})).status_code == 200
    answer = await deliver(one, "order.created", **{"x-wc-webhook-signature": "AAAA"})
    assert (answer.status_code, answer.json()["code"]) == (401, "signature.wrong")
    answer = await post(one, b"{}", {}, to="other")
    assert (answer.status_code, answer.json()["code"]) == (404, "connector.unknown")
    assert (await status_of(one, "shop"))["receipts"] == {"ping": 1, "forged": 1}
    alerts = (await one.http.get("/v1/alerts")).json()["alerts"]
    assert ("deliveries.forged", "shop") in {(row["kind"], row["subject"]) for row in alerts}


async def test_signed_garbage_is_accepted_and_named(one: LiveServer) -> None:
    assert (await deliver(one, "signed_garbage")).status_code == 202

    async def has_failed() -> bool:
        return bool((await status_of(one, "shop"))["failed"])

    await soon(has_failed)
    (problem,) = (await status_of(one, "shop"))["problems"]
    assert (problem["topic"], problem["problem"]) == ("unreadable", "The payload has no `id`.")
    alerts = (await one.http.get("/v1/alerts")).json()["alerts"]
    assert ("deliveries.failed", "shop") in {(row["kind"], row["subject"]) for row in alerts}


async def test_failed_deliveries_can_be_mapped_again(one: LiveServer) -> None:
    answer = await one.http.post("/v1/connectors/shop/retry")
    assert (answer.status_code, answer.json()) == (200, {"deliveries": 0})
    answer = await one.http.post("/v1/connectors/other/retry")
    assert (answer.status_code, answer.json()["code"]) == (404, "connector.unknown")


async def test_a_body_that_is_too_large_is_refused(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "LARGEST_DELIVERY", 10)
    assert (await post(one, b"x" * 11, {})).status_code == 413


async def test_a_secret_in_the_path_is_enough_where_nothing_is_signed(one: LiveServer) -> None:
    body = b'{"id":"7"}'
    for wrong in ("desk", "desk/wrong"):
        assert (await post(one, body, {}, to=wrong)).status_code == 401
    assert (await post(one, body, {}, to="desk/hush")).status_code == 202


async def test_the_status_needs_the_server_key(one: LiveServer) -> None:
    async with httpx.AsyncClient(base_url=str(one.http.base_url)) as http:
        assert (await http.get("/v1/connectors")).status_code == 401


async def test_lists_are_read_at_the_start_and_on_request(tmp_path: Path) -> None:
    shop = FakeWoocommerce(NOON - 60)
    shop.add_product(9_900, 3)
    with served(shop) as address:
        settings = structs.replace(SHOP, address=address, key="ck:cs")
        quiet = structs.replace(settings, reconcile=False)
        connectors = {"shop": settings, "quiet": quiet}
        async with live_server(tmp_path, connectors=connectors) as one:

            async def is_read() -> bool:
                lists = (await status_of(one, "shop"))["lists"]
                return len(lists) == 4 and all(row["whole_at"] for row in lists)

            await soon(is_read)
            shop.add_product(8_900, 2)
            answer = await one.http.post("/v1/connectors/shop/reconcile")
            assert (answer.status_code, answer.json()) == (202, {"connector": "shop"})

            async def has_both() -> bool:
                return bool((await status_of(one, "shop"))["lists"][0]["rows"] == 2)

            await soon(has_both)
            status = await status_of(one, "shop")
            assert status["lists"][0]["whole_at"] == "2026-03-10T12:00:00Z"
            assert status["drift"]["product"] == 1
            assert (await status_of(one, "quiet"))["lists"] == []
            for path, code in (
                ("quiet/reconcile", (409, "connector.unread")),
                ("other/reconcile", (404, "connector.unknown")),
                ("shop/reconcile?accept_missing=1", (400, "query.flag")),
            ):
                answer = await one.http.post(f"/v1/connectors/{path}")
                assert (answer.status_code, answer.json()["code"]) == code
