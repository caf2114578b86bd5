"""Expiry of stored data: every table has a rule, and each transaction is small."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, entry, fact, present, push, redeem, stock
from tactful.core.offers.offer import OfferState, OfferStep
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionState,
    RefundRow,
)
from tactful.runtime.ports.ledger_rows import Commit
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.relational.customers import retention
from tactful.stores.relational.customers.retention import RETENTION
from tactful.stores.sqlite.ledger import SqliteLedger

DAY = 86_400_000
YEAR = 365 * DAY
CUSTOMER = "customer-of-long-ago"
ORDER, NUMBER = "order-of-long-ago", "number-of-long-ago"
"""Two ids of one order."""


def redeem_long_ago(state: RedemptionState) -> RedemptionOutcome:
    """The logic by which `ORDER` redeems offer `of_1`."""
    outcome = redeem(state)
    (row,) = outcome.redemptions
    rows = (structs.replace(row, order=ORDER),)
    return structs.replace(outcome, redemptions=rows, alias=NUMBER)


async def test_every_table_has_a_rule_of_what_is_deleted_when(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.close()
    with closing(sqlite3.connect(ledger.path)) as made:
        tables = made.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    assert {name for (name,) in tables} == set(RETENTION)


async def test_rows_400_days_old_leave_no_trace_of_the_customer_after_a_day(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    for number in range(600):
        session = f"se_{number}"
        turn = push(accepted(f"of_{number}", session=session, customer=CUSTOMER), limit=None)
        await ledger.commit(
            structs.replace(turn, session=session, state=b"s", customer=CUSTOMER, seen_at=T0,
                            entry=entry(session, T0, customer=CUSTOMER))
        )  # fmt: skip
    await ledger.run_redemption(redeem_long_ago, offers=("of_1",), order=ORDER)
    for number in [0, *range(2, 600)]:
        stood = accepted(f"of_{number}", session=f"se_{number}", customer=CUSTOMER)
        moves = [structs.replace(move, reserve=-move.reserve) for move in push(stood).moves]
        ended = structs.replace(stood, state=OfferState.EXPIRED)
        step = OfferStep(ended.id, T0, 9, OfferState.EXPIRED)
        ledger.record(Commit(offers=(ended,), steps=(step,), moves=tuple(moves)))
    action = OperatorAction(
        at=T0, who="Ada", act="fact.stated", subject=CUSTOMER, customer=CUSTOMER
    )
    await ledger.record_operator_action(action)
    now = T0 + 400 * DAY
    await ledger.prune(before=now - DAY, money_before=now - 3653 * DAY)
    assert await ledger.reconcile() == []
    await ledger.close()
    with closing(sqlite3.connect(ledger.path)) as made:
        (offers,) = made.execute("SELECT count(*) FROM offers").fetchone()
        (money,) = made.execute("SELECT count(*) FROM redemptions").fetchone()
        assert (offers, money) == (1, 1)
        made.execute("DELETE FROM changes")  # kept for ten minutes, whatever the retention
        left = "\n".join(made.iterdump())
        bodies = b"".join(body for (body,) in made.execute("SELECT body FROM redemptions"))
    assert CUSTOMER not in left
    assert ORDER not in left
    assert NUMBER not in left
    assert ORDER.encode() not in bodies


async def test_a_redemption_is_found_by_its_order_after_the_order_was_cut_off(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.commit(push(accepted(customer=CUSTOMER), limit=None))
    await ledger.run_redemption(redeem_long_ago, offers=("of_1",), order=ORDER)
    refund = RefundRow("r1", ORDER, T0, b"", b"refunded")
    await ledger.run_redemption(
        lambda _: RedemptionOutcome(status=200, body=b"", refund=refund), order=ORDER, refund="r1"
    )
    await ledger.prune(before=T0 + YEAR, money_before=0)
    seen: list[RedemptionState] = []

    def looking(state: RedemptionState) -> RedemptionOutcome:
        seen.append(state)
        return RedemptionOutcome(status=200, body=b"")

    await ledger.run_redemption(looking, offers=("of_1",), order=ORDER)
    await ledger.run_redemption(looking, order=ORDER, refund="r1")
    await ledger.run_redemption(looking, offers=("of_1",), order="another order")
    await ledger.run_redemption(looking, order=NUMBER)
    by_offer, by_order, other, by_number = seen
    assert [row.offer for row in by_number.redemptions] == ["of_1"]
    assert [row.order for row in (*by_offer.redemptions, *by_order.redemptions)] == [ORDER] * 2
    assert present(by_order.refund).answer == b"refunded"
    assert [row.order == "another order" for row in other.redemptions] == [False]
    assert await ledger.prune(before=T0 + YEAR, money_before=0) == 0, "it is cut off once"
    assert await ledger.reconcile() == []
    await ledger.close()


async def test_pruning_works_in_transactions_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    monkeypatch.setattr(retention, "SLICE_ROWS", 10)
    await ledger.record_facts([stock(5, number, at=T0 + number) for number in range(1, 26)])
    for number in range(25):
        ledger.record(Commit(session=f"se_{number}", state=b"s", seen_at=T0, entry=entry(at=T0)))
    await ledger.flush()
    assert await ledger.prune(before=T0 + 1_000) == 24 + 25 + 25
    assert await ledger.prune(before=T0 + 1_000) == 0
    await ledger.close()


async def test_a_customer_goes_from_the_index_with_the_last_version_that_names_them(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    for version, customer in ((1, CUSTOMER), (2, "c2"), (3, "c2")):
        subjects = (("customer", customer), ("order", "o1"))
        await ledger.record_facts(
            [fact("order", "o1", version, subjects=subjects, at=T0 + version * DAY, n=version)]
        )

    def indexed() -> set[tuple[str, str]]:
        with closing(sqlite3.connect(ledger.path)) as made:
            return set(made.execute("SELECT kind, id FROM subjects").fetchall())

    await ledger.prune(before=T0 + 2 * DAY)
    assert ("customer", CUSTOMER) in indexed(), "the version is not old enough"
    await ledger.prune(before=T0 + 2 * DAY + 1)
    assert indexed() == {("customer", "c2"), ("order", "o1")}
    await ledger.prune(before=T0 + 9 * DAY)
    assert indexed() == {("customer", "c2"), ("order", "o1")}, "the version in force keeps its own"
    assert [one.key for one in await ledger.facts_about([("customer", "c2")], ())] == ["o1"]
    await ledger.close()


async def test_reductions_expire_wherever_they_are_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE_ROWS", 2)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    last = {"A": T0, "B": T0 - 1, "C": T0 - 1, "D": T0, "E": T0, "F": T0 - 1}
    for sku, at in last.items():
        made = accepted(f"of_{sku}", sku=sku, issued_at=at, campaign=None, hold=0)
        await ledger.commit(structs.replace(push(made), moves=()))
    before = T0
    assert await ledger._prune_reductions(before) == 2 * 3
    assert {row.sku for row in await ledger.reductions(0)} == {"A", "D", "E"}
    await ledger.close()
