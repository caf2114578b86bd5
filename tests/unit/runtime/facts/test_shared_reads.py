"""Callers share reads, addresses take turns, and nothing is read for a caller who left."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from random import Random  # noqa: TID251 - seeded, so that a failure can be repeated
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.runtime.facts.shared_reads import SharedReads, Work


class Reads:
    """Reads that end when the test says so."""

    def __init__(self, places: int = 2) -> None:
        self.idle = 0
        self.shared = SharedReads(self._idle, places)
        self.begun: list[str] = []
        self.running: dict[str, asyncio.Future[None]] = {}

    def _idle(self) -> None:
        self.idle += 1

    async def _read(self, key: str) -> None:
        assert key not in self.running, "two reads of one entry"
        self.begun.append(key)
        future = self.running[key] = asyncio.get_running_loop().create_future()
        try:
            await future
        finally:
            del self.running[key]

    def wanted(self, *keys: str) -> dict[str, Work]:
        return {key: partial(self._read, key) for key in keys}

    def ask(self, *keys: str, payer: str = "") -> "asyncio.Task[None]":
        work: Coroutine[Any, Any, None] = self.shared.run(self.wanted(*keys), payer)
        return asyncio.ensure_future(work)

    async def end_all(self) -> None:
        await settle()
        while self.running:
            for future in [*self.running.values()]:
                future.set_result(None)
            await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_callers_of_one_entry_share_its_read() -> None:
    reads = Reads()
    first, second = reads.ask("a", payer="x"), reads.ask("a", payer="y")
    await settle()
    assert (reads.begun, reads.shared.awaited) == (["a"], {"a": 2})
    await reads.end_all()
    await asyncio.gather(first, second)
    assert (len(reads.shared), reads.shared.awaited, reads.idle) == (0, {}, 1)


async def test_an_address_with_one_question_is_served_before_the_second_of_a_flood() -> None:
    reads = Reads()
    flood = reads.ask(*[f"flood{n}" for n in range(200)], payer="stranger")
    await settle()
    good = reads.ask("good", payer="shopper")
    await settle()
    assert reads.begun == ["flood0", "flood1"]
    for future in [*reads.running.values()]:
        future.set_result(None)
    await settle()
    assert reads.begun == ["flood0", "flood1", "flood2", "good"]
    await reads.end_all()
    await asyncio.gather(flood, good)


async def test_an_entry_that_waits_behind_a_flood_begins_with_the_turn_of_another_payer() -> None:
    reads = Reads()
    keys = [f"item{n}" for n in range(200)]
    flood = reads.ask(*keys, payer="stranger")
    await settle()
    good = reads.ask(keys[-1], payer="shopper")
    for future in [*reads.running.values()]:
        future.set_result(None)
    await settle()
    assert keys[-1] in reads.begun[:4]
    await reads.end_all()
    await asyncio.gather(flood, good)
    assert sorted(reads.begun) == sorted(keys)


async def test_what_the_last_caller_leaves_is_not_begun() -> None:
    reads = Reads()
    alone = reads.ask(*"abcdef", payer="stranger")
    other = reads.ask("f", payer="shopper")
    await settle()
    alone.cancel()
    await reads.end_all()
    assert (reads.begun, reads.shared.not_begun) == (["a", "b", "f"], 3)
    await other
    with pytest.raises(asyncio.CancelledError):
        await alone
    assert (len(reads.shared), reads.shared.awaited) == (0, {})


async def test_an_entry_that_was_given_up_can_be_asked_for_again() -> None:
    reads = Reads(places=1)
    running = reads.ask("a")
    await settle()
    given_up = reads.ask("b")
    await settle()
    given_up.cancel()
    again = reads.ask("b")
    await reads.end_all()
    await asyncio.gather(running, again)
    assert reads.begun == ["a", "b"]


async def test_a_read_that_fails_fails_its_callers_and_frees_its_place() -> None:
    reads = Reads(places=1)
    callers = [reads.ask("a", payer="x"), reads.ask("a", "b", payer="y")]
    await settle()
    reads.running["a"].set_exception(ZeroDivisionError())
    await reads.end_all()
    found = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(one) for one in found] == [ZeroDivisionError] * 2
    last = reads.ask("a")
    await reads.end_all()
    await last


async def test_waiting_for_a_read_that_is_not_there_takes_no_time() -> None:
    reads = Reads()
    await reads.shared.wait_for("a")
    caller = reads.ask("a")
    await settle()
    waiting = asyncio.ensure_future(reads.shared.wait_for("a"))
    await settle()
    assert not waiting.done()
    await reads.end_all()
    await asyncio.gather(caller, waiting)


@given(st.integers(0, 2**32))
def test_every_caller_who_stays_is_answered_and_no_place_is_lost(seed: int) -> None:
    async def run() -> None:
        random = Random(seed)
        places = random.randint(1, 4)
        reads = Reads(places)
        callers: list[asyncio.Task[None]] = []
        for _ in range(60):
            kind = random.choice(["ask", "ask", "leave", "end", "fail", "settle"])
            if kind == "ask":
                keys = random.sample("abcdefgh", random.randint(1, 5))
                callers.append(reads.ask(*keys, payer=random.choice("xyz")))
            elif kind == "leave" and callers:
                random.choice(callers).cancel()
            elif kind in {"end", "fail"} and reads.running:
                future = reads.running[random.choice([*reads.running])]
                if not future.done() and kind == "end":
                    future.set_result(None)
                elif not future.done():
                    future.set_exception(ZeroDivisionError())
            else:
                await settle()
            assert len(reads.running) <= places
        await reads.end_all()
        await asyncio.wait_for(asyncio.gather(*callers, return_exceptions=True), 30)
        await settle()
        assert (len(reads.shared), reads.shared.awaited) == (0, {})
        assert reads.shared._free == places
        assert not any(reads.shared._waiting.values())
        last = reads.ask("z")
        await reads.end_all()
        await asyncio.wait_for(last, 30)

    asyncio.run(run())
