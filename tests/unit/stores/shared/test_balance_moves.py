"""Moves fit their balances, or the first that does not is named."""

import pytest

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.redemption.redemption_rows import BalanceKey, BudgetRow
from tactful.runtime.ports.ledger_rows import CommitRefusal
from tactful.stores.shared.balance_moves import apply_moves, balance_key

EUR = ("spring", "total", "EUR")


def spend(limit: int | None, reserve: int = 0, settle: int = 0) -> BudgetMove:
    return BudgetMove("spring", "total", "EUR", limit, reserve=reserve, settle=settle)


def balances(limit: int | None, reserved: int = 0, settled: int = 0) -> dict[BalanceKey, BudgetRow]:
    return {EUR: BudgetRow(*EUR, limit, reserved, settled)}


def test_a_balance_is_named_by_campaign_period_and_currency() -> None:
    assert balance_key(BudgetRow(*EUR, 100, 1, 2)) == EUR


def test_the_first_move_of_a_campaign_makes_its_balance() -> None:
    known: dict[BalanceKey, BudgetRow] = {}
    assert apply_moves(known, [spend(100, reserve=60)]) is None
    assert known == balances(100, reserved=60)


def test_moves_add_up_and_a_redemption_settles_what_was_reserved() -> None:
    known = balances(100, reserved=60)
    assert apply_moves(known, [spend(100, reserve=30), spend(100, reserve=-60, settle=50)]) is None
    assert known == balances(100, reserved=30, settled=50)


def test_reserved_and_settled_together_reach_the_limit_and_not_one_unit_more() -> None:
    assert apply_moves(balances(100, 40, 50), [spend(100, reserve=10)]) is None
    refused = apply_moves(balances(100, 40, 50), [spend(100, reserve=11)])
    assert refused == CommitRefusal("budget.spend", "spring", "EUR")


def test_a_count_beyond_its_limit_is_refused_as_a_count() -> None:
    move = BudgetMove("spring", "total", COUNT, 1, reserve=2)
    assert apply_moves({}, [move]) == CommitRefusal("budget.count", "spring", COUNT)


def test_a_release_succeeds_although_the_limit_was_lowered_below_the_balance() -> None:
    known = balances(100, reserved=90)
    assert apply_moves(known, [spend(10, reserve=-30)]) is None
    assert known == balances(10, reserved=60)


@pytest.mark.parametrize(("reserve", "limit"), [(-30, 100), (5, None)])
def test_a_release_of_a_removed_campaign_keeps_the_limit_on_record(
    reserve: int, limit: int | None
) -> None:
    known = balances(100, reserved=90)
    assert apply_moves(known, [spend(None, reserve=reserve)]) is None
    assert known[EUR].limit == limit


def test_what_was_given_already_is_recorded_beyond_the_limit() -> None:
    known = balances(100, settled=90)
    past = BudgetMove(*EUR, 100, settle=30, is_past=True)
    assert apply_moves(known, [past]) is None
    assert known == balances(100, settled=120)
    refused = apply_moves(known, [spend(100, reserve=1)])
    assert refused == CommitRefusal("budget.spend", "spring", "EUR")
