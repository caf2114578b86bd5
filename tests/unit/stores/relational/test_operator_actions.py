"""Operator actions as rows."""

from support.ledger_rows import T0
from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry, OperatorAction
from tactful.stores.relational import operator_actions
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

PAUSED = OperatorAction(at=T0, who="Ada", act="rule.paused", subject="r1", detail="too generous")
STATED = OperatorAction(at=T0 + 1, who="Bo", act="fact.stated", subject="f1", customer="c1",
    before={"kind": "late"}, after={"kind": "defect"}, amount=5, currency="EUR")  # fmt: skip


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
    assert (left.before, left.after, left.amount) == ({}, {}, 5)
    assert found(connection, None, -1)[-1] == PAUSED


def test_a_filter_is_a_query_for_numbered_actions(connection: SqliteConnection) -> None:
    operator_actions.insert(connection, PAUSED)
    operator_actions.insert(connection, STATED)
    query = operator_actions.filtered(ActionFilter(who="Ada", since=T0), 2, 10)
    rows = connection.execute(*query).fetchall()
    assert [operator_actions.entry_from_row(row) for row in rows] == [AuditEntry(1, PAUSED)]
