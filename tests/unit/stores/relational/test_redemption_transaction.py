"""A redemption in SQLite: one transaction, checked on what it was decided from."""

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, fact, push, redeem, release
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.runtime.ports.ledger_rows import CommitRefusal, ReadSet
from tactful.stores.relational import facts, redemption_transaction, turns
from tactful.stores.relational.redemption_transaction import RedemptionLookup
from tactful.stores.relational.tables import change_rows, stock
from tactful.stores.shared.failpoints import no_failpoint
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def rows(connection: SqliteConnection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def test_a_redemption_beyond_its_budget_is_a_programming_error(
    connection: SqliteConnection,
) -> None:
    turns.commit(connection, push(accepted(), limit=2_000))

    def greedy(state: RedemptionState) -> RedemptionOutcome:
        move = structs.replace(release(accepted(), 2_000), settle=9_000, offer="")
        return structs.replace(redeem(state), moves=(move,))

    with pytest.raises(ValueError, match="beyond its limit"):
        redemption_transaction.run_redemption(
            connection, greedy, RedemptionLookup("o1", ("of_1",)), no_failpoint
        )


def test_the_failpoint_of_a_redemption_lies_behind_its_rows(connection: SqliteConnection) -> None:
    turns.commit(connection, push(accepted()))
    seen: list[tuple[str, int]] = []

    def passed(point: str) -> None:
        ((count,),) = rows(connection, "SELECT count(*) FROM redemptions")
        seen.append((point, int(str(count))))

    redemption_transaction.run_redemption(
        connection, redeem, RedemptionLookup("o1", ("of_1",)), passed
    )
    assert seen == [("after-insert", 1)]


def test_a_stale_read_set_runs_nothing(connection: SqliteConnection) -> None:
    turns.commit(connection, push(accepted()))
    facts.record(connection, [fact(version=1)])
    reads = ReadSet(0, (("sku", "RUN-42"),))

    def never(_: RedemptionState) -> RedemptionOutcome:
        raise AssertionError

    refused = redemption_transaction.run_redemption(
        connection, never, RedemptionLookup("o1", ("of_1",)), no_failpoint, reads
    )
    assert refused == CommitRefusal("facts.newer", subject=("sku", "RUN-42"))


def test_a_redemption_is_a_change_and_frees_what_its_offer_promised(
    connection: SqliteConnection,
) -> None:
    turns.commit(connection, push(accepted(qty=3)))
    assert stock.read_promised_units(connection, ("RUN-42", "DE")) == 3
    redemption_transaction.run_redemption(
        connection, redeem, RedemptionLookup("o1", ("of_1",)), no_failpoint, ReadSet(0, ())
    )
    assert stock.read_promised_units(connection, ("RUN-42", "DE")) == 0
    (change,) = change_rows.changes_from_rows(connection.execute(change_rows.READ_CHANGES, (0, 9)))
    assert (change.kind, change.at) == ("redemption", T0)
    assert change.subjects == (("offer", "of_1"), ("order", "o1"))
