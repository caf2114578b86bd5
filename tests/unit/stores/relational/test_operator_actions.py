"""Operator actions as rows."""

from support.ledger_rows import T0
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.relational import operator_actions
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

PAUSED = OperatorAction(at=T0, who="Ada", act="rule.paused", subject="r1", detail="too generous")
STATED = OperatorAction(at=T0 + 1, who="Bo", act="fact.stated", subject="f1", customer="c1")


def found(connection: SqliteConnection, customer: str | None, limit: int) -> list[OperatorAction]:
    rows = connection.execute(*operator_actions.query(customer, limit)).fetchall()
    return [operator_actions.action_from_row(row) for row in rows]


def test_an_action_is_read_as_it_was_inserted(connection: SqliteConnection) -> None:
    operator_actions.insert(connection, PAUSED)
    operator_actions.insert(connection, STATED)
    assert found(connection, None, 10) == [STATED, PAUSED]
    assert found(connection, None, 1) == [STATED]
    assert found(connection, "c1", -1) == [STATED]


def test_an_erasure_replaces_the_customer_and_the_subject(connection: SqliteConnection) -> None:
    operator_actions.insert(connection, PAUSED)
    operator_actions.insert(connection, STATED)
    operator_actions.erase(connection, "c1", "erased-1")
    assert found(connection, "c1", -1) == []
    (left,) = found(connection, "erased-1", -1)
    assert (left.who, left.act, left.subject) == ("Bo", "fact.stated", "erased-1")
    assert found(connection, None, -1)[-1] == PAUSED
