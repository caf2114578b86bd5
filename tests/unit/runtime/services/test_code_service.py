"""Pools of discount codes: imported, counted, withdrawn, and watched."""

from pathlib import Path
from typing import Any

import pytest

from support.bare_shop import NOON, bare_shop
from support.builders import rule, rulebook
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.values.calendar import HOUR
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.ports.code_store import PoolCounts
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services.code_service import Pool
from tactful.runtime.shop import Shop


async def started(folder: Path, **fields: Any) -> Shop:
    """A shop with one rule that draws on the pool `p`."""
    shop = bare_shop(folder)
    await shop.start()
    shop.state.active_rulebook.replace(rulebook(rule("R1", codes="p", **fields)), NOON)
    return shop


def some(count: int) -> list[FreeCode]:
    return [FreeCode(f"C-{number}") for number in range(count)]


async def test_codes_are_in_memory_when_the_import_is_answered(tmp_path: Path) -> None:
    shop = await started(tmp_path)
    assert (await shop.codes.add("p", some(2))).added == 2
    assert shop.state.codes.count("p") == 2
    assert (await shop.codes.add("p", [FreeCode("D")], dry_run=True)).added == 1
    assert shop.state.codes.count("p") == 2
    assert await shop.codes.withdraw("p") == 2
    assert shop.state.codes.count("p") == 0
    await shop.stop()


async def test_pools_are_those_with_codes_and_those_that_rules_name(tmp_path: Path) -> None:
    shop = await started(tmp_path)
    await shop.codes.add("unused", some(1))
    assert await shop.codes.pools() == [
        Pool(counts=PoolCounts(pool="p"), rules=("R1",)),
        Pool(counts=PoolCounts(pool="unused", free=1), rules=()),
    ]
    await shop.stop()


async def test_a_pool_with_less_than_a_tenth_of_its_codes_is_a_cause(tmp_path: Path) -> None:
    shop = await started(tmp_path, owner="Ada")
    empty = Cause("codes.low", "p", {"free": 0, "codes": 0, "rule": "R1"}, "Ada")
    assert list(shop.codes.causes()) == [empty]
    await shop.codes.add("p", some(20))
    assert list(shop.codes.causes()) == []
    for number in range(18):
        shop.state.codes.discard(f"C-{number}")
    assert list(shop.codes.causes()) == []
    shop.state.codes.discard("C-18")
    (low,) = shop.codes.causes()
    assert low.evidence == {"free": 1, "codes": 20, "rule": "R1"}
    await shop.stop()


async def test_a_paused_rule_needs_no_codes(tmp_path: Path) -> None:
    shop = await started(tmp_path, paused=True)
    assert list(shop.codes.causes()) == []
    await shop.stop()


async def test_codes_that_another_process_gave_back_are_found_within_an_hour(
    tmp_path: Path,
) -> None:
    shop = await started(tmp_path)
    await shop.codes.add("p", some(1))
    shop.state.codes.discard("C-0")
    await shop.move_clock(NOON + HOUR)
    assert shop.state.codes.count("p") == 1
    await shop.stop()


async def test_a_reading_that_fails_leaves_the_codes_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await started(tmp_path)

    async def fail() -> list[tuple[str, FreeCode]]:
        raise LedgerError("no room")

    monkeypatch.setattr(shop.ledger, "free_codes", fail)
    assert (await shop.codes.add("p", some(1))).added == 1
    assert shop.state.codes.count("p") == 0
    with pytest.raises(LedgerError):
        await shop.codes.start_over()
    await shop.stop()
