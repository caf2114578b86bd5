"""The endpoints of redemptions over HTTP."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server


async def accepted_token(one: LiveServer) -> str:
    await one.facts(*CATALOGUE)
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    return await shopper.accept(offer["id"])


async def test_a_redemption_is_json_and_a_refusal_a_problem(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        token = await accepted_token(one)
        redeemed = await one.redeem(token, "o1")
        assert redeemed.status_code == 200
        assert redeemed.headers["content-type"] == "application/json"
        assert redeemed.headers["cache-control"] == "no-store"
        assert redeemed.json()["qty"] == 1
        assert (await one.redeem(token, "o1")).content == redeemed.content
        refused = await one.redeem(token, "o2")
        assert (refused.status_code, refused.json()["code"]) == (409, "redemption.used")
        assert refused.headers["content-type"] == "application/problem+json"


async def test_an_order_id_may_contain_slashes(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        token = await accepted_token(one)
        redeemed = await one.redeem(token, "2026/03/1")
        body = {"refund": "f1", "lines": [{"sku": "RUN-42", "qty": 1}]}
        refunded = await one.http.post("/v1/redemptions/2026/03/1/refund", json=body)
        assert refunded.status_code == 200
        cancelled = await one.http.post("/v1/redemptions/2026/03/1/cancel")
        assert cancelled.json()["cancelled"][0]["redemption"] == redeemed.json()["redemption"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"token": "t", "order": "o", "territory": "DE", "lines": []},
        {"token": "t", "order": "", "territory": "DE", "lines": [{"sku": "A", "qty": 1}]},
        {"token": "t", "order": "o", "territory": "DE", "lines": [{"sku": "A", "qty": 0}]},
        {"token": "t", "order": "o", "territory": "DE", "lines": [{"sku": "A", "qty": 1, "x": 1}]},
    ],
)
async def test_a_body_of_another_shape_is_refused(tmp_path: Path, body: object) -> None:
    async with live_server(tmp_path, rules()) as one:
        answer = await one.http.post("/v1/redemptions", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")


async def test_redemptions_need_the_server_key_and_the_public_keys_do_not(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        one.http.headers.pop("Authorization")
        for path in ("/v1/redemptions", "/v1/redemptions/o1/cancel", "/v1/redemptions/o1/refund"):
            assert (await one.http.post(path, json={})).status_code == 401
        keys = await one.http.get("/.well-known/jwks.json")
        assert keys.status_code == 200
        assert [key["crv"] for key in keys.json()["keys"]] == ["Ed25519"]
        assert keys.headers["access-control-allow-origin"] == "*"
        assert keys.headers["cache-control"] == "public, max-age=300"
