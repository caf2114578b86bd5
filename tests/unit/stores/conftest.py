"""A migrated connection for tests inside a transaction, and a ledger whose transactions are counted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.counted_ledger import Counted
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import open_writer
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    """The writing connection to an empty ledger, in autocommit mode."""
    with closing(open_writer(tmp_path / "tactful.db")) as made:
        yield made


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    """A ledger, and the failpoints that its writer has passed."""
    points: list[str] = []
    ledger = SqliteLedger(tmp_path / "tactful.db", failpoint=points.append)
    await ledger.open()
    yield ledger, points
    await ledger.close()
