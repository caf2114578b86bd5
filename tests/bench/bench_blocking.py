"""For how long the works of the shop's systems keep an offer waiting, in processor time.

An offer waits for the callback of the event loop and for the transaction of the ledger's writer that are
under way. Both are measured, and all that the loop and the writer use from the request of an offer to the
offer: where they share a core of their own, that is how long a shopper waits. Other programs on the
machine do not lengthen processor time. The server and 200 shoppers, who ask for an offer every 15 ms, are in one process; the
works are asked for by others. The event loop is asyncio's own, whose callbacks can be observed.

`--facts`, `--exported`, `--erased` size the works; `--rounds` is how often each is done.
"""

import asyncio
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from asyncio import events
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, Final

import harness
import httpx
import structlog
from bench_mixed_load import MAKE_FACTS, REQUEST, SHOPPERS, SKUS, Buyer, fill, run_program
from manager import HOST, KEY
from msgspec import structs
from restarts import RULES, SETTINGS, facts_of, until

sys.path[:0] = [str(harness.ROOT / "server")]

from tactful.config import load  # noqa: E402 - found on the path just set
from tactful.serving import serve  # noqa: E402
from tactful.stores.relational.writer.group_commit import GroupCommitWriter  # noqa: E402
from tactful.transports.server.listener import Listener  # noqa: E402

SPACING_S: Final = 0.015
QUIET_S: Final = 3.0
WORKS = ("quiet", "import", "export", "erasure")
MEASURES = {"callbacks of the loop": "loop", "transactions": "writer", "offers": "offers"}


class Used:
    """Milliseconds of processor time of every callback, transaction and offer."""

    def __init__(self) -> None:
        self.loop: list[float] = []
        self.writer: list[float] = []
        self.offers: list[float] = []

    @contextmanager
    def observed(self) -> Iterator[None]:
        """Measure the callbacks of asyncio's loop and the transactions of the writer."""
        run: Callable[[events.Handle], None] = events.Handle._run
        write: Callable[[GroupCommitWriter, list[Any]], None] = GroupCommitWriter._write

        def timed_run(handle: events.Handle) -> None:
            began = time.thread_time()
            run(handle)
            self.loop.append(1e3 * (time.thread_time() - began))

        def timed_write(writer: GroupCommitWriter, batch: list[Any]) -> None:
            began = time.thread_time()
            write(writer, batch)
            self.writer.append(1e3 * (time.thread_time() - began))

        setattr(events.Handle, "_run", timed_run)  # noqa: B010 - mypy refuses the assignment
        setattr(GroupCommitWriter, "_write", timed_write)  # noqa: B010
        try:
            yield
        finally:
            setattr(events.Handle, "_run", run)  # noqa: B010
            setattr(GroupCommitWriter, "_write", write)  # noqa: B010


@cache
def _writer_clock() -> int:
    (writer,) = (one for one in threading.enumerate() if one.name == "ledger-writer")
    assert writer.ident is not None
    return time.pthread_getcpuclockid(writer.ident)


def _loop_and_writer_s() -> float:
    return time.thread_time() + time.clock_gettime(_writer_clock())


class MeasuredBuyer(Buyer):
    """A shopper who notes what loop and writer used from the request of an offer to the offer."""

    def __init__(self) -> None:
        super().__init__()
        self.used_ms: list[float] = []
        self._began = 0.0

    def need_rescue(self) -> None:
        self._began = _loop_and_writer_s()
        super().need_rescue()

    def _heard(self, payload: bytes) -> None:
        if payload.startswith(b'{"t":"offer"'):
            self.used_ms.append(1e3 * (_loop_and_writer_s() - self._began))
        super()._heard(payload)


