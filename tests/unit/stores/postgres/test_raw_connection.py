"""A connection whose answer is late is closed."""

from contextlib import closing

import psycopg
import pytest

from support.postgres_cluster import Cluster
from tactful.runtime.ports.ledger import LedgerAwayError
from tactful.stores.postgres.raw_connection import connect
from tactful.stores.postgres.target import Target


def test_an_answer_that_is_late_closes_the_connection(target: Target) -> None:
    with closing(connect(target)) as made:
        made.deadline_s = 1
        with pytest.raises(psycopg.OperationalError):
            made.execute("SELECT pg_sleep(60)")
        assert made.closed


def test_sums_are_whole_numbers_and_bytes_are_bytes(target: Target) -> None:
    with closing(connect(target)) as made:
        sql = "SELECT sum(one), %s FROM unnest(%b::bigint[]) AS one"
        row = made.execute(sql, (b"\x00\xff", [1, 2**62]), binary=True).fetchone()
    assert row == (2**62 + 1, b"\x00\xff")


def test_a_database_that_is_not_there_is_named(postgres: Cluster) -> None:
    with pytest.raises(LedgerAwayError, match=r"PostgreSQL nowhere on .* does not exist"):
        connect(Target(postgres.address("nowhere")))


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(LedgerAwayError, match="nothing listens there"):
        connect(Target("postgresql://tactful@/shop?host=/nowhere"))
