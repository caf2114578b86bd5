"""For how long each work of the shop's systems blocks the event loop and the ledger's writer.

An offer waits for the callback and for the transaction under way. Both are measured in processor time,
which other programs on the machine do not lengthen, in a whole server whose ledger also gets a promise
every 15 ms. The event loop is asyncio's own, whose callbacks can be observed.

`--facts`, `--exported`, `--erased` size the works; `--rounds` is how often each is done.
"""

import asyncio
import sys
import tempfile
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import harness
from bench_mixed_load import MAKE_FACTS, REQUEST, fill, run_program

sys.path[:0] = [str(harness.ROOT / "tests"), str(harness.ROOT / "server")]

from support.ledger_rows import offer, push  # noqa: E402 - found on the path just set
from support.live_server import KEY, LiveServer, live_server  # noqa: E402
from tactful.serving import tune_interpreter  # noqa: E402
from tactful.stores.sqlite.writer.group_commit import SqliteWriter  # noqa: E402

PROMISE_SPACING_S: Final = 0.015
QUIET_S: Final = 3.0
WORKS = ("quiet", "import", "export", "erasure")


class Blocked:
    """Milliseconds of processor time of every callback and transaction."""

    def __init__(self) -> None:
        self.loop: list[float] = []
        self.writer: list[float] = []
        self.beside: list[float] = []
        """What the event loop used while a promise waited for its commit, for each promise."""

    @contextmanager
    def observed(self) -> Iterator[None]:
        """Measure the callbacks of asyncio's loop and the transactions of the writer."""
        run: Callable[[events.Handle], None] = events.Handle._run
        write: Callable[[SqliteWriter, list[Any]], None] = SqliteWriter._write

        def timed_run(handle: events.Handle) -> None:
            began = time.thread_time()
            run(handle)
            self.loop.append(1e3 * (time.thread_time() - began))

        def timed_write(writer: SqliteWriter, batch: list[Any]) -> None:
            began = time.thread_time()
            write(writer, batch)
            self.writer.append(1e3 * (time.thread_time() - began))

        setattr(events.Handle, "_run", timed_run)  # noqa: B010 - mypy refuses the assignment
        setattr(SqliteWriter, "_write", timed_write)  # noqa: B010
        try:
            yield
        finally:
            setattr(events.Handle, "_run", run)  # noqa: B010
            setattr(SqliteWriter, "_write", write)  # noqa: B010


class Shop:
    """A server in this process, and the works that other processes ask of it."""

    def __init__(self, one: LiveServer, folder: Path, asked: Any) -> None:
        self._one = one
        self._file = folder / "facts.json"
        self._asked = asked
        self._promises = 0

    async def blocked(self, work: str, number: int) -> Blocked:
        """What is measured while a work is done."""
        if work == "import":
            made = str(self._asked.facts), str(number), str(self._file)
            await run_program("-c", MAKE_FACTS, *made)
        found = Blocked()
        with found.observed():
            promising = asyncio.ensure_future(self._promise(found))
            await self._do(work, number)
            promising.cancel()
            await asyncio.wait([promising])
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
        port = str(self._one.listener.port)
        await run_program("-c", REQUEST, port, KEY, method, path, file)

    async def _promise(self, found: Blocked) -> None:
        """Make promises until this is cancelled."""
        shop = self._one.parts.shop
        while True:
            self._promises += 1
            made = offer(f"of_{self._promises}", session=f"se_{self._promises}")
            turn = push(made, limit=None)
            began = time.thread_time()
            assert await shop.ledger.commit(turn) is None
            found.beside.append(1e3 * (time.thread_time() - began))
            shop.state.telemetry.record_commit(shop.state.telemetry.clock())
            await asyncio.sleep(PROMISE_SPACING_S)


async def main() -> None:
    asked = harness.options(__doc__, rounds=3, facts=100_000, exported=100_000, erased=20_000)
    found: dict[str, list[Blocked]] = {work: [] for work in WORKS}
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        (folder / "data").mkdir()
        fill(folder / "data" / "tactful.db", asked.exported, asked.erased, asked.rounds)
        async with live_server(folder) as one:
            tune_interpreter()
            shop = Shop(one, folder, asked)
            for number in range(asked.rounds):
                for work, each in found.items():
                    each.append(await shop.blocked(work, number))
    figures = {
        f"{name}, ms of processor time": {
            work: {
                "median": round(median(median(getattr(one, field)) for one in each), 2),
                "longest": round(median(max(getattr(one, field)) for one in each), 1),
                "p99.9": round(median(_quantile(getattr(one, field)) for one in each), 1),
                "in all": round(median(sum(getattr(one, field)) for one in each)),
            }
            for work, each in found.items()
        }
        for name, field in (
            ("callbacks of the loop", "loop"),
            ("transactions", "writer"),
            ("loop while a promise waits", "beside"),
        )
    }
    harness.report("blocking", figures, [])


def _quantile(values: list[float]) -> float:
    return sorted(values)[len(values) * 999 // 1000]


if __name__ == "__main__":
    asyncio.run(main())
