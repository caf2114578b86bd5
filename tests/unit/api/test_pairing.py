"""A shop's plugin exchanges a one-time code for a key with which it can do what a bridge needs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import SECRET, LiveServer, live_server
from tactful.runtime.security.bridge_keys import BridgeKeys
from tactful.runtime.security.derived_keys import derived_key

URL = "https://offers.shop.example"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules(policy="")) as server:
        yield server


def codes(one: LiveServer) -> BridgeKeys:
    """What the command line makes codes with."""
    return BridgeKeys(one.parts.shop.state.keys.folder, one.parts.shop.clock)


async def pair(one: LiveServer, **body: Any) -> httpx.Response:
    """Ask as a plugin does, without any key."""
    async with httpx.AsyncClient(base_url=str(one.http.base_url)) as plugin:
        return await plugin.post("/v1/pair", json=body)


async def test_a_paired_plugin_reports_facts_and_redeems_and_may_do_nothing_else(
    one: LiveServer,
) -> None:
    code = codes(one).new_code("woo", URL)
    answer = await pair(one, code=code, shop="https://shop.example")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["scopes"] == ["facts:write", "redeem"]
    assert (found["server"], found["jwks"], found["widget"]) == (
        URL, f"{URL}/.well-known/jwks.json", f"{URL}/widget/v1.js",
    )  # fmt: skip
    bearer = {"Authorization": f"Bearer {found['key']}"}
    async with httpx.AsyncClient(base_url=str(one.http.base_url), headers=bearer) as plugin:
        reported = (await plugin.post("/v1/facts", json=list(CATALOGUE))).json()
        assert reported["rejected"] == []
        assert (await plugin.get("/v1/redemptions?order=o1")).status_code == 200
        assert (await plugin.get("/v1/offers/of_1")).json()["code"] == "offer.unknown"
        for method, path in (
            ("GET", "/v1/facts?of=price"), ("GET", "/v1/customers/c1/export"),
            ("DELETE", "/v1/customers/c1"), ("GET", "/v1/why?sku=RUN-42"), ("GET", "/v1/budgets"),
            ("POST", "/v1/rulebook/reload"), ("GET", "/metrics"), ("GET", "/v1/alerts"),
        ):  # fmt: skip
            refused = await plugin.request(method, path)
            assert (refused.status_code, refused.json()["code"]) == (403, "key.scope"), path
        codes(one).revoke(found["id"])
        gone = await plugin.post("/v1/facts", json=list(CATALOGUE))
        assert (gone.status_code, gone.json()["code"]) == (401, "key.wrong")


async def test_a_code_is_used_once_and_a_wrong_one_is_refused_alike(one: LiveServer) -> None:
    code = codes(one).new_code("woo", URL)
    assert (await pair(one, code=code)).status_code == 200
    answers = [
        await pair(one, code=code),
        await pair(one, code="0" * 20),
        await pair(one, code="ü"),
    ]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {
        (403, "pairing.refused")
    }


async def test_a_plugin_hears_what_the_shop_must_set(tmp_path: Path) -> None:
    async with live_server(
        tmp_path, rules(policy=""), default_territory="DE",
        origins=("https://shop.example",),
    ) as one:  # fmt: skip
        found = (
            await pair(one, code=codes(one).new_code("woo", URL), shop="https://shop.example")
        ).json()
        assert (found["territory"], found["origin_allowed"]) == ("DE", True)
        assert found["identity_key"] == derived_key(SECRET, "identity-hmac")
        other = await pair(one, code=codes(one).new_code("woo", URL), shop="https://other.example")
        assert other.json()["origin_allowed"] is False
        silent = await pair(one, code=codes(one).new_code("woo", URL))
        assert silent.json()["origin_allowed"] is None
