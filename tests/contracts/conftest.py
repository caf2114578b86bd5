"""One contract suite per role of the ledger port, run on every ledger."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.ledger_rows import AnyLedger
from support.postgres_cluster import Cluster
from support.postgres_ledger import node_ledger, postgres_ledger
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.sqlite.ledger import SqliteLedger


@pytest.fixture(params=["memory", "sqlite", "postgres", "node"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyLedger]:
    """An open, empty ledger."""
    made: AnyLedger
    if request.param in {"postgres", "node"}:
        cluster: Cluster = request.getfixturevalue("postgres")
        open_as = node_ledger if request.param == "node" else postgres_ledger
        made = open_as(cluster.database(), "test")
    else:
        made = (
            MemoryLedger() if request.param == "memory" else SqliteLedger(tmp_path / "tactful.db")
        )
    await made.open()
    yield made
    await made.close()
