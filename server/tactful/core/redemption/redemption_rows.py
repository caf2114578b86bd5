"""The rows that a redemption, cancellation or refund reads and writes."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct, structs

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferStep
from tactful.core.redemption.answers import EncodeAnswer, RedemptionAnswer

Status = Literal["held", "redeemed", "lapsed", "cancelled", "refused"]
"""The status of a use as the ledger stores it."""
LIVE: Final[frozenset[Status]] = frozenset({"held", "redeemed"})
"""The statuses in which an offer is used. At most one use of an offer has one of them."""
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
    extra_paid: int = 0
    """What went back of `paid` beyond the share of the returned units, by refunds of an amount."""
    extra_saved: int = 0
    """The same of `saved`."""

    @property
    def paid_back(self) -> int:
        """What went back of `paid` in all."""
        return self.share(self.paid, self.returned) + self.extra_paid

    @property
    def saved_back(self) -> int:
        """What went back of `saved` in all."""
        return self.share(self.saved, self.returned) + self.extra_saved

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
    """The amount that the budget bears now: less after a refund, 0 after a cancellation or lapse.

    While the use is held it is reserved, then settled.
    """
    lines: tuple[SoldLine, ...] = ()
    request: bytes = b""
    """The digest of the canonical request; it tells a retry from another request.

    Empty: no request made this use, but the report of an order with the offer's discount code.
    """
    token: bytes = b""
    """The digest of the token; it recognises a retry after the token's key is gone."""
    code: int = 0
    """The status number of the stored response. Only the encoder knows its meaning."""
    answer: bytes = b""
    """The body of the stored response."""
    attempt: int = 1
    """The payment attempt of the order."""
    offers: tuple[str, ...] = ()
    """All offers that the same call uses, sorted; empty: this one alone."""
    until: int | None = None
    """When it lapses unless it is confirmed, in milliseconds since the Unix epoch, UTC; `None`: never."""
    promised_hold: int = 0
    """What the offer's promise reserved before a held use, in minor units."""
    unit: int | None = None
    """The `unit` of the response, in minor units; `None`: the use was recorded by release 0.1.0."""
    qty: int = 1
    """The `qty` of the response; it has a meaning only beside `unit`."""
    confirmed_at: int | None = None
    """When a held use was confirmed, in milliseconds since the Unix epoch, UTC."""
    confirmation: bytes = b""
    """The body of the response to that confirmation."""
    place: int = 0
    """Its place in the order in which the order's uses were made or confirmed; 0: by release 0.1.0.

    Instants do not tell that order: two calls may come within a millisecond.
    """

    @property
    def is_live(self) -> bool:
        """Whether the offer is used: held or redeemed."""
        return self.status in LIVE

    @property
    def was_redeemed(self) -> bool:
        """Whether it was ever redeemed, and not only held."""
        at_once = self.until is None and self.status != "refused"
        return at_once or self.confirmed_at is not None

    @property
    def call_offers(self) -> tuple[str, ...]:
        """All offers that the same call uses, sorted."""
        return self.offers or (self.offer,)

    @property
    def granted(self) -> int:
        """The saving of all lines, whatever was given back since, in minor units."""
        return sum(line.saved for line in self.lines)


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
    """The offers in question and those that the order used, by id."""
    redemptions: tuple[RedemptionRow, ...] = ()
    """All uses of the offers in question and all uses by the order, oldest first."""
    orders: frozenset[str] = frozenset()
    """Every id of the order in question."""
    refund: RefundRow | None = None
    """The refund in question, if it was made before."""
    balances: Mapping[BalanceKey, BudgetRow] = {}
    """The balances of the offers' campaigns, in the periods in which the offers were reserved."""
    seqs: Mapping[str, int] = {}
    """Session → the highest sequence number recorded for it."""
    used_vouchers: frozenset[str] = frozenset()
    """The ids of those of `offers` whose voucher is used by another offer of the same customer."""


class RedemptionResult(Struct, frozen=True, kw_only=True):
    """A decided answer, and what changes with it."""

    answer: RedemptionAnswer
    uses: tuple[RedemptionRow, ...] = ()
    """New uses of offers; they are stored with the response."""
    confirmed: tuple[RedemptionRow, ...] = ()
    """Held uses that are confirmed; the response is stored as their confirmation."""
    redemptions: tuple[RedemptionRow, ...] = ()
    """Earlier uses that change and keep their stored response."""
    refund: RefundRow | None = None
    """A new refund; it is stored with the body of the response."""
    offers: tuple[Offer, ...] = ()
    steps: tuple[OfferStep, ...] = ()
    moves: tuple[BudgetMove, ...] = ()
    alias: str | None = None
    """Another id that the order has from now on."""


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
    alias: str | None = None
    """Another id that the order has from now on."""

    @property
    def has_effect(self) -> bool:
        """Whether an offer or a balance changes."""
        return bool(self.offers or self.moves)


RedemptionLogic = Callable[[RedemptionState], RedemptionOutcome]
"""Decides in the ledger's transaction. It must be pure, because the ledger may run it twice."""


def with_response(result: RedemptionResult, encode: EncodeAnswer) -> RedemptionOutcome:
    """Return a result with its answer encoded, also in the rows from which a retry is answered."""
    response = encode(result.answer)
    code, body, refund = response.status, response.body, result.refund
    # Uses that end come first: the ledger refuses two live uses of one offer at any instant.
    rows = (
        *result.redemptions,
        *(structs.replace(row, confirmation=body) for row in result.confirmed),
        *(structs.replace(row, code=code, answer=body) for row in result.uses),
    )
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
        alias=result.alias,
    )
