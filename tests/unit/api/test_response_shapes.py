"""A real response of every endpoint has exactly the shape that the OpenAPI document states."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from journeys.fixture import CATALOGUE, order, rules
from support.live_server import LiveServer, live_server
from tactful.api.openapi import QUERIES, REQUESTS, SUMMARIES
from tactful.api.response_shapes import RESPONSES, ProblemDocument
from tactful.config.connector_settings import ConnectorSettings
from tactful.runtime.security.bridge_keys import BridgeKeys

WITHOUT_SHAPE = {
    "/metrics", "/openapi.json", "/asyncapi.json", "/widget/{name}", "/v1/session",
    "/v1/session/stream", "/v1/session/stream/{stream}", "/v1/in/{connector}",
    "/v1/in/{connector}/{secret}", "/v1/connectors/{connector}/reconcile",
}  # fmt: skip


class Asker:
    """Sends requests, checks each response by its shape, and notes the endpoint."""

    def __init__(self, one: LiveServer) -> None:
        self.one = one
        self.asked: set[tuple[str, str]] = set()

    async def ask(self, method: str, path: str, named: str = "", /, **options: Any) -> Any:
        """The response of an endpoint; `named` replaces the part in braces."""
        before, brace, after = path.partition("{")
        address = before + named + after.partition("}")[2] if brace else path
        answer = await self.one.http.request(method, address, **options)
        self.asked.add((method, path))
        return checked(answer, RESPONSES[method, path])


def checked(answer: httpx.Response, shape: Any) -> Any:
    """The body of a response, which has this shape."""
    if shape is None:
        assert (answer.status_code, answer.content) == (204, b"")
        return None
    assert answer.status_code == 200, answer.text
    msgspec.json.decode(answer.content, type=shape, strict=True)
    return answer.json()


@asynccontextmanager
async def shop_with_an_offer(folder: Path) -> AsyncIterator[tuple[Asker, str, str]]:
    """A shop where a known customer has accepted an offer: (asker, offer, token)."""
    desk = ConnectorSettings(kind="roundup", secret="hush")
    async with live_server(folder, rules(), connectors={"desk": desk}) as one:
        asker = Asker(one)
        await asker.ask("POST", "/v1/facts", json=[*CATALOGUE, order("o1", "mia", "SOCK-3")])
        mia = await one.known("mia")
        await mia.view("RUN-42", 31)
        offer = await mia.offered()
        yield asker, offer["id"], await mia.accept(offer["id"])


async def test_every_endpoint_answers_in_its_shape(tmp_path: Path) -> None:
    async with shop_with_an_offer(tmp_path) as (asker, offer, token):
        ask = asker.ask
        page = await ask("GET", "/v1/facts", params={"of": "price"})
        assert page["facts"]
        await ask("GET", "/v1/facts", params={"of": "stock"})
        await asker.one.http.post("/v1/in/desk/hush", content=b"{")
        shown = await ask("GET", "/v1/connectors")
        assert shown["connectors"][0]["name"] == "desk"
        await ask("POST", "/v1/connectors/{connector}/retry", "desk")
        shown = await ask("GET", "/v1/offers/{id}", offer)
        assert shown["inputs"]
        why = await ask("GET", "/v1/why", params={"sku": "TRAIL-42", "customer": "mia"})
        assert why["rules"][0]["gates"]
        await ask("GET", "/v1/why", params={"sku": "RUN-43", "territory": "DE", "dwell": "45s"})
        await ask("GET", "/v1/decisions", params={"offer": offer})
        body = {"token": token, "order": "o2", "territory": "DE", "customer": "mia",
                "lines": [{"sku": "RUN-42", "qty": 1}]}  # fmt: skip
        await ask("POST", "/v1/redemptions", json=body | {"hold": 60})
        await ask("POST", "/v1/redemptions/{order}/confirm", "o2", json={"order": "o3"})
        listed = await ask("GET", "/v1/redemptions", params={"order": "o3"})
        assert listed["redemptions"][0]["also"] == ["o3"]
        refund = {"refund": "r1", "lines": [{"sku": "RUN-42", "qty": 1}]}
        await ask("POST", "/v1/redemptions/{order}/refund", "o2", json=refund)
        await ask("POST", "/v1/redemptions/{order}/cancel", "o2")
        await ask("GET", "/v1/budgets")
        await ask("POST", "/v1/codes/{pool}", "spring", json={"codes": ["SPRING-7KQ2"]})
        assert (await ask("GET", "/v1/codes"))["pools"]
        await ask("DELETE", "/v1/codes/{pool}", "spring")
        await ask("GET", "/v1/shadow", params={"rule": "R1", "last": "30d"})
        report = await ask("GET", "/v1/report", params={"rule": "R1"})
        assert report["verdict"] == "too_early"
        report = await ask("GET", "/v1/experiments/{id}/report", "none")
        assert report["arms"] == {}
        await ask("GET", "/v1/prices/{sku}", "RUN-42", params={"territory": "DE"})
        await ask("POST", "/v1/rules/{id}/pause", "R1")
        await ask("POST", "/v1/rules/{id}/resume", "R1")
        (asker.one.rules / "rules.yaml").write_text(rules(percent="10%"), "utf-8")
        await ask("POST", "/v1/rulebook/reload")
        await ask("POST", "/v1/rulebook/rollback")
        await ask("POST", "/v1/rulebook/stop", json={"reason": "a wrong price"})
        await ask("GET", "/v1/rulebook")
        await ask("POST", "/v1/rulebook/start")
        await ask("GET", "/v1/acts")
        await ask("GET", "/.well-known/jwks.json")
        await ask("GET", "/healthz")
        ready = await ask("GET", "/readyz")
        assert ready["feeds"]
        await ask("GET", "/version")
        plugins = BridgeKeys(asker.one.parts.shop.state.keys.folder, asker.one.parts.shop.clock)
        await ask("POST", "/v1/pair", json={"code": plugins.new_code("woo", "https://a.example")})
        await ask("POST", "/v1/doctor", json={"sku": "RUN-42", "territory": "DE"})
        case = {"type": "case", "case": "k9", "customer": "mia", "kind": "unknown", "kind_by": "none",
                "status": "open", "opened_at": "2026-03-10T12:00:00Z"}  # fmt: skip
        await asker.one.facts(case)
        await ask("POST", "/v1/cases/{id}/correct", "k9", json={"kind": "question"})
        await ask("GET", "/v1/customers/{id}/export", "mia")
        await ask("DELETE", "/v1/customers/{id}", "mia")
        await ask("GET", "/v1/contacts/{hash}", "ab" * 32)
        await ask("DELETE", "/v1/contacts/{hash}", "ab" * 32)
        await ask("POST", "/v1/test/clock", json={"advance": 1})
        bad = await asker.one.http.post("/v1/facts", json=[{"type": "price"}])
        assert bad.json()["rejected"]
        checked(bad, RESPONSES["POST", "/v1/facts"])
        assert (await ask("GET", "/v1/events"))["events"]
        (alert, *_) = (await ask("GET", "/v1/alerts"))["alerts"]
        await ask("POST", "/v1/alerts/{id}/acknowledge", alert["id"])
        await ask("POST", "/v1/alerts/{id}/snooze", alert["id"], json={"duration": "1h"})
        await ask("POST", "/v1/alerts/{id}/resolve", alert["id"])
        assert asker.asked == set(RESPONSES)


async def test_a_problem_has_the_shape_of_a_problem(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        for answer in (
            await one.http.get("/v1/offers/none"),
            await one.http.post("/v1/redemptions", json={}),
            await one.http.get("/v1/why"),
        ):
            assert answer.headers["content-type"] == "application/problem+json"
            msgspec.json.decode(answer.content, type=ProblemDocument, strict=True)


def test_every_endpoint_with_json_has_a_shape() -> None:
    assert set(RESPONSES) == {pair for pair in SUMMARIES if pair[1] not in WITHOUT_SHAPE}
    assert REQUESTS.keys() <= RESPONSES.keys()
    assert {("GET", path) for path in QUERIES} <= RESPONSES.keys()


def test_a_field_without_a_place_in_the_shape_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(
            b'{"name":"tactful","version":"1","more":1}', type=RESPONSES["GET", "/version"]
        )
