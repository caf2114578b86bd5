"""When an erased customer comes back, and when they do not."""

import asyncio
import hashlib
import hmac
from pathlib import Path
from typing import Any

import msgspec

from journeys.fixture import CATALOGUE, case, order, rules
from support.cli_runner import printed_json, run, run_beside, write_file
from support.live_server import SECRET, LiveServer, live_server

PLACED = "2026-03-01T12:00:00Z"
EXPORT: list[dict[str, Any]] = [
    {"type": "customer", "customer": "c1", "tier": "gold"},
    {**order("o1", "c1", "SOCK-3"), "placed_at": PLACED, "delivered_at": None},
    {**case("k1", "c1", "defect"), "order": "o1", "opened_at": PLACED, "version": 7},
    {**order("o2", "c2", "SOCK-3"), "placed_at": PLACED, "delivered_at": None, "version": 3},
]
LATER = {**order("o3", "c1", "SOCK-3"), "placed_at": "2026-03-10T13:00:00Z", "delivered_at": None}


async def erased(one: LiveServer) -> None:
    await one.facts(*CATALOGUE, *EXPORT)
    assert (await one.http.delete("/v1/customers/c1")).status_code == 204
    await one.advance(60)


async def report(one: LiveServer, *facts: dict[str, Any]) -> tuple[int, list[str]]:
    """How many facts were accepted, and the codes of those that were rejected."""
    answer = (await one.http.post("/v1/facts", json=list(facts))).json()
    return answer["accepted"], [each["code"] for each in answer["rejected"]]


async def customer_is_known(one: LiveServer) -> bool:
    return (await one.http.get("/v1/customers/c1/export")).status_code == 200


async def test_last_nights_export_brings_nobody_back(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await erased(one)
        assert await report(one, *EXPORT) == (0, ["fact.erased"] * 3)
        await one.restart()
        assert await report(one, *EXPORT) == (0, ["fact.erased"] * 3)
        assert not await customer_is_known(one)


async def test_a_fact_that_happened_later_begins_the_id_anew(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await erased(one)
        assert await report(one, LATER) == (1, [])
        assert await customer_is_known(one)
        # Facts without an instant are taken again, those from before the erasure never are.
        assert await report(one, *EXPORT) == (1, ["fact.erased"] * 2)
        await one.restart()
        assert await report(one, *EXPORT[1:3]) == (0, ["fact.erased"] * 2)


async def test_only_an_identity_that_was_signed_later_begins_the_id_anew(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await erased(one)
        early = one.identity("c1", age=90)
        digest = hmac.new(SECRET.encode(), b"c1", hashlib.sha256).hexdigest()
        for identity in (early, {"customer": "c1", "hmac": digest}):
            shopper = await one.shopper(consent="personal", identity=identity)
            await shopper.view("RUN-42", 1)
            assert one.parts.shop.state.registry.session_of("c1") is None
        assert not await customer_is_known(one)
        shopper = await one.shopper(consent="personal", identity=one.identity("c1"))
        await one.parts.shop.settled()
        live = one.parts.shop.state.registry.session_of("c1")
        assert live is not None
        await shopper.view("RUN-42", 1)
        assert await customer_is_known(one)
        assert await report(one, EXPORT[0]) == (1, [])
        await one.restart()
        returned = await one.known("c1")
        await returned.view("RUN-42", 1)
        assert one.parts.shop.state.registry.session_of("c1") is not None


async def test_an_identity_on_an_open_page_stays_without_effect_until_it_is_signed_anew(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, *EXPORT)
        shopper = await one.known("c1")
        early = one.identity("c1")
        await one.http.delete("/v1/customers/c1")
        await shopper.say("identify", identity=early)
        assert one.parts.shop.state.registry.session_of("c1") is None
        await one.advance(2)
        await shopper.say("identify", identity=one.identity("c1"))
        await one.parts.shop.settled()
        assert one.parts.shop.state.registry.session_of("c1") is not None


async def test_a_customer_who_began_anew_can_be_erased_again(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await erased(one)
        assert await report(one, LATER) == (1, [])
        await one.advance(7200)
        assert (await one.http.delete("/v1/customers/c1")).status_code == 204
        assert await report(one, LATER) == (0, ["fact.erased"])
        assert not await customer_is_known(one)


async def test_an_import_counts_and_names_facts_about_erased_customers_and_succeeds(
    tmp_path: Path,
) -> None:
    lines = "".join(msgspec.json.encode(fact).decode() + "\n" for fact in EXPORT)
    file = write_file(tmp_path / "export.jsonl", lines)
    async with live_server(tmp_path, rules()) as one:
        await erased(one)
        done = await run_beside(one, "import", file)
        assert done.exit_code == 0, done.output
        assert "0 facts accepted, 1 already known, 3 about erased customers" in done.output
        assert "export.jsonl:1: The customer c1 of this customer was erased" in done.output
    offline = await asyncio.to_thread(run, "import", file, "--data", tmp_path / "data", "--json")
    assert offline.exit_code == 0, offline.output
    body = printed_json(offline)
    assert (body["accepted"], body["ignored"], len(body["erased"])) == (0, 1, 3)
    assert body["rejected"] == []
