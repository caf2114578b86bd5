"""The right to write, as statements on the rows of the database."""

import re
from contextlib import closing

import pytest

from support.postgres_ledger import hold
from tactful.runtime.ports.ledger import LedgerAwayError, LedgerBrokenError
from tactful.stores.postgres import postgres_connection
from tactful.stores.postgres.database_opening import take_over
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.raw_connection import connect
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone, NodeIdentity, Shared, Tenure
from tactful.stores.relational.writer.engine import RepeatError


def shared(name: str, place: str = "here") -> Shared:
    return Shared(NodeIdentity(name, place))


def may_take_over(target: Target, tenure: Tenure) -> bool:
    with closing(PostgresConnection(target, tenure)) as made:
        return made.take_over()


def heard(connection: PostgresConnection, feed: str) -> None:
    connection.start()
    connection.execute("INSERT INTO heard VALUES (?, 1)", (feed,))
    connection.commit()


def test_nodes_write_in_turn_and_forget_what_they_knew_when_another_has_written(
    target: Target,
) -> None:
    with (
        closing(take_over(target, shared("a"), lambda: None)) as one,
        closing(take_over(target, shared("b"), lambda: None)) as other,
    ):
        heard(one, "1")
        one.start()
        one.known.epochs["se_1"] = 7
        one.commit()
        one.start()
        assert one.known.epochs == {"se_1": 7}
        one.commit()
        heard(other, "2")
        one.start()
        assert one.known.epochs == {}
        one.commit()


def test_a_node_waits_for_the_transaction_of_another(target: Target) -> None:
    with (
        closing(take_over(target, shared("a"), lambda: None)) as one,
        closing(take_over(target, shared("b"), lambda: None)) as other,
        closing(connect(target)) as watching,
    ):
        one.start()
        watching.execute("SET lock_timeout = '50ms'")
        with pytest.raises(Exception, match="lock timeout"):
            watching.execute("UPDATE writer SET batch = batch")
        one.commit()
        heard(other, "after")


def test_a_node_that_has_waited_too_long_for_its_turn_begins_again(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connection, "_BEGIN", ("BEGIN", "SET LOCAL lock_timeout = 20"))
    with (
        closing(take_over(target, shared("a"), lambda: None)) as one,
        closing(take_over(target, shared("b"), lambda: None)) as other,
    ):
        one.start()
        for _ in range(2):
            with pytest.raises(RepeatError, match="lock timeout"):
                other.start()
        one.commit()
        heard(other, "after")


def test_a_node_of_the_same_name_elsewhere_waits_for_the_lease(target: Target) -> None:
    with (
        closing(take_over(target, shared("a"), lambda: None)) as one,
        closing(PostgresConnection(target, shared("a", "elsewhere"))) as other,
    ):
        assert not other.take_over()
        one.close()
        assert other.take_over()


def test_a_node_that_was_replaced_writes_nothing_more(target: Target) -> None:
    with (
        closing(take_over(target, shared("a"), lambda: None)) as first,
        closing(take_over(target, shared("a"), lambda: None)) as again,
    ):
        with pytest.raises(LedgerBrokenError, match="taken this ledger over"):
            first.start()
        first.abandon()
        with pytest.raises(LedgerBrokenError):
            first.beat()
        heard(again, "1")


def test_a_server_that_is_alone_and_a_node_exclude_each_other(target: Target) -> None:
    with closing(take_over(target, shared("a"), lambda: None)):
        # A server that was refused frees nothing when it ends.
        assert [may_take_over(target, Alone("x")) for _ in range(2)] == [False, False]
    with closing(take_over(target, Alone("x"), lambda: None)) as alone:
        hold(alone)
        assert not may_take_over(target, shared("a"))


def test_a_node_that_leaves_does_not_free_the_ledger_of_the_others(target: Target) -> None:
    with closing(take_over(target, shared("a"), lambda: None)):
        take_over(target, shared("b"), lambda: None).close()
        assert not may_take_over(target, Alone("x"))


def test_a_node_whose_place_was_taken_by_a_server_that_is_alone_is_fenced(target: Target) -> None:
    with closing(take_over(target, shared("a"), lambda: None)) as node:
        with closing(connect(target)) as made:
            made.execute("UPDATE writer SET lease_until = 0")
        with closing(take_over(target, Alone("x"), lambda: None, timeout_s=0)):
            with pytest.raises(LedgerBrokenError):
                heard(node, "late")
            node.abandon()


