"""Changes of offers and balances by a redemption, and the state after them."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.offers.offer import Offer, OfferEvent, OfferStep, next_state
from tactful.core.redemption.answers import RedemptionAnswer, RedemptionRefusal
from tactful.core.redemption.error_codes import RedemptionErrorCode
from tactful.core.redemption.redemption_rows import (
    BalanceKey,
    BudgetRow,
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
)


def refuse(code: RedemptionErrorCode, detail: str | None = None) -> RedemptionResult:
    """Return a refusal that changes nothing."""
    return RedemptionResult(answer=RedemptionRefusal(code, detail))


def uses_of_order(state: RedemptionState, attempt: int | None = None) -> list[RedemptionRow]:
    """Return the uses of offers by the order in question, oldest first.

    Args:
        state: What the ledger knows of the order.
        attempt: Only the uses of this payment attempt; `None`: those of all attempts.
    """
    return [
        row
        for row in state.redemptions
        if row.order in state.orders and row.status != "refused" and attempt in {None, row.attempt}
    ]


def next_place(state: RedemptionState) -> int:
    """Return the place of the next use that the order makes or confirms."""
    return 1 + max((row.place for row in state.redemptions if row.order in state.orders), default=0)


def transition(
    state: RedemptionState, offer: Offer, event: OfferEvent, at: int, reason: str | None = None
) -> tuple[Offer, OfferStep]:
    """Return the offer after an event, and the audited step.

    Args:
        state: Has the session's highest sequence number, which the step must exceed.
        offer: The offer before the event.
        event: What happens to it.
        at: Milliseconds since the Unix epoch, UTC.
        reason: The reason code that the audit shows; it never leaves the server.

    Raises:
        LookupError: The event cannot happen in the offer's state.
    """
    seq = max(state.seqs.get(offer.session, 0), offer.seq) + 1
    offer = structs.replace(offer, state=next_state(offer.state, event), seq=seq)
    return offer, OfferStep(offer.id, at, seq, offer.state, reason)


def budget_moves(
    state: RedemptionState,
    offer: Offer,
    *,
    reserve: int = 0,
    settle: int = 0,
    count: int = 0,
    settle_count: int = 0,
) -> tuple[BudgetMove, ...]:
    """Return the changes of the two balances in which the offer was reserved: its money and its count.

    Args:
        state: Has the balances of the offer's campaign.
        offer: The offer whose hold changes.
        reserve: Change of the reserved money, in minor units of the offer's currency.
        settle: Change of the settled money, in minor units of the offer's currency.
        count: Change of the number of reserved offers.
        settle_count: Change of the number of settled offers.
    """
    changes = ((offer.currency, reserve, settle), (COUNT, count, settle_count))
    return tuple(
        BudgetMove(
            offer.campaign or "", offer.period, currency, row.limit, held, spent, offer=offer.id
        )
        for currency, held, spent in changes
        if (row := state.balances.get((offer.campaign or "", offer.period, currency)))
        and (held or spent)
    )


def is_affordable(state: RedemptionState, changes: Sequence[BudgetMove]) -> bool:
    """Return whether the balances allow the changes.

    They always do, except if the offer was restored after other offers had reserved its budget.
    """
    for change in changes:
        row = state.balances[change.campaign, change.period, change.currency]
        grown = change.reserve + change.settle
        if grown > 0 and row.limit is not None and row.reserved + row.settled + grown > row.limit:
            return False
    return True


def state_after(state: RedemptionState, result: RedemptionResult) -> RedemptionState:
    """Return the state after a result, on which the next one of the same call is decided."""
    changed = {_key(row): row for row in _rows(result)}
    known = [changed.pop(_key(row), row) for row in state.redemptions]
    seqs = dict(state.seqs)
    for offer in result.offers:
        seqs[offer.session] = max(seqs.get(offer.session, 0), offer.seq)
    return structs.replace(
        state,
        offers={**state.offers, **{offer.id: offer for offer in result.offers}},
        redemptions=(*known, *changed.values()),
        balances=_balances_after(state.balances, result.moves),
        seqs=seqs,
    )


def merged(
    answer: RedemptionAnswer, results: Sequence[RedemptionResult], alias: str | None = None
) -> RedemptionResult:
    """Return one result with the changes of several, each decided on the state after the one before."""
    offers = {offer.id: offer for result in results for offer in result.offers}
    return RedemptionResult(
        answer=answer,
        uses=tuple(row for result in results for row in result.uses),
        confirmed=tuple(row for result in results for row in result.confirmed),
        redemptions=tuple(row for result in results for row in result.redemptions),
        offers=tuple(offers.values()),
        steps=tuple(step for result in results for step in result.steps),
        moves=tuple(move for result in results for move in result.moves),
        alias=alias,
    )


def _rows(result: RedemptionResult) -> tuple[RedemptionRow, ...]:
    return (*result.redemptions, *result.confirmed, *result.uses)


def _key(row: RedemptionRow) -> tuple[str, str, int]:
    return row.offer, row.order, row.attempt


def _balances_after(
    balances: Mapping[BalanceKey, BudgetRow], moves: Sequence[BudgetMove]
) -> Mapping[BalanceKey, BudgetRow]:
    after = dict(balances)
    for move in moves:
        key = move.campaign, move.period, move.currency
        row = after[key]
        after[key] = structs.replace(
            row, reserved=row.reserved + move.reserve, settled=row.settled + move.settle
        )
    return after
