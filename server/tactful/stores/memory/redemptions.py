"""Redemptions in plain dictionaries."""

from collections.abc import Collection

from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.redemption_rows import (
    BalanceKey,
    RedemptionLogic,
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
    Status,
)
from tactful.runtime.ports.ledger_rows import CommitRefusal, ReadSet, StoredRedemption
from tactful.stores.memory.turns import MemoryTurns
from tactful.stores.shared.balance_moves import apply_moves
from tactful.stores.shared.commit_check import refuse_stale_reads
from tactful.stores.shared.redemption_change import redemption_subjects
from tactful.stores.shared.voucher_marks import marked_contacts


class MemoryRedemptions(MemoryTurns):
    """The part of `MemoryLedger` for redemptions; no call awaits anything, so each is a transaction."""

    async def run_redemption(
        self,
        logic: RedemptionLogic,
        *,
        offers: Collection[str] = (),
        order: str,
        also: Collection[str] = (),
        refund: str | None = None,
        reads: ReadSet | None = None,
    ) -> RedemptionOutcome | CommitRefusal:
        """Read what the redemption depends on, run its logic and write the outcome."""
        if stale := refuse_stale_reads(self, reads):
            return stale
        ids = self._ids_of_order((order, *also))
        outcome = logic(self._redemption_state(offers, ids, refund))
        balances = dict(self._balances)
        if refused := apply_moves(balances, outcome.moves):
            message = f"a redemption moved {refused.campaign} beyond its limit"
            raise ValueError(message)
        rows = self._redemptions | {_key(row): row for row in outcome.redemptions}
        _refuse_second_use(rows.values(), {row.offer for row in outcome.redemptions})
        self._balances = balances
        for key in rows:
            self._numbers.setdefault(key, len(self._numbers) + 1)
        self._redemptions = rows
        if outcome.refund:
            self._refunds[order, outcome.refund.refund] = outcome.refund
        if outcome.alias is not None:
            self._add_alias(outcome.alias, order)
        self._contacts |= marked_contacts(outcome.offers, self._contacts.get)
        self._put_offers(outcome.offers)
        self._add_steps(outcome.steps)
        if outcome.has_effect:
            subjects, at = redemption_subjects(outcome, self._logged_order(outcome, order))
            self._log("redemption", subjects, at=at)
            self._publish()
        return outcome

    def _logged_order(self, outcome: RedemptionOutcome, order: str) -> str:
        """Return an order as the log names it: by its digest if its customer was erased."""
        aliases = {known.alias for known in self._tombstones.values()}
        hidden = self._digest("order", order)
        erased = any(one.customer in aliases for one in outcome.offers)
        return hidden if erased else order

    def _redemption_state(
        self, asked: Collection[str], orders: frozenset[str], refund: str | None
    ) -> RedemptionState:
        rows = [
            row for row in self._redemptions.values() if row.offer in asked or row.order in orders
        ]
        rows.sort(key=lambda row: (row.at, self._numbers[_key(row)]))
        named = {*asked, *(row.offer for row in rows if row.order in orders)}
        offers = {key: self._offers[key] for key in sorted(named) if key in self._offers}
        keys = {
            (one.campaign, one.period, currency)
            for one in offers.values()
            for currency in (one.currency, COUNT)
        }
        sessions = {key: one.session for key, one in self._offers.items()}
        refunds = [self._refunds.get((order, refund)) for order in sorted(orders) if refund]
        return RedemptionState(
            offers=offers,
            redemptions=tuple(rows),
            orders=orders,
            refund=next((row for row in refunds if row), None),
            balances={key: row for key, row in self._balances.items() if key in keys},
            used_vouchers=frozenset(
                key for key, one in offers.items() if self._is_voucher_used(one)
            ),
            seqs={
                one.session: max(
                    (s.seq for s in self._steps if sessions[s.offer] == one.session), default=0
                )
                for one in offers.values()
            },
        )

    def _is_voucher_used(self, offer: Offer) -> bool:
        if offer.remedy is None:
            return False
        voucher = offer.customer, offer.remedy
        return any(
            one.state in {OfferState.HELD, OfferState.REDEEMED}
            and (one.customer, one.remedy) == voucher
            and one.id != offer.id
            for one in self._offers.values()
        )

    # the ids of an order
    def _ids_of_order(self, named: Collection[str]) -> frozenset[str]:
        first = {self._order_aliases.get(one, one) for one in named}
        others = (alias for alias, order in self._order_aliases.items() if order in first)
        return frozenset({*named, *first, *others})

    def _add_alias(self, alias: str, order: str) -> None:
        target = self._order_aliases.get(order, order)
        other = self._order_aliases.get(alias, alias)
        if target == other:
            return
        for known, leads_to in self._order_aliases.items():
            if leads_to == other:
                self._order_aliases[known] = target
        self._order_aliases |= {other: target, alias: target}

    # reads
    async def orders_of(self, offer: str) -> list[str]:
        """Return the orders that use an offer."""
        used = (row for row in self._redemptions.values() if row.offer == offer and row.is_live)
        return [row.order for row in sorted(used, key=lambda row: row.at)]

    async def held_amounts(self) -> dict[BalanceKey, int]:
        """Return what orders hold of each balance."""
        found: dict[BalanceKey, int] = {}
        for offer in self._offers.values():
            if offer.state is OfferState.HELD and offer.campaign is not None:
                for currency, amount in ((offer.currency, offer.hold), (COUNT, 1)):
                    key = offer.campaign, offer.period, currency
                    found[key] = found.get(key, 0) + amount
        return found

    async def next_hold_end(self) -> int | None:
        """Return when the next held redemption lapses."""
        held = (row.until for row in self._redemptions.values() if row.status == "held")
        return min((until for until in held if until is not None), default=None)

    async def orders_with_lapsing_holds(self, until: int, limit: int = 100) -> list[str]:
        """Return orders with a held redemption that lapses at an instant or before."""
        due = sorted(
            (row.until, row.order)
            for row in self._redemptions.values()
            if row.status == "held" and row.until is not None and row.until <= until
        )
        return [*dict.fromkeys(order for _, order in due)][:limit]

    async def unpaid_orders(self, orders: Collection[str]) -> set[str]:
        """Return those of some orders that have a held or lapsed redemption."""
        unpaid = {
            row.order for row in self._redemptions.values() if row.status in {"held", "lapsed"}
        }
        return {one for one in orders if not unpaid.isdisjoint(self._ids_of_order((one,)))}

    async def order_ids(self, orders: Collection[str]) -> set[str]:
        """Return every id of one order that some of its ids lead to."""
        return {*self._ids_of_order(orders)}

    async def redemptions(
        self,
        *,
        order: str | None = None,
        also: Collection[str] = (),
        offer: str | None = None,
        statuses: Collection[Status] = (),
        after: int = 0,
        limit: int = 200,
    ) -> list[StoredRedemption]:
        """Return redemptions in the order in which they were stored."""
        orders = self._ids_of_order((order, *also)) if order is not None else None
        found = sorted(
            (
                (self._numbers[key], row)
                for key, row in self._redemptions.items()
                if self._numbers[key] > after
                and row.status != "refused"
                and (orders is None or row.order in orders)
                and offer in {None, row.offer}
                and (not statuses or row.status in statuses)
            ),
            key=lambda one: one[0],
        )
        return [
            StoredRedemption(
                number,
                row,
                self._offers[row.offer],
                tuple(sorted(self._ids_of_order((row.order,)) - {row.order})),
            )
            for number, row in found[:limit]
        ]


def _key(row: RedemptionRow) -> tuple[str, str, int]:
    return row.offer, row.order, row.attempt


def _refuse_second_use(rows: Collection[RedemptionRow], offers: Collection[str]) -> None:
    """Refuse two live uses of one offer: single use does not rest on the redemption logic alone.

    Raises:
        ValueError: There are two.
    """
    for offer in offers:
        live = [row.order for row in rows if row.offer == offer and row.is_live]
        if len(live) > 1:
            message = f"{offer} would be used by {' and '.join(sorted(live))}"
            raise ValueError(message)
