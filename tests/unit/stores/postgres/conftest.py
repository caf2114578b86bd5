"""A database of the test's own, and the connection that writes to it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from support.postgres_cluster import Cluster
from tactful.stores.postgres.database_opening import prepare, take_over
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone


@pytest.fixture
def target(postgres: Cluster) -> Target:
    """An empty ledger."""
    made = Target(postgres.database())
    prepare(made, needs_durability=False)
    return made


@pytest.fixture
def connection(target: Target) -> Iterator[PostgresConnection]:
    """The connection that writes to an empty ledger."""
    with closing(take_over(target, Alone("test"), lambda: None)) as made:
        yield made
