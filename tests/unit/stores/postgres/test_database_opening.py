"""Opening of a database, with checks of the server."""

from contextlib import closing

import pytest

from support.postgres_cluster import Cluster
from support.postgres_ledger import hold
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres import database_opening
from tactful.stores.postgres.database_opening import (
    has_synchronous_standby,
    pending_migrations,
    prepare,
    take_over,
)
from tactful.stores.postgres.raw_connection import connect
from tactful.stores.postgres.schema_migrations import migrations
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone


def test_a_server_that_may_lose_commits_is_refused(postgres: Cluster) -> None:
    with pytest.raises(LedgerError, match="fsync = off"):
        prepare(Target(postgres.database()))


def test_an_old_server_is_refused(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_opening, "LOWEST_VERSION", 99)
    with pytest.raises(LedgerError, match="use 99 or newer"):
        prepare(Target(postgres.database()), needs_durability=False)


def test_a_database_that_cannot_be_written_is_refused(postgres: Cluster) -> None:
    address = postgres.database()
    name = address.rpartition("/")[0].rpartition("/")[2] or "postgres"
    name = address.split("?")[0].rpartition("/")[2]
    postgres.sql("postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(LedgerError, match="cannot be written"):
        prepare(Target(address), needs_durability=False)


def test_pending_migrations_are_named_without_being_applied(postgres: Cluster) -> None:
    target, all_of_them = Target(postgres.database()), [*migrations()]
    assert all_of_them[:3] == [1, 2, 3]
    assert pending_migrations(target) == all_of_them
    assert pending_migrations(target) == all_of_them
    prepare(target, needs_durability=False)
    assert pending_migrations(target) == []


def test_a_ledger_that_was_moved_is_refused(target: Target) -> None:
    with closing(connect(target)) as made:
        made.execute("INSERT INTO meta VALUES ('moved', '/srv/tactful.db')")
    with pytest.raises(LedgerError, match=r"moved to /srv/tactful\.db"):
        prepare(target, needs_durability=False)


def test_a_second_server_gives_up_while_the_first_one_holds_its_lease(target: Target) -> None:
    waits: list[int] = []
    with closing(take_over(target, Alone("one"), lambda: None)) as first:
        hold(first)
        with pytest.raises(LedgerError, match="another server uses this ledger"):
            take_over(target, Alone("two"), lambda: waits.append(1), timeout_s=0)
    assert waits == [1]


def test_without_a_standby_there_is_no_synchronous_one(target: Target) -> None:
    with closing(connect(target)) as made:
        assert not has_synchronous_standby(made)
