"""A year of a real shop on a live server: every taint suppresses, and only the customers concerned.

Run: `TACTFUL_REAL_DATA=folder .venv/bin/python tests/bench/bench_uk_retail.py [--orders N]`.
Without the real data the excerpt in `examples/data` is used. The exit code is 1 if a line was
decided wrongly.
"""

import argparse
import asyncio
import logging
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

import structlog  # noqa: E402 - after the path
from harness import goal, report  # noqa: E402
from msgspec import Struct  # noqa: E402

from journeys.retail_run import POLICY, RULE, Outcome, begin, bring_in, play  # noqa: E402
from journeys.uk_retail import Event, Purchase, events, expected, let_down_before  # noqa: E402
from support.live_server import live_server  # noqa: E402
from support.real_data import folder_of  # noqa: E402
from tactful.cli.shared.progress import progress  # noqa: E402

ROOT = Path(__file__).parents[2]
PROCESSES = 2
SERVERS = 3
"""Shards per process: they wait for the disk, not for the processor."""


def source() -> tuple[str, Path, Path]:
    """The data set: its name, the folder of orders, the file of products."""
    whole = folder_of("uk-retail")
    if whole:
        return "the whole data", whole / "public", whole / "products.jsonl"
    excerpt = ROOT / "examples" / "data" / "uk-retail"
    return "the excerpt; TACTFUL_REAL_DATA names the whole", excerpt, excerpt / "products.jsonl"


class Shard(Struct, frozen=True):
    """A part of the customers, for one server: their histories are independent of all others."""

    number: int
    of: int
    orders: int | None


def events_of(shard: Shard) -> list[Event]:
    """The events of the shard's customers."""
    found = events(source()[1])
    if shard.orders:
        last = [event for event in found if isinstance(event, Purchase)][: shard.orders][-1]
        found = found[: found.index(last) + 1]
    return [event for event in found if int(event.customer) % shard.of == shard.number]


async def play_shard(found: list[Event], done: Callable[[], None]) -> Outcome:
    """Run one shard on a server of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        async with live_server(Path(scratch), RULE, policy=POLICY, default_territory="GB") as one:
            await begin(one, found)
            await bring_in(one, source()[2], Path(scratch))
            return await play(one, found, lambda _: done())


def play_shards(shards: list[Shard], counter: Any) -> list[Outcome]:
    """Run several shards in this process: while one waits for the disk, another decides."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    def done() -> None:
        with counter.get_lock():
            counter.value += 1

    parsed = [events_of(shard) for shard in shards]  # before anybody has to answer in time

    async def together() -> list[Outcome]:
        return await asyncio.gather(*(play_shard(found, done) for found in parsed))

    return asyncio.run(together())


def run(orders: int | None) -> tuple[bool, dict[str, Any]]:
    """Run all shards on both cores, and count."""
    shards = [Shard(number, PROCESSES * SERVERS, orders) for number in range(PROCESSES * SERVERS)]
    everything = [event for shard in shards for event in events_of(shard)]
    context = multiprocessing.get_context("spawn")
    counter = context.Value("i", 0)
    results = context.SimpleQueue()
    workers = [
        context.Process(target=work, args=(shards[n::PROCESSES], counter, results), daemon=True)
        for n in range(PROCESSES)
    ]
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    with progress("playing", len(everything)) as step:
        for worker in workers:
            worker.start()
        while len(outcomes) < len(shards):
            time.sleep(0.5)
            step(counter.value)
            if not results.empty():
                outcomes += results.get()
            if any(worker.exitcode for worker in workers):
                raise SystemExit("a worker failed; what it said stands above")
    return judged(outcomes, everything, time.perf_counter() - started)


def work(shards: list[Shard], counter: Any, results: Any) -> None:
    """Run shards in a process of its own."""
    results.put(play_shards(shards, counter))


def judged(
    outcomes: list[Outcome], found: list[Event], seconds: float
) -> tuple[bool, dict[str, Any]]:
    """Whether every line was decided correctly, and the figures."""
    withheld = {line: why for outcome in outcomes for line, why in outcome.withheld.items()}
    offered = set().union(*(outcome.offered for outcome in outcomes))
    both = Outcome(offered, withheld, seconds)
    wanted = set(expected(source()[1])) & (offered | set(withheld))
    right = {line for line in wanted if withheld.get(line) == "return.recent"}
    suppressed = set(both.suppressed)
    return right == wanted == suppressed, {
        "played": source()[0],
        "order_lines": both.decisions,
        "expected_suppressions": len(wanted),
        "recall": len(right) / max(len(wanted), 1),
        "suppressed_beyond_the_window": len(suppressed - wanted),
        "false_suppressions": len(suppressed - let_down_before(found)),
        "wrong_first": [
            f"order {order}, {sku}: {withheld.get((order, sku), 'offered')}"
            for order, sku in sorted(suppressed ^ wanted)[:20]
        ],
        "withheld_for_other_reasons": dict(both.others()),
        "decisions_per_second": round(both.decisions / seconds),
    }


def main() -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, help="stop after so many orders")
    good, figures = run(options.parse_args().orders)
    report(
        "uk_retail",
        figures,
        [
            goal("share of the expected suppressions", figures["recall"], 1.0),
            goal("false suppressions", figures["false_suppressions"], 0, at_most=True),
        ],
    )
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
