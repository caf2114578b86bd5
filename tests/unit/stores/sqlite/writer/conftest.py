"""A ledger whose transactions are counted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.counted_ledger import Counted
from tactful.stores.sqlite.ledger import SqliteLedger


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    """A ledger, and the failpoints that its writer has passed."""
    points: list[str] = []
    ledger = SqliteLedger(tmp_path / "tactful.db", failpoint=points.append)
    await ledger.open()
    yield ledger, points
    await ledger.close()