class Shop:
    """The shoppers of a server in this process, and the works that other processes ask of it."""

    def __init__(self, port: int, folder: Path, asked: Any) -> None:
        self._port = port
        self._file = folder / "facts.json"
        self._asked = asked
        self._people: list[MeasuredBuyer] = []
        self._turn: deque[tuple[MeasuredBuyer, str]] = deque()

    async def open(self) -> None:
        """Report what shoppers view, connect them, and make the first offers."""
        headers = {"Authorization": f"Bearer {KEY}"}
        base = f"http://{HOST}:{self._port}"
        facts = [fact for number in range(SKUS) for fact in facts_of(f"s{number}")]
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as http:
            answer = (await http.post("/v1/facts", json=facts)).json()
        assert answer["rejected"] == [], answer
        entering = (MeasuredBuyer().enter(self._port) for _ in range(SHOPPERS))
        for shopper in await asyncio.gather(*entering):
            assert isinstance(shopper, MeasuredBuyer)
            self._people.append(shopper)
        self._turn.extend(
            (one, f"s{(number + sku) % SKUS}")
            for sku in range(SKUS)
            for number, one in enumerate(self._people)
        )
        await self.used("quiet", 0)

    def leave(self) -> None:
        """Disconnect all shoppers."""
        for one in self._people:
            one.transport.abort()

    async def used(self, work: str, number: int) -> Used:
        """What is measured while a work is done."""
        if work == "import":
            made = str(self._asked.facts), str(number), str(self._file)
            await run_program("-c", MAKE_FACTS, *made)
        for one in self._people:
            one.used_ms.clear()
        found = Used()
        with found.observed():
            asking = asyncio.ensure_future(self._ask())
            await self._do(work, number)
            asking.cancel()
            await asyncio.wait([asking])
            await until(lambda: not any(one.is_waiting for one in self._people))
        found.offers = [used for one in self._people for used in one.used_ms]
        return found

    async def _do(self, work: str, number: int) -> None:
        if work == "quiet":
            await asyncio.sleep(QUIET_S)
        elif work == "import":
            await self._request("POST", "/v1/facts", str(self._file))
        elif work == "export":
            await self._request("GET", "/v1/customers/cus-exported/export")
        else:
            await self._request("DELETE", f"/v1/customers/cus-erased-{number}")

    async def _request(self, method: str, path: str, file: str = "") -> None:
        await run_program("-c", REQUEST, str(self._port), KEY, method, path, file)

    async def _ask(self) -> None:
        """Ask for offers until this is cancelled, each when the one before has come."""
        while True:
            shopper, sku = self._turn.popleft()
            await until(lambda: not any(one.is_waiting for one in self._people))
            shopper.view(sku)
            shopper.need_rescue()
            shopper.go_on()
            await asyncio.sleep(SPACING_S)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[int]:
    """Run the server in this process; yields its port."""
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES, "utf-8")
    (folder / "tactful.toml").write_text(SETTINGS, "utf-8")
    flags = {"data": str(folder / "data"), "rules": str(folder / "rules")}
    environ = {"TACTFUL_SERVER_KEY": KEY}
    config = load(file=folder / "tactful.toml", environ=environ, flags=flags)
    listening: asyncio.Future[Listener] = asyncio.get_running_loop().create_future()
    serving = asyncio.ensure_future(
        serve(structs.replace(config, host=HOST, port=0), started=listening.set_result)
    )
    await asyncio.wait([serving, listening], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield (await listening).port
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await serving


async def main() -> None:
    asked = harness.options(__doc__, rounds=3, facts=100_000, exported=100_000, erased=20_000)
    # A busy machine stalls the loop often, and each line about it is work of this process.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found: dict[str, list[Used]] = {work: [] for work in WORKS}
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        (folder / "data").mkdir()
        fill(folder / "data" / "tactful.db", asked.exported, asked.erased, asked.rounds)
        async with served(folder) as port:
            shop = Shop(port, folder, asked)
            await shop.open()
            for number in range(asked.rounds):
                for work, each in found.items():
                    each.append(await shop.used(work, number))
            shop.leave()
    figures: dict[str, Any] = {
        f"{name}, ms of processor time": {
            work: {
                key: round(median(value(getattr(one, field)) for one in each), 2)
                for key, value in (("median", median), ("p99", _p99), ("longest", max))
            }
            for work, each in found.items()
        }
        for name, field in MEASURES.items()
    }
    p99 = {work: [_p99(one.offers) for one in each] for work, each in found.items()}
    times = {work: harness.ratio(p99[work], p99["quiet"]) for work in WORKS[1:]}
    figures["p99 of offers, times quiet"] = times
    goals = [
        harness.goal(
            f"p99 of offers beside an {work}, in processor time, times quiet",
            one["median"], 2, at_most=True,
        )
        for work, one in times.items()
    ]  # fmt: skip
    harness.report("blocking", figures, goals)


def _p99(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


if __name__ == "__main__":
    asyncio.run(main())
