"""The doctor's question: who may ask, and for which item and session it is answered."""

import json
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, product, rules
from support.live_server import ORIGIN, LiveServer, live_server
from tactful.runtime.security.doctor_pass import issue_pass
from tactful.runtime.security.signing_keys import SigningKeys

LOCAL = "http://localhost:8080"


async def ask(one: LiveServer, origin: str = LOCAL, **question: Any) -> Any:
    body = json.dumps({"territory": "DE", **question})
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    return await one.http.post("/v1/doctor", content=body, headers=headers)


async def advice(one: LiveServer, **question: Any) -> str:
    answer = await ask(one, **question)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.json()["advice"])


def keys_of(one: LiveServer) -> SigningKeys:
    return SigningKeys(one.folder / "data" / "keys", one.parts.shop.clock)


async def test_a_page_of_the_shop_needs_a_pass_for_its_own_origin(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        now = one.parts.shop.clock.now()
        bare = await ask(one, ORIGIN, sku="RUN-42")
        assert (bare.status_code, bare.json()["code"]) == (401, "doctor.pass")
        assert "tactful snippet --doctor" in bare.json()["detail"]
        assert bare.headers["access-control-allow-origin"] == ORIGIN
        wrong = issue_pass(keys_of(one), "https://other.example", now)
        assert (await ask(one, ORIGIN, sku="RUN-42", **{"pass": wrong})).status_code == 401
        right = issue_pass(keys_of(one), ORIGIN, now)
        answer = await ask(one, ORIGIN, sku="RUN-42", **{"pass": right})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        shown = answer.json()
        assert (shown["known"], shown["cost"], shown["available"]) == (True, True, 6)
        assert shown["price"] == {"amount": 12900, "currency": "EUR"}
        assert "5200" not in answer.text, "a cost is confidential"


async def test_another_origin_is_refused_and_the_server_key_asks_without_one(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        refused = await ask(one, "https://evil.example", sku="RUN-42")
        assert (refused.status_code, refused.json()["code"]) == (403, "origin.refused")
        assert "access-control-allow-origin" not in refused.headers
        answer = await one.http.post("/v1/doctor", json={"sku": "RUN-42", "territory": "DE"})
        assert answer.json()["known"] is True
        answer = await one.http.post(
            "/v1/doctor", json={"sku": "RUN-42"}, headers={"Authorization": "Bearer no"}
        )
        assert answer.status_code == 401


@pytest.mark.parametrize("test_mode", [True, False])
async def test_a_page_of_this_machine_needs_no_pass_in_test_mode(
    tmp_path: Path, test_mode: bool
) -> None:
    async with live_server(tmp_path, rules(), origins=(LOCAL,), test_mode=test_mode) as one:
        answer = await ask(one, sku="RUN-42")
        assert answer.status_code == (200 if test_mode else 401)


async def test_a_malformed_question_is_answered_so_that_the_page_can_read_it(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, origins=(LOCAL,)) as one:
        answer = await ask(one, skew="RUN-42")
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")
        assert answer.headers["access-control-allow-origin"] == LOCAL


async def test_where_nothing_is_wrong_there_is_no_advice(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(), origins=(LOCAL,)) as one:
        await one.facts(*CATALOGUE)
        assert await advice(one, sku="RUN-42") == ""


async def test_the_address_finds_an_item_that_the_page_does_not_name(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(), origins=(LOCAL,)) as one:
        await one.facts(*CATALOGUE, product("RUN-42", "Aero", "Velo", "running", url="/p/aero"))
        for named in ({}, {"sku": "theme-id-7"}):
            answer = await ask(one, url=f"{LOCAL}/p/aero", **named)
            assert answer.json()["sku"] == "RUN-42"


async def test_the_verdicts_are_those_of_the_shoppers_own_session(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(), origins=(ORIGIN, LOCAL)) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 5)
        found = (await ask(one, sku="RUN-42", session=shopper.session)).json()
        assert found["rules"][0]["reasons"] == ["timing.wait"]
        await shopper.view("RUN-42", 40)
        await shopper.offered()
        found = (await ask(one, sku="RUN-42", session=shopper.session)).json()
        assert (found["rules"][0]["outcome"], found["advice"]) == ("standing", [])
        gone = (await ask(one, sku="RUN-42", session="se_gone")).json()
        assert gone["rules"][0]["outcome"] == "pushed", "a visit is assumed"
