"""Time and memory of a report on the effect of offers, in the process that a server starts for it.

Run: `.venv/bin/python tests/bench/bench_effects.py [--units 1000000]`. There are two orders for each unit,
and one in ten belongs to a unit. The digest of the report is printed, so that two versions can be compared.
With `EFFECTS_LEDGERS` the ledger is made once, in that folder.
"""

import asyncio
import gc
import hashlib
import json
import os
import random  # noqa: TID251 -- seeded, so that every run has the same shop
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from harness import goal, options, report  # noqa: E402 - after the path
from msgspec import structs  # noqa: E402

from support.ledger_rows import T0, fact  # noqa: E402
from tactful.core.values.calendar import DAY, SECOND, format_rfc3339  # noqa: E402
from tactful.measurement.experiment_report import ExperimentReport  # noqa: E402
from tactful.runtime.services.report_service import ReportQuestion  # noqa: E402
from tactful.stores.relational.tables.order_heads import head_of  # noqa: E402
from tactful.stores.report_process import Task, compute  # noqa: E402
from tactful.stores.shared.erasures import digests_of, erasure_digest, ledger_secret  # noqa: E402
from tactful.stores.sqlite.ledger import SqliteLedger  # noqa: E402

SKUS, PRODUCTS = 200, 100
MILLION, SECONDS, MEGABYTES = 1_000_000, 10, 300
"""What a report on so many units may take, beside the process. Fewer units have no goal."""
_EXPOSURE = "INSERT INTO exposures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0)"
_ORDER = (
    "INSERT INTO facts (kind, key, subjects, body, at, order_at, order_buyer, order_session)"
    " VALUES ('order', ?, '[]', ?, ?, ?, ?, ?)"
)

# The number of a fact is that of its change, so the next fact needs the number of the last order.
_CHANGE = (
    "INSERT INTO changes SELECT id, at, 'fact', subjects, NULL FROM facts ORDER BY id DESC LIMIT 1"
)


async def fill(path: Path, units: int) -> None:
    """Make a ledger with exposures, orders, and what is known of the SKUs."""
    ledger = SqliteLedger(path)
    await ledger.open()
    price = {"price": {"amount": 12_900, "currency": "EUR"}, "tax_included": True}
    rows = []
    for sku in map("s{}".format, range(SKUS)):
        about = {"sku": sku, "subjects": (("sku", sku),)}
        cost = {"amount": 6_000, "currency": "EUR"}
        rows += [
            fact("price", f"{sku}|DE|EUR", territory="DE", tax_rate_bp=1900, **price, **about),
            fact("cost", f"{sku}|DE", territory="DE", cost=cost, **about),
        ]
    await ledger.record_facts(rows)
    await ledger.close()
    chance = random.Random(1)
    with sqlite3.connect(path) as connection:
        secret = ledger_secret(connection)
        connection.executemany(_EXPOSURE, exposures(units, secret, chance))
        connection.executemany(_ORDER, orders(units, digests_of(secret, "customer"), chance))
        connection.execute(_CHANGE)
    connection.close()


def exposures(units: int, secret: bytes, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    """Rows of units, of which three in ten are customers."""
    for number in range(units):
        is_customer, session = number % 10 < 3, f"se_{number:022}"
        unit = erasure_digest(secret, "customer", f"c{number}") if is_customer else session
        at = T0 - chance.randrange(10 * DAY, 30 * DAY)
        product = f"p{chance.randrange(PRODUCTS)}"
        yield (
            unit, "r1", is_customer, session, chance.random() < 0.5, 5_000, at, product, "DE", "EUR",
            1_290,
        )  # fmt: skip


def orders(
    units: int, unit_of: Callable[[str], str], chance: random.Random
) -> Iterator[tuple[Any, ...]]:
    """Rows of orders of units and of other customers."""
    for number in range(2 * units):
        placed = T0 - chance.randrange(60 * 86_400) * SECOND
        buyer = chance.randrange(10 * units)
        named = {"customer": f"c{buyer}"}
        if buyer < units and buyer % 10 >= 3:
            named = {"session": f"se_{buyer:022}"}
        unit = {"amount": chance.choice((12_900, 11_610)), "currency": "EUR"}
        body = {
            "type": "order", "order": f"o{number:08}", "territory": "DE", "status": "delivered",
            "placed_at": format_rfc3339(placed), **named,
            "lines": [{"sku": f"s{chance.randrange(SKUS)}", "qty": 1, "unit": unit}],
        }  # fmt: skip
        row = fact("order", f"o{number:08}", at=T0 - DAY, subjects=tuple(named.items()))
        head = head_of(structs.replace(row, own_at=placed), unit_of)
        yield row.key, json.dumps(body).encode(), row.at, *head


def peak_mb() -> float:
    """The most memory that this process has used, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(path: Path) -> dict[str, Any]:
    """Compute the report; return what it took."""
    gc.disable()  # as `report_process.main` does
    before, began, used = peak_mb(), time.perf_counter(), time.process_time()
    found = compute(Task("report", str(path), ReportQuestion(since=T0 - 30 * DAY, until=T0), T0))
    assert isinstance(found, ExperimentReport)
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(time.process_time() - used, 2),
        "megabytes": round(peak_mb() - before, 1),
        "units": found.treated + found.held_out,
        "digest": hashlib.sha256(repr(found).encode()).hexdigest()[:16],
    }


def ledger_of(units: int, folder: Path) -> Path:
    """A ledger of this size in a folder, which is made unless it is there."""
    path = folder / f"effects-{units}" / "tactful.db"
    if not path.exists():
        making = folder / f"making-{units}"
        making.mkdir(parents=True, exist_ok=True)
        asyncio.run(fill(making / path.name, units))
        making.rename(path.parent)
    return path


def main() -> None:
    """Fill a ledger, report on it in another process, and print what it took."""
    if sys.argv[1:2] == ["read"]:
        print(json.dumps(read(Path(sys.argv[2]))))
        return
    units = int(options(__doc__, units=MILLION).units)
    with tempfile.TemporaryDirectory() as folder:
        path = ledger_of(units, Path(os.environ.get("EFFECTS_LEDGERS", folder)))
        command = [sys.executable, __file__, "read", str(path)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    figures = json.loads(answer)
    goals = []
    if units >= MILLION:
        goals += [
            goal("seconds for a million units", figures["seconds"], SECONDS, at_most=True),
            goal("MB for a million units", figures["megabytes"], MEGABYTES, at_most=True),
        ]
    report("effects", figures, goals)


if __name__ == "__main__":
    main()
