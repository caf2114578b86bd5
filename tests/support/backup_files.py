"""Data folders with little in them, for the tests of backup and restore."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from support.cli_runner import run, write_file

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
