"""Do these moves fit their balances, and what are the balances afterwards?"""

from collections.abc import Iterable, MutableMapping

from msgspec import structs

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.redemption.redemption_rows import BalanceKey, BudgetRow
from tactful.runtime.ports.ledger_rows import CommitRefusal


def balance_key(row: BudgetRow) -> BalanceKey:
    """Which balance a row is."""
    return row.campaign, row.period, row.currency


def apply_moves(
    balances: MutableMapping[BalanceKey, BudgetRow], moves: Iterable[BudgetMove]
) -> CommitRefusal | None:
    """Apply all moves to `balances`, or say which one does not fit; then the mapping is void."""
    for change in moves:
        purse = change.campaign, change.period, change.currency
        row = balances.get(purse) or BudgetRow(*purse, change.limit, 0, 0)
        reserved, settled = row.reserved + change.reserve, row.settled + change.settle
        grows = change.reserve + change.settle > 0
        if grows and change.limit is not None and reserved + settled > change.limit:
            counted = change.currency == COUNT
            return CommitRefusal(
                "budget.count" if counted else "budget.spend", change.campaign, change.currency
            )
        limit = change.limit
        if limit is None and not grows:
            limit = row.limit  # its campaign is gone, and what it was allowed stays on record
        balances[purse] = structs.replace(row, limit=limit, reserved=reserved, settled=settled)
    return None
