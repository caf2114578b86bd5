"""Processor time of one slice of an import, on the event loop and on the ledger's writer, in ms.

Run: `.venv/bin/python tests/bench/bench_import_slices.py`. The slice lengths are interleaved round by
round, and the least processor time counts: other work on the machine only adds to it.
"""

import asyncio
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from harness import options, report  # noqa: E402 - after the path

from support.live_server import LiveServer, live_server  # noqa: E402
from tactful.runtime.services import ingest  # noqa: E402

LENGTHS = (ingest.BUSY_SLICE_FACTS, ingest.SLICE_FACTS, 1_024)
FACTS, ROUNDS = 8_192, 5


def facts(first: int, count: int) -> list[bytes]:
    """Prices and stocks of items that nobody looks at, as a nightly import has them."""
    made: list[dict[str, Any]] = []
    for number in range(first, first + count // 2):
        place = {"sku": f"SKU-{number}", "territory": "DE"}
        amount = {"amount": 1_000 + number % 9_000, "currency": "EUR"}
        made.append(
            {"type": "price", **place, "price": amount, "tax_included": True, "tax_rate_bp": 1900}
        )
        made.append({"type": "stock", **place, "available": number % 50})
    return [json.dumps(one).encode() for one in made]


def writer_seconds() -> float:
    """Processor time of the ledger's writer so far."""
    (writer,) = (one for one in threading.enumerate() if one.name == "ledger-writer")
    assert writer.ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(writer.ident))


async def measured(one: LiveServer, length: int, raw: list[bytes]) -> tuple[float, float]:
    """Milliseconds of processor time for each slice of this length: of the loop, and of the writer."""
    ingest.SLICE_FACTS = ingest.BUSY_SLICE_FACTS = length  # type: ignore[misc]
    loop, writer = time.thread_time(), writer_seconds()
    done = await one.parts.shop.ingest.ingest(raw)
    await one.parts.shop.settled()
    slices = len(raw) / length
    took = (time.thread_time() - loop) / slices, (writer_seconds() - writer) / slices
    assert done.accepted == len(raw), done
    return took[0] * 1e3, took[1] * 1e3


async def run(count: int, rounds: int) -> dict[str, float]:
    """Milliseconds of each slice, and microseconds of each fact, by the length of the slice."""
    found: dict[int, list[tuple[float, float]]] = {length: [] for length in LENGTHS}
    with tempfile.TemporaryDirectory() as folder:
        async with live_server(Path(folder)) as one:
            await one.parts.shop.ingest.ingest(facts(0, 1_024))
            first = 1_024
            for _ in range(rounds):
                for length in LENGTHS:
                    found[length].append(await measured(one, length, facts(first, count)))
                    first += count
    figures = {}
    for length, times in found.items():
        loop, writer = (min(column) for column in zip(*times, strict=True))
        figures[f"{length} facts, ms of the event loop"] = round(loop, 2)
        figures[f"{length} facts, ms of the writer"] = round(writer, 2)
        figures[f"{length} facts, µs of both a fact"] = round((loop + writer) / length * 1e3, 1)
    return figures


def main() -> None:
    """Prints the processor time of a slice by its length."""
    chosen = options(__doc__, facts=FACTS, rounds=ROUNDS)
    report("import_slices", asyncio.run(run(int(chosen.facts), int(chosen.rounds))), [])


if __name__ == "__main__":
    main()
