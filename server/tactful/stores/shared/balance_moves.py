"""Arithmetic of budget balances, shared by all ledgers: apply moves, or refuse them."""

from collections.abc import Iterable, MutableMapping

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.redemption.redemption_rows import BalanceKey, BudgetRow
from tactful.runtime.ports.ledger_rows import CommitRefusal


def balance_key(row: BudgetRow) -> BalanceKey:
    """Return which balance a row holds: (campaign, period, currency or `COUNT`)."""
    return row.campaign, row.period, row.currency


def apply_moves(
    balances: MutableMapping[BalanceKey, BudgetRow], moves: Iterable[BudgetMove]
) -> CommitRefusal | None:
    """Apply all moves to `balances`, or return which one exceeds its limit.

    Only a move that grows a balance is refused. A release always succeeds, even if the limit was
    lowered meanwhile, and so does a move that records the past. After a refusal `balances` is half changed and must be discarded.

    Args:
        balances: The balances that the moves concern; changed in place. A missing one counts as 0.
        moves: Deltas in minor units, or in offers for `COUNT`.
    """
    for change in moves:
        key = change.campaign, change.period, change.currency
        row = balances.get(key) or BudgetRow(*key, change.limit, 0, 0)
        reserved, settled = row.reserved + change.reserve, row.settled + change.settle
        grows = change.reserve + change.settle > 0
        may_refuse = grows and not change.is_past
        if may_refuse and change.limit is not None and reserved + settled > change.limit:
            counted = change.currency == COUNT
            return CommitRefusal(
                "budget.count" if counted else "budget.spend", change.campaign, change.currency
            )
        limit = change.limit
        if limit is None and not grows:
            # The campaign is no longer in the rulebook, so the move carries no limit. The row keeps its own.
            limit = row.limit
        balances[key] = BudgetRow(*key, limit, reserved, settled)
    return None
