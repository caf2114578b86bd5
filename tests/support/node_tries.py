"""Promises and redemptions that several nodes try at the same time."""

from msgspec import structs

from support.ledger_rows import T0, offer, push, step
from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
)
from tactful.runtime.ports.ledger import Ledger, LedgerAwayError
from tactful.runtime.ports.ledger_rows import Commit, ReadSet, StockNeed

UNIT = 1935
"""What one offer reserves, in cents."""
LIMIT = 10**9
"""A budget that is never used up."""


def on_sale(number: int) -> Commit:
    """The promise of one offer of a session of its own."""
    return push(offer(f"of_{number}", session=f"se_{number}", seq=number), limit=LIMIT)


def of_shelf(number: int, available: int, limit: int) -> Commit:
    """A promise on one shelf and one budget."""
    made = push(offer(f"of_{number}", session=f"se_{number}", seq=number), limit=limit)
    return structs.replace(made, stock=(StockNeed("RUN-42", "DE", available),))


def as_of(turn: Commit, position: int, sku: str) -> Commit:
    """A promise that rests on the facts about an item as of a position."""
    return structs.replace(turn, reads=ReadSet(position, (("sku", sku),)))


async def redemption(node: Ledger, number: int, place: int | str, *, checks: bool = True) -> int:
    """Redeem an offer for an order of its own; return 200, or 409 if another order was first.

    Without `checks`, the order redeems it in any case.

    An error that says so is answered with the same call again, as a checkout does it.
    """
    ident, order = f"of_{number}", f"o_{number}_{place}"

    def logic(state: RedemptionState) -> RedemptionOutcome:
        standing = state.offers[ident]
        if any(one.order == order for one in state.redemptions):
            return RedemptionOutcome(status=200, body=b"won")
        if checks and standing.state is OfferState.REDEEMED:
            return RedemptionOutcome(status=409, body=b"used")
        redeemed = structs.replace(standing, state=OfferState.REDEEMED, seq=standing.seq + 1)
        return RedemptionOutcome(
            status=200,
            body=b"won",
            redemptions=(
                RedemptionRow(
                    id=f"rd_{number}_{place}", offer=ident, order=order, at=T0,
                    status="redeemed", saved=UNIT,
                ),
            ),
            offers=(redeemed,),
            steps=(step(redeemed),),
            moves=(BudgetMove("spring", "total", "EUR", LIMIT, reserve=-UNIT, settle=UNIT),),
        )  # fmt: skip

    while True:
        try:
            found = await node.run_redemption(logic, offers=(ident,), order=order)
        except LedgerAwayError:
            continue
        assert isinstance(found, RedemptionOutcome)
        return found.status
