"""Rates and processor time of the SQLite ledger, in this or in another checkout.

    python tests/bench/ledger_rates.py [CHECKOUT]

For each line of its input, which names a measure, it prints operations per second and microseconds of
processor time per operation as JSON. Fields that the rows of an earlier version do not have are left out.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

CHECKOUT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])
sys.path[:0] = [str(CHECKOUT / "tests"), str(CHECKOUT / "server")]

from msgspec import structs  # noqa: E402 - found on the path just set

from support.ledger_rows import T0, entry, fact, offer, push  # noqa: E402 - found on the path just set
from tactful.core.facts import fact_codec, fact_versions  # noqa: E402 - found on the path just set
from tactful.runtime.ports import ledger_rows  # noqa: E402 - found on the path just set
from tactful.runtime.ports.ledger_rows import Commit, FactRow  # noqa: E402 - found on the path just set
from tactful.stores.sqlite.ledger import SqliteLedger  # noqa: E402 - found on the path just set

PROMISES, RECORDS, FACTS, BATCH, SIDE_BY_SIDE = 2_000, 10_000, 6_000, 500, 64
STATE, INPUTS, TRACE = b"s" * 600, b"i" * 700, b"t" * 400
FIELDS = set(Commit.__struct_fields__)


def promise(number: int) -> Commit:
    """The commit of a pushed offer, as a turn builds it: with an entry, a state and what was read."""
    session, sku = f"se_{number}", f"SKU-{number % 400}"
    made = offer(f"of_{number}", session=session, sku=sku, product=sku, campaign=f"c{number % 5}")
    named = {
        "state": STATE,
        "resume": b"%032d" % number,
        "seen_at": T0 + number,
        "entry": entry(session, T0 + number, inputs=INPUTS, trace=TRACE),
        "epoch": 1,
        "taken": b"[1,2]",
    }
    if "reads" in FIELDS:
        read = ("sku", sku), ("settings", "rulebook"), ("rule", "r1")
        named["reads"] = ledger_rows.ReadSet(0, read)
        named["stock"] = (ledger_rows.StockNeed(sku, "DE", 100_000),)
    kept = {name: value for name, value in named.items() if name in FIELDS}
    return structs.replace(push(made, limit=1_000_000_000, count=1_000_000), **kept)


def record(number: int) -> Commit:
    """The record of a turn without an offer; one in ten writes the session."""
    session = f"se_{number % 5_000}"
    state = STATE if number % 10 == 0 else None
    made = entry(session, T0 + number, inputs=INPUTS)
    named = {"epoch": 1} if "epoch" in FIELDS else {}
    return Commit(session=session, state=state, seen_at=T0 + number, entry=made, **named)


async def promises(ledger: SqliteLedger, at_once: int) -> "Timed":
    """Promises by some callers, each of which waits for its own."""
    turns = [promise(number) for number in range(PROMISES)]

    async def caller(start: int) -> None:
        for turn in turns[start::at_once]:
            assert await ledger.commit(turn) is None

    timed = Timed()
    await asyncio.gather(*map(caller, range(at_once)))
    return timed.stop(PROMISES)


async def records(ledger: SqliteLedger) -> "Timed":
    """Records, until all are durable."""
    turns = [record(number) for number in range(RECORDS)]
    timed = Timed()
    for start in range(0, RECORDS, BATCH):
        for turn in turns[start : start + BATCH]:
            ledger.record(turn)
        await ledger.flush()
    return timed.stop(RECORDS)


async def facts(ledger: SqliteLedger) -> "Timed":
    """Facts in batches that are each acknowledged; every key has two versions."""
    rows = [
        fact("stock", f"s{n % (FACTS // 2)}|DE|", 1 + n * 2 // FACTS,
             subjects=(("sku", f"s{n % (FACTS // 2)}"),),
             sku=f"s{n % (FACTS // 2)}", territory="DE", available=n)
        for n in range(FACTS)
    ]  # fmt: skip
    parsed = [fact_codec.decode_stored(row.body) for row in rows]
    timed = Timed()
    for start in range(0, FACTS, BATCH):
        part = slice(start, start + BATCH)
        await ledger.record_facts(as_ingested(rows[part], parsed[part]))
    return timed.stop(FACTS)


def as_ingested(rows: list[FactRow], parsed: list[Any]) -> list[FactRow]:
    """The rows with the digest of their content, which the server adds where the row has the field."""
    if "content" not in FactRow.__struct_fields__:
        return rows
    return [
        structs.replace(row, content=fact_versions.content_digest(one))
        for row, one in zip(rows, parsed, strict=True)
    ]


class Timed:
    """Wall-clock and processor time since it was made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._used = time.process_time()

    def stop(self, operations: int) -> "Timed":
        """Return this with its figures per operation."""
        self.rate = operations / (time.perf_counter() - self._started)
        self.cpu_us = (time.process_time() - self._used) / operations * 1e6
        return self


MEASURES: dict[str, Callable[[SqliteLedger], Coroutine[Any, Any, Timed]]] = {
    "promises alone": lambda ledger: promises(ledger, 1),
    "promises, 64 at once": lambda ledger: promises(ledger, SIDE_BY_SIDE),
    "records": records,
    "facts": facts,
}


async def measured(name: str) -> Timed:
    """Take one measurement on a ledger of its own."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = SqliteLedger(Path(folder) / "tactful.db")
        await ledger.open()
        timed = await MEASURES[name](ledger)
        await ledger.close()
    return timed


if __name__ == "__main__":
    for line in sys.stdin:
        found = asyncio.run(measured(line.strip()))
        print(json.dumps({"rate": found.rate, "cpu_us": found.cpu_us}), flush=True)
