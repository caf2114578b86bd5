"""The rows that a redemption, cancellation or refund reads and writes."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct, structs

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferStep
from tactful.core.redemption.answers import EncodeAnswer, RedemptionAnswer

Status = Literal["redeemed", "cancelled", "refused"]
SHIPPING: Final = ""
"""The SKU of an order's shipping charge; its quantity is the charge in minor units."""
BalanceKey = tuple[str, str, str]
"""The key of a balance: (campaign, period, currency or `#`)."""


class BudgetRow(Struct, frozen=True):
    """A balance as the ledger stores it: minor units of `currency`, or offers where it is `#`."""

    campaign: str
    period: str
    currency: str
    limit: int | None
    """`None`: not limited."""
    reserved: int
    settled: int


class SoldLine(Struct, frozen=True, array_like=True):
    """One line sold at an offer's price. Amounts in minor units of the offer's currency."""

    sku: str
    qty: int
    paid: int
    saved: int
    returned: int = 0
    """How many of `qty` were given back."""

    def share(self, amount: int, units: int) -> int:
        """Return the share of `amount` that `units` of the line bear, rounded down."""
        return amount * units // self.qty


class RedemptionRow(Struct, frozen=True, kw_only=True):
    """One use of an offer by an order, with the response that every retry gets.

    Amounts in minor units of the offer's currency.
    """

    id: str
    """`rd_…`; of several simultaneous attempts, the id of the first."""
    offer: str
    order: str
    at: int
    """When it was decided, in milliseconds since the Unix epoch, UTC."""
    status: Status
    """`refused`: this attempt ended the offer without using it, and its answer stays the same."""
    saved: int
    """The amount that the budget bears now: less after a refund, 0 after a cancellation."""
    lines: tuple[SoldLine, ...] = ()
    request: bytes = b""
    """The digest of the canonical request; it tells a retry from another request."""
    token: bytes = b""
    """The digest of the token; it recognises a retry after the token's key is gone."""
    code: int = 0
    """The status number of the stored response. Only the encoder knows its meaning."""
    answer: bytes = b""
    """The body of the stored response."""


class RefundRow(Struct, frozen=True):
    """One partial refund, identified by the shop's own id; repeating it changes nothing."""

    refund: str
    order: str
    at: int
    """When it was decided, in milliseconds since the Unix epoch, UTC."""
    request: bytes
    """The digest of the canonical request."""
    answer: bytes
    """The body of the stored response."""


class RedemptionState(Struct, frozen=True, kw_only=True):
    """The state on which an answer is decided, read in the transaction that writes the outcome."""

    offers: Mapping[str, Offer] = {}
    """The offer in question and those that the order redeemed, by id."""
    redemptions: tuple[RedemptionRow, ...] = ()
    """All uses of the offer in question and all uses by the order, oldest first."""
    refund: RefundRow | None = None
    """The refund in question, if it was made before."""
    balances: Mapping[BalanceKey, BudgetRow] = {}
    """The balances of the offers' campaigns, in the periods in which the offers were reserved."""
    seqs: Mapping[str, int] = {}
    """Session → the highest sequence number recorded for it."""


class RedemptionResult(Struct, frozen=True, kw_only=True):
    """A decided answer, and what changes with it."""

    answer: RedemptionAnswer
    use: RedemptionRow | None = None
    """A new use of an offer; it is stored with the response."""
    redemptions: tuple[RedemptionRow, ...] = ()
    """Earlier uses that change and keep their stored response."""
    refund: RefundRow | None = None
    """A new refund; it is stored with the body of the response."""
    offers: tuple[Offer, ...] = ()
    steps: tuple[OfferStep, ...] = ()
    moves: tuple[BudgetMove, ...] = ()


class RedemptionOutcome(Struct, frozen=True, kw_only=True):
    """What the ledger writes in one transaction, and the response that it returns."""

    status: int
    """The status number of the response. Only the encoder knows its meaning."""
    body: bytes
    redemptions: tuple[RedemptionRow, ...] = ()
    refund: RefundRow | None = None
    offers: tuple[Offer, ...] = ()
    steps: tuple[OfferStep, ...] = ()
    moves: tuple[BudgetMove, ...] = ()

    @property
    def has_effect(self) -> bool:
        """Whether an offer or a balance changes."""
        return bool(self.offers or self.moves)


RedemptionLogic = Callable[[RedemptionState], RedemptionOutcome]
"""Decides in the ledger's transaction. It must be pure, because the ledger may run it twice."""


def with_response(result: RedemptionResult, encode: EncodeAnswer) -> RedemptionOutcome:
    """Return a result with its answer encoded, also in the rows from which a retry is answered."""
    response = encode(result.answer)
    rows, refund = result.redemptions, result.refund
    if result.use:
        use = structs.replace(result.use, code=response.status, answer=response.body)
        rows = (use, *rows)
    if refund:
        refund = structs.replace(refund, answer=response.body)
    return RedemptionOutcome(
        status=response.status,
        body=response.body,
        redemptions=rows,
        refund=refund,
        offers=result.offers,
        steps=result.steps,
        moves=result.moves,
    )
