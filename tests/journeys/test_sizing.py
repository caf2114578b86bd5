"""The sizes that `server/OPERATING.md` states for the ledger and for memory."""

import gc
import sqlite3
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from support.manual_runner import ROOT

sys.path.append(str(ROOT / "tests" / "bench"))

from big_shop import Size, build

SIZING = (
    (ROOT / "server" / "OPERATING.md").read_text("utf-8").partition("## Size of the machine")[2]
)
ACTS, ALONE, TOGETHER, IN_COMPANY = 400, 180, 20, 70


def used(ledger: Path) -> int:
    """Bytes of the used pages, the write-ahead log included."""
    with closing(sqlite3.connect(ledger)) as found:
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, free = (
            found.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count")
        )
        return int(pages - free) * 4_096


async def grown(one: LiveServer, number: int, act: Callable[[int], Awaitable[object]]) -> float:
    """Bytes by which the ledger grows per call of `act`."""
    ledger = one.folder / "data" / "tactful.db"
    await one.parts.shop.ledger.flush()
    before = used(ledger)
    for turn in range(number):
        await act(turn)
    await one.parts.shop.settled()
    await one.advance(60)
    await one.parts.shop.ledger.flush()
    return (used(ledger) - before) / number


async def test_a_signal_takes_the_ledger_space_that_the_manual_states(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(category="boots")) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal")
        await shopper.view("RUN-42")

        async def act_alone(_: int) -> None:
            await shopper.say("activity", kind="input")
            await one.advance(1)  # what waits for company is written down

        async def act_often(_: int) -> None:
            for _ in range(TOGETHER - 1):
                await shopper._socket.send('{"t":"activity","kind":"input"}')
            await shopper.say("activity", kind="input")

        await grown(one, 20, act_alone)
        alone = await grown(one, ACTS, act_alone)
        in_company = await grown(one, ACTS // 10, act_often) / TOGETHER
        assert f"{ALONE} bytes alone and {IN_COMPANY} where several come" in SIZING
        assert alone < ALONE
        assert in_company < IN_COMPANY


async def test_a_decision_takes_the_ledger_space_that_the_manual_states(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal")

        async def look(turn: int) -> None:
            await shopper.view(("RUN-42", "TRAIL-42")[turn % 2], 31)

        await grown(one, 10, look)
        bytes_each = await grown(one, 100, look)
        assert "takes 0.3–2.5 KB" in SIZING
        assert 300 < bytes_each < 2_560


async def traced(one: LiveServer, skus: list[str], customers: list[str]) -> int:
    """Bytes that stay when these are in memory."""
    gc.collect()
    tracemalloc.start()
    try:
        for start in range(0, max(len(skus), len(customers)), 100):
            await one.parts.shop.state.fact_cache.load(
                skus[start : start + 100], customers[start : start + 100]
            )
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


async def test_items_and_customers_take_the_memory_that_the_manual_states(tmp_path: Path) -> None:
    one = LiveServer(tmp_path, rules())
    data = one.folder / "data"
    data.mkdir(parents=True)
    build(data / "tactful.db", Size(products=1_000, customers=1_000, lines=20_000))
    await one.start()
    await traced(one, ["sku-0000999"], ["cus-0000999"])
    item = await traced(one, [f"sku-{n:07}" for n in range(500)], []) / 500
    person = await traced(one, [], [f"cus-{n:07}" for n in range(500)]) / 500
    await one.stop()
    assert "takes 3.5 KiB, and a customer with twenty order lines 13 KiB" in SIZING
    assert item < 3.75 * 1_024
    assert person < 13 * 1_024
