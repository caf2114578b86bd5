"""Answers that are awaited when they are asked for."""

from contextlib import closing

from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone


def test_rows_of_several_statements_are_read_in_any_order(target: Target) -> None:
    with closing(PostgresConnection(target, Alone("a"))) as made:
        assert made.take_over()
        made.start()
        first, second = (made.execute("SELECT ? + generate_series(1, 2)", (n,)) for n in (10, 20))
        assert second.fetchone() == (21,)
        assert first.fetchall() == [(11,), (12,)]
        assert [*second] == [(22,)]
        changed = made.execute("INSERT INTO heard VALUES (?, 1), (?, 1)", ("a", "b"))
        assert changed.rowcount == 2
        made.commit()
