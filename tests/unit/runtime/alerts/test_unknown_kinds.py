"""Too many shoppers with a case of unknown kind are an alert with the lines that help."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, case, rules
from support.live_server import LiveServer, live_server
from tactful.runtime.alerts import unknown_kinds
from tactful.runtime.alerts.unknown_kinds import UnknownKinds


async def found(one: LiveServer) -> list[dict[str, int]]:
    shop = one.parts.shop
    await shop.alerts.check()
    return [dict(x.evidence) for x in shop.alerts.unresolved() if x.kind == "cases.unknown"]  # type: ignore[arg-type]


async def test_an_alert_is_raised_and_closes_with_the_corrected_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknown_kinds, "LEAST_SHOPPERS", 2)
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case("k1", "c1", "unknown", skus=["RUN-42"]))
        for customer in ("c1", "c2"):
            await (await one.known(customer)).view("RUN-42", 1)
        await one.advance(61)
        assert await found(one) == [{"shoppers": 1, "identified": 2}]
        metrics = one.parts.shop.state.telemetry.exposition().decode()
        assert "\ntactful_unknown_case_shoppers 1.0\n" in metrics
        await one.facts(case("k1", "c1", "question", skus=["RUN-42"]))
        for customer in ("c1", "c2"):
            await (await one.known(customer)).view("RUN-42", 1)
        await one.advance(61)
        assert await found(one) == []


async def test_few_shoppers_and_other_kinds_raise_none(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        kept = case("k1", "c1", "unknown", skus=["RUN-42"], status="resolved")
        await one.facts(*CATALOGUE, case("k2", "c2", "defect", skus=["RUN-42"]), kept)
        for customer in ("c1", "c2"):
            await (await one.known(customer)).view("RUN-42", 1)
        await one.advance(61)
        assert UnknownKinds(one.parts.shop.state).count() == (0, 2)
        assert await found(one) == []


async def test_sessions_are_counted_at_most_once_a_minute(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        counter = UnknownKinds(one.parts.shop.state)
        assert counter.count() == (0, 0)
        await (await one.known("c1")).view("RUN-42", 1)
        assert counter.count() == (0, 0)
        await one.advance(61)
        assert counter.count() == (0, 1)
