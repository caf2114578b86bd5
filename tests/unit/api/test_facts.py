"""Bursts of reports: those beyond the bounds are to be sent again, and nothing is lost."""

import asyncio
import random  # noqa: TID251 -- seeded
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import stock
from support.live_server import LiveServer, live_server
from support.raw_connections import eventually
from tactful.api import facts as facts_api

NEWS = [stock(f"s{number % 20}", "DE", number, version=number) for number in range(120)]


async def in_force(one: LiveServer) -> list[bytes]:
    subjects = [("sku", f"s{number}") for number in range(20)]
    return sorted(kept.body for kept in await one.parts.shop.ledger.facts_about(subjects))


async def report(one: LiveServer, fact: dict[str, object]) -> int:
    return (await one.http.post("/v1/facts", json=[fact])).status_code


async def test_a_report_beyond_the_bound_gets_429_with_retry_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_api, "MAX_REPORTS", 5)
    async with live_server(tmp_path) as one:
        ledger, gate = one.parts.shop.ledger, asyncio.Event()
        record = ledger.record_facts
        waiting: list[Any] = []

        async def slowly(rows: Any, **options: Any) -> Any:
            waiting.append(rows)
            await gate.wait()
            return await record(rows, **options)

        monkeypatch.setattr(ledger, "record_facts", slowly)
        in_progress = [asyncio.ensure_future(report(one, fact)) for fact in NEWS[:5]]
        await eventually(lambda: len(waiting) == 5)
        refused = await one.http.post("/v1/facts", json=NEWS[5:6])
        assert (refused.status_code, refused.json()["code"]) == (429, "facts.busy")
        assert refused.headers["retry-after"] == "1"
        gate.set()
        assert await asyncio.gather(*in_progress) == [200] * 5
        assert await report(one, NEWS[5]) == 200


async def test_the_catalogue_is_listed_by_kind_and_other_kinds_are_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await report(one, stock("s1", "DE", 3))
        page = (await one.http.get("/v1/facts", params={"of": "stock"})).json()
        assert [fact["available"] for fact in page["facts"]] == [3]
        assert page["next"] is None
        refused = await one.http.get("/v1/facts", params={"of": "order"})
        assert (refused.status_code, refused.json()["code"]) == (400, "query.missing")


async def test_large_reports_are_bounded_by_their_bytes_and_one_alone_always_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_api, "MAX_REPORT_BYTES", 10)
    async with live_server(tmp_path) as one:
        assert await report(one, NEWS[0]) == 200


@pytest.mark.thorough
@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(3))
async def test_a_burst_out_of_order_with_duplicates_and_refusals_ends_as_it_was_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(facts_api, "MAX_REPORTS", 3)
    rng = random.Random(seed)
    async with live_server(tmp_path / "plain") as one:
        for fact in NEWS:
            assert await report(one, fact) == 200
        wanted = await in_force(one)
    async with live_server(tmp_path / "burst") as one:
        left, refused = NEWS + rng.sample(NEWS, 60), 0
        rng.shuffle(left)
        while left:
            statuses = await asyncio.gather(*(report(one, fact) for fact in left[:30]))
            again = [fact for fact, status in zip(left, statuses, strict=False) if status == 429]
            assert set(statuses) <= {200, 429}
            refused += len(again)
            left = left[30:] + again
        assert await in_force(one) == wanted
        assert refused > 0


async def test_a_contact_is_counted_and_erased_by_its_hash(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        counted = await one.http.get(f"/v1/contacts/{'ab' * 32}")
        assert counted.json() == {"facts": {}, "named": 0}
        assert (await one.http.get("/v1/contacts/mia")).json()["code"] == "contact.hash"
        assert (await one.http.delete(f"/v1/contacts/{'ab' * 32}")).status_code == 204
        refused = await one.http.delete("/v1/contacts/mia@shop.example")
        assert (refused.status_code, refused.json()["code"]) == (400, "contact.hash")