def end_lease(target: Target, name: str) -> None:
    with closing(connect(target)) as made:
        made.execute("UPDATE nodes SET lease_until = 1, joined_at = 1 WHERE name = %s", (name,))


def row_of(target: Target, name: str) -> tuple[int, bool]:
    """The epoch of a node, and whether it has joined anew since `end_lease`."""
    with closing(connect(target)) as made:
        sql = "SELECT epoch, joined_at FROM nodes WHERE name = %s"
        row = made.execute(sql, (name,)).fetchone()
    assert row is not None
    return row[0], row[1] > 1


def test_a_node_whose_lease_is_over_writes_nothing_and_goes_on_under_a_new_number(
    target: Target,
) -> None:
    with closing(take_over(target, shared("a"), lambda: None)) as node:
        before, _ = row_of(target, "a")
        end_lease(target, "a")
        with pytest.raises(LedgerAwayError, match="silent for longer than its lease"):
            heard(node, "late")
        node.abandon()
        assert node.lapses == 1
        # What was rolled back is the new number too.
        assert row_of(target, "a") == (before, False)
        heard(node, "1")
        assert row_of(target, "a") == (before + 1, True)
        assert [tuple(row) for row in node.execute("SELECT feed FROM heard")] == [("1",)]
        assert node.lapses == 1


def test_a_heartbeat_after_the_lease_joins_again(target: Target) -> None:
    with closing(take_over(target, shared("a"), lambda: None)) as node:
        before, _ = row_of(target, "a")
        end_lease(target, "a")
        node.beat()
        assert (node.lapses, row_of(target, "a")) == (1, (before + 1, True))
        heard(node, "1")
        node.beat()
        assert (node.lapses, row_of(target, "a")) == (1, (before + 1, True))


def test_a_node_whose_lease_is_over_and_whose_row_was_taken_is_fenced(target: Target) -> None:
    with closing(take_over(target, shared("a"), lambda: None)) as node:
        end_lease(target, "a")
        with closing(take_over(target, shared("a", "elsewhere"), lambda: None)) as other:
            with pytest.raises(LedgerBrokenError):
                heard(node, "late")
            node.abandon()
            heard(other, "1")


def test_a_lost_transaction_is_settled_although_the_lease_is_over(target: Target) -> None:
    with closing(take_over(target, shared("a"), lambda: None)) as node:
        heard(node, "1")
        node._drop()
        end_lease(target, "a")
        assert node.settle()
        heard(node, "2")


def test_a_lost_transaction_of_a_node_is_settled_by_its_own_row(target: Target) -> None:
    with (
        closing(take_over(target, shared("a"), lambda: None)) as one,
        closing(take_over(target, shared("b"), lambda: None)) as other,
    ):
        heard(one, "1")
        one._drop()
        heard(other, "2")
        assert one.settle()
        heard(one, "3")


def test_a_node_locks_its_row_before_the_turn_in_every_transaction() -> None:
    tenure = shared("a")
    all_statements = (
        tenure.take_over(), tenure.take_again(), tenure.fence(1, 1), tenure.beat(1),
        tenure.release(1),
    )  # fmt: skip
    for statements in all_statements:
        tables = [re.findall(r"(?:UPDATE|INTO) (\w+) ", sql)[0] for sql, _ in statements]
        # A restart overlaps with the process before: two orders would lock each other out.
        assert tables in (["nodes", "writer"], ["nodes"])


def test_a_server_that_is_refused_leaves_nothing_behind(target: Target) -> None:
    with closing(take_over(target, Alone("x"), lambda: None)) as alone:
        hold(alone)
        assert not may_take_over(target, shared("a"))
        assert alone.execute("SELECT count(*) FROM nodes").fetchone() == (0,)


def test_a_server_that_cannot_lock_its_row_tries_again(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(take_over(target, shared("a"), lambda: None)) as former:
        former.start()
        monkeypatch.setattr(postgres_connection, "_BEGIN", ("BEGIN", "SET LOCAL lock_timeout = 20"))
        with closing(PostgresConnection(target, shared("a"))) as again:
            assert not again.take_over()
            former.commit()
            assert again.take_over()


def test_every_tenure_says_why_it_was_refused() -> None:
    assert "One ledger has one server" in Alone("x").refusal
    assert "a node named a runs elsewhere" in shared("a").refusal
