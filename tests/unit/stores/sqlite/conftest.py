"""A migrated connection for tests of functions that run inside the writer's transactions."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.opening import open_writer


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[LedgerConnection]:
    """The writing connection to an empty ledger, in autocommit mode."""
    with closing(open_writer(tmp_path / "tactful.db")) as made:
        yield made
