"""What a redemption, cancellation or refund is judged on, and what the judgement writes."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferStep

Status = Literal["redeemed", "cancelled", "refused"]
SHIPPING: Final = ""
"""The SKU under which an order's shipping is sold: as many pieces as it costs minor units."""
BalanceKey = tuple[str, str, str]
"""(campaign, period, currency or `#`): which balance."""


class BudgetRow(Struct, frozen=True):
    """A balance as the ledger keeps it."""

    campaign: str
    period: str
    currency: str
    limit: int | None
    reserved: int
    settled: int


class SoldLine(Struct, frozen=True, array_like=True):
    """One line sold at an offer's price: what was paid for it, and how much of it went back."""

    sku: str
    qty: int
    paid: int
    saved: int
    returned: int = 0

    def share(self, amount: int, units: int) -> int:
        """What `units` of the line carry of an amount of it; never more than the whole."""
        return amount * units // self.qty


class RedemptionRow(Struct, frozen=True, kw_only=True):
    """One use of an offer by an order, and the exact body that the shop was given for it.

    Amounts in minor units of the offer's currency. `refused`: this order ended the offer without
    using it, and hears so for good.
    """

    id: str
    """`rd_…`; the first of several simultaneous retries names it."""
    offer: str
    order: str
    at: int
    status: Status
    saved: int
    """What the budget bears now: less after a refund, 0 after a cancellation."""
    lines: tuple[SoldLine, ...] = ()
    request: bytes = b""
    """The digest of the canonical request, to tell a retry from another request."""
    token: bytes = b""
    """The digest of the token, to know a retry even when its key is long gone."""
    code: int = 200
    """The HTTP status of the answer."""
    answer: bytes = b""


class RefundRow(Struct, frozen=True):
    """One partial refund, by its own id; repeating it changes nothing."""

    refund: str
    order: str
    at: int
    request: bytes
    answer: bytes


class RedemptionState(Struct, frozen=True, kw_only=True):
    """What the ledger knows at the instant of judgement, read in its own transaction."""

    offers: Mapping[str, Offer] = {}
    """The offer asked about, and those that the order redeemed, by id."""
    redemptions: tuple[RedemptionRow, ...] = ()
    """All of the offer asked about, and all of the order, oldest first."""
    refund: RefundRow | None = None
    balances: Mapping[BalanceKey, BudgetRow] = {}
    """The balances of the offers' campaigns in the periods in which they were reserved."""
    seqs: Mapping[str, int] = {}
    """Session → the highest sequence number recorded for it."""


class RedemptionOutcome(Struct, frozen=True, kw_only=True):
    """What a judgement writes, and what it answers: HTTP status and exact body."""

    status: int
    body: bytes
    redemptions: tuple[RedemptionRow, ...] = ()
    refund: RefundRow | None = None
    offers: tuple[Offer, ...] = ()
    steps: tuple[OfferStep, ...] = ()
    moves: tuple[BudgetMove, ...] = ()


RedemptionLogic = Callable[[RedemptionState], RedemptionOutcome]
"""Pure; may be run more than once."""
