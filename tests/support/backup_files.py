"""Data folders with little in them, for the tests of backup and restore."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from msgspec import structs

from support.cli_runner import run, write_file
from support.ledger_rows import offer
from support.manual_runner import ROOT
from tactful.core.offers.offer import OfferState
from tactful.stores.sqlite import migrations

FACT = '{"type":"stock","sku":"%s","territory":"DE","available":1}\n'
CUSTOMER = '{"type":"customer","customer":"%s","tier":"gold"}\n'


def filled(folder: Path, *skus: str, customers: tuple[str, ...] = ()) -> Path:
    """A data folder with a fact for each SKU and customer, and keys."""
    facts = [FACT % sku for sku in skus] + [CUSTOMER % customer for customer in customers]
    file = write_file(folder / "facts.jsonl", "".join(facts))
    assert run("import", file, "--data", folder / "data").exit_code == 0
    run("keys", "list", "--data", folder / "data")
    return folder / "data"


def backed_up(folder: Path, *skus: str, customers: tuple[str, ...] = ()) -> Path:
    """A backup of such a folder."""
    data = filled(folder, *skus, customers=customers)
    made = run("backup", folder / "b.tar.gz", "--data", data)
    assert made.exit_code == 0, made.output
    return folder / "b.tar.gz"


def ledger_of_schema(path: Path, number: int, offers: int = 0) -> Path:
    """An older ledger: only the first migrations are applied, and it may hold ended offers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        for each, sql in migrations.migrations().items():
            if each <= number:
                migrations._apply(made, each, sql)
        body = msgspec.json.encode(structs.replace(offer(), state=OfferState.WITHDRAWN))
        made.executemany(
            "INSERT INTO offers VALUES (?, 's1', NULL, 'withdrawn', NULL, '', 'EUR', 0, ?)",
            [(f"of_{each}", body) for each in range(offers)],
        )
    return path


def skus_in(data: Path) -> set[str]:
    """The SKUs of a ledger."""
    with closing(sqlite3.connect(data / "tactful.db")) as connection:
        sql = "SELECT key FROM facts WHERE kind = 'stock'"
        return {key.partition("|")[0] for (key,) in connection.execute(sql)}


@contextmanager
def in_use(data: Path) -> Iterator[None]:
    """Another connection that reads the ledger."""
    with closing(sqlite3.connect(data / "tactful.db")) as connection:
        connection.execute("SELECT count(*) FROM facts").fetchone()
        yield


def killed(step: str, *words: object, **environment: str) -> None:
    """Run a command in another process, which is killed instead of calling `step` of a module."""
    module, _, name = step.rpartition(".")
    program = (
        f"import os, sys, {module} as module\n"
        "from tactful.cli import main\n"
        f"module.{name} = lambda *_, **__: os.kill(os.getpid(), {signal.SIGKILL:d})\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *map(str, words)], check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "server"), **environment},
                          capture_output=True, timeout=60)  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


def copies(folder: Path) -> list[Path]:
    """All files below a folder with more than an empty ledger or a part of it."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_size > 1000 and path.name != "b.tar.gz"
        and path.parent.name != "data"
    ]  # fmt: skip
