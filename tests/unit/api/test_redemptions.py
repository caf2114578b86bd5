"""The endpoints of redemptions over HTTP."""

from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from tactful.api import redemptions


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


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "query.one_of"),
        ({"state": "lapsed"}, "query.state"),
        ({"order": "A", "after": "-1"}, "query.after"),
        ({"order": "A", "after": "x"}, "query.after"),
        ({"order": "A", "after": "9" * 19}, "query.after"),
    ],
)
async def test_a_list_needs_a_filter_that_means_something(
    tmp_path: Path, query: dict[str, str], code: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        refused = await one.http.get("/v1/redemptions", params=query)
        assert (refused.status_code, refused.json()["code"]) == (400, code)


async def test_a_list_is_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redemptions, "PAGE", 1)
    async with live_server(tmp_path, rules()) as one:
        token = await accepted_token(one)
        for attempt in (1, 2):
            assert (await one.redeem(token, "A", attempt=attempt, hold=60)).status_code == 200
            await one.http.post("/v1/redemptions/A/cancel", json={"attempt": attempt})
        pages, after = [], "0"
        while after:
            query = {"order": "A", "after": after}
            page = (await one.http.get("/v1/redemptions", params=query)).json()
            pages.append([row["attempt"] for row in page["redemptions"]])
            after = page["next"]
        assert pages == [[1], [2]]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reason": "declined"}', b"reason=declined"])
async def test_a_cancellation_takes_what_clients_of_the_first_release_send(
    tmp_path: Path, body: bytes
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.redeem(await accepted_token(one), "A")
        assert (await one.http.post("/v1/redemptions/A/cancel", content=body)).status_code == 200


@pytest.mark.parametrize(
    "field", [{"attempt": 0}, {"attempt": 1001}, {"hold": 29}, {"hold": 86401}]
)
async def test_attempts_and_holds_have_bounds(tmp_path: Path, field: dict[str, Any]) -> None:
    async with live_server(tmp_path, rules()) as one:
        token = await accepted_token(one)
        refused = await one.redeem(token, "A", **field)
        assert (refused.status_code, refused.json()["code"]) == (422, "body.invalid")
        both = await one.redeem(token, "A", tokens=[token])
        assert (both.status_code, both.json()["code"]) == (422, "body.invalid")


async def test_the_ids_of_lines_are_accepted_and_a_refund_may_name_an_amount(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        token = await accepted_token(one)
        lines = [
            {"sku": "RUN-42", "qty": 1, "line": "17", "unit": {"amount": 9900, "currency": "EUR"}}
        ]
        body = {"tokens": [token, token], "order": "A", "territory": "DE", "lines": lines}
        answer = (await one.http.post("/v1/redemptions", json=body)).json()
        assert answer["saved"]["amount"] == 0
        assert answer["redemptions"][0]["unit"]["amount"] == 9900
        money = {"refund": "f1", "amount": {"amount": 9900, "currency": "EUR"}}
        refunded = await one.http.post("/v1/redemptions/A/refund", json=money)
        assert refunded.json()["amount"]["amount"] == 9900
