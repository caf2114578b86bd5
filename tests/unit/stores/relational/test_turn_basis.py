"""What the checks of several turns ask for, read together."""

import pytest

from support.ledger_rows import offer as made
from support.ledger_rows import push
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite, SavedContact, StockNeed
from tactful.stores.relational import turns
from tactful.stores.relational.turn_basis import read_basis
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

TURN = Commit(
    session="se_1", epoch=1, state=b"s", contacts={"c1": ContactWrite(0, b"\x90")},
    offers=push(made()).offers, steps=push(made()).steps, moves=push(made()).moves,
    stock=(StockNeed("RUN-42", "DE", 9),),
)  # fmt: skip


def test_an_empty_ledger_has_nothing_of_a_turn(connection: SqliteConnection) -> None:
    connection.start()
    basis = read_basis(connection, [TURN])
    assert (basis.states, basis.units, basis.contacts) == (
        {"of_1": None},
        {"of_1": 0},
        {"c1": None},
    )
    assert connection.known.epochs == {"se_1": 0}
    assert connection.known.promised == {("RUN-42", "DE"): 0}
    assert connection.known.balances == {}


def test_what_is_stored_is_found(connection: SqliteConnection) -> None:
    connection.start()
    assert turns.commit(connection, TURN) is None
    connection.commit()
    connection.forget_all()
    connection.start()
    basis = read_basis(connection, [TURN])
    assert (basis.states, basis.units) == ({"of_1": "pushed"}, {"of_1": 1})
    assert basis.contacts == {"c1": SavedContact(1, b"\x90")}
    assert connection.known.epochs == {"se_1": 1}
    assert connection.known.promised == {("RUN-42", "DE"): 1}
    assert [row.reserved for row in connection.known.balances.values()] == [1935]


def test_turns_that_are_read_together_get_the_answers_of_turns_read_alone(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "is_remote", True)
    connection.start()
    again = push(made(), limit=1935)
    found = turns.write(connection, [(TURN, True), (again, True), (TURN, True)])
    assert [one and one.reason for one in found] == [None, "budget.spend", "contact.newer"]
