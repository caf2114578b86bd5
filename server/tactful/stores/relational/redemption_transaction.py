"""Redemptions as rows, each written whole or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import Offer
from tactful.core.redemption.redemption_rows import (
    BalanceKey,
    BudgetRow,
    RedemptionLogic,
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
    RefundRow,
)
from tactful.runtime.ports.ledger_rows import CommitRefusal, ReadSet
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.relational.tables import change_rows, stock, tombstones
from tactful.stores.relational.tables.budget_balances import put_balances, read_balances
from tactful.stores.relational.tables.commit_view import RelationalCommitView
from tactful.stores.relational.tables.contacts import put_contacts, read_contact
from tactful.stores.relational.tables.offer_rows import ENCODE, put_offers, read_offer, with_offers
from tactful.stores.relational.tables.order_ids import OrderIds, add_alias
from tactful.stores.shared.balance_moves import apply_moves
from tactful.stores.shared.commit_check import refuse_stale_reads, units_growth
from tactful.stores.shared.erasures import ledger_secret
from tactful.stores.shared.failpoints import FailpointHook
from tactful.stores.shared.redemption_change import redemption_subjects
from tactful.stores.shared.voucher_marks import marked_contacts

DECODE_REDEMPTION: Final = msgspec.json.Decoder(RedemptionRow).decode
_DECODE_REFUND: Final = msgspec.json.Decoder(RefundRow).decode
# An update, so that a second live use of an offer is an error and does not replace the first.
_PUT_REDEMPTION: Final = """
  INSERT INTO redemptions (rowid, offer, "order", attempt, at, status, saved, until, body)
  VALUES ((SELECT coalesce(max(rowid), 0) + 1 FROM redemptions), ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (offer, "order", attempt) DO UPDATE SET at = excluded.at, status = excluded.status,
    saved = excluded.saved, until = excluded.until, body = excluded.body"""
_RENAME_ORDER: Final = """
  UPDATE redemptions SET "order" = ? WHERE offer = ? AND "order" = ? AND attempt = ?"""
_VOUCHER_USED: Final = """
  SELECT 1 FROM offers WHERE customer = ? AND state IN ('held', 'redeemed') AND id <> ?
    AND CAST(body AS TEXT) ->> 'remedy' = ?"""
LAST_SEQ: Final = """
  SELECT coalesce(max(s.seq), 0) FROM offers AS o JOIN steps AS s ON s.offer = o.id
  WHERE o.session = ?"""
"""The highest sequence number of the steps of a session's offers; 0: it has none."""
_PUT_REFUND: Final = 'INSERT INTO refunds ("order", refund, body) VALUES (?, ?, ?)'


class RedemptionLookup(Struct, frozen=True):
    """What a redemption is about; see `OfferStore.run_redemption`."""

    order: str
    offers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    refund: str | None = None


def run_redemption(
    connection: LedgerConnection,
    logic: RedemptionLogic,
    lookup: RedemptionLookup,
    failpoint: FailpointHook,
    reads: ReadSet | None = None,
) -> RedemptionOutcome | CommitRefusal:
    """Read what the redemption depends on, run its logic and write the outcome.

    Args:
        connection: In a transaction.
        logic: The pure logic of the redemption.
        lookup: What it is about.
        failpoint: Passed at `after-insert`.
        reads: What the logic was made from. If it is stale, nothing is run.

    Raises:
        ValueError: The outcome moves a balance beyond its limit.
        Exception: Two uses of one offer would be live, which the database refuses.
    """
    if refused := refuse_stale_reads(RelationalCommitView(connection), reads):
        return refused
    ids = OrderIds(connection, ledger_secret(connection), (lookup.order, *lookup.also))
    rows = _rows(connection, lookup.offers, ids)
    state = _redemption_state(connection, lookup, ids, rows)
    outcome = logic(state)
    balances = dict(state.balances)
    if beyond := apply_moves(balances, outcome.moves):
        message = f"a redemption moved {beyond.campaign} beyond its limit"
        raise ValueError(message)
    # The order of an erased customer is stored under its digest, and a retry stays under it.
    erased = ids.hidden(lookup.order) in {row.order for row in rows} or any(
        one.customer is not None and tombstones.is_alias(connection, one.customer)
        for one in state.offers.values()
    )

    def stored(order: str) -> str:
        return ids.hidden(order) if erased else order

    if outcome.moves:
        put_balances(connection, balances)
    known = {(row.offer, ids.name(row.order), row.attempt): row.order for row in rows}
    for row in outcome.redemptions:
        before, after = known.get((row.offer, row.order, row.attempt)), stored(row.order)
        if before not in {None, after}:
            connection.execute(_RENAME_ORDER, (after, row.offer, before, row.attempt))
        connection.execute(_PUT_REDEMPTION, _redemption_row(row, after))
    if outcome.refund:
        refund = structs.replace(outcome.refund, order=stored(lookup.order))
        connection.execute(_PUT_REFUND, (refund.order, refund.refund, ENCODE(refund)))
    if outcome.alias is not None:
        add_alias(connection, stored(outcome.alias), stored(lookup.order))
    contacts = marked_contacts(outcome.offers, lambda customer: read_contact(connection, customer))
    put_contacts(connection, contacts)
    offers = {**state.offers, **{offer.id: offer for offer in outcome.offers}}
    put_offers(connection, outcome.offers, with_offers(outcome.steps, offers))
    units = {key: known.reserved_units for key, known in state.offers.items()}
    stock.add_units(connection, units_growth(outcome.offers, units))
    if outcome.has_effect:
        subjects, at = redemption_subjects(outcome, stored(lookup.order))
        change_rows.append(connection, "redemption", subjects, at=at)
    failpoint("after-insert")
    return outcome


def _rows(connection: WriteConnection, offers: Sequence[str], ids: OrderIds) -> list[RedemptionRow]:
    """Return the redemptions of some offers and of an order, oldest first, as they are stored."""
    orders = sorted(ids.stored)
    sql = (
        f"SELECT body FROM redemptions WHERE offer IN ({_marks(offers)})"  # noqa: S608
        f' OR "order" IN ({_marks(orders)}) ORDER BY at, rowid'
    )
    return [DECODE_REDEMPTION(body) for (body,) in connection.execute(sql, (*offers, *orders))]


def _redemption_state(
    connection: LedgerConnection,
    lookup: RedemptionLookup,
    ids: OrderIds,
    rows: Sequence[RedemptionRow],
) -> RedemptionState:
    redemptions = tuple(structs.replace(row, order=ids.name(row.order)) for row in rows)
    named = {*lookup.offers, *(row.offer for row in redemptions if row.order in ids.names)}
    offers = {one.id: one for key in sorted(named) if (one := read_offer(connection, key))}
    return RedemptionState(
        offers=offers,
        redemptions=redemptions,
        orders=ids.names,
        refund=_read_refund(connection, lookup.refund, ids) if lookup.refund else None,
        balances=_balances_of_offers(connection, offers.values()),
        seqs=_seqs(connection, {offer.session for offer in offers.values()}),
        used_vouchers=frozenset(key for key, one in offers.items() if _is_used(connection, one)),
    )


def _read_refund(connection: WriteConnection, refund: str, ids: OrderIds) -> RefundRow | None:
    orders = sorted(ids.stored)
    row = connection.execute(
        f'SELECT body FROM refunds WHERE "order" IN ({_marks(orders)}) AND refund = ?',  # noqa: S608
        (*orders, refund),
    ).fetchone()
    return _DECODE_REFUND(row[0]) if row else None


def _is_used(connection: WriteConnection, offer: Offer) -> bool:
    """Return whether another offer of the customer uses the voucher of an offer."""
    if offer.remedy is None:
        return False
    values = (offer.customer, offer.id, offer.remedy)
    return connection.execute(_VOUCHER_USED, values).fetchone() is not None


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values) or "NULL"


def _balances_of_offers(
    connection: LedgerConnection, offers: Iterable[Offer]
) -> Mapping[BalanceKey, BudgetRow]:
    keys = {
        (offer.campaign, offer.period, currency)
        for offer in offers
        if offer.campaign is not None
        for currency in (offer.currency, COUNT)
    }
    return read_balances(connection, keys)


def _seqs(connection: WriteConnection, sessions: Iterable[str]) -> dict[str, int]:
    return {key: connection.execute(LAST_SEQ, (key,)).fetchone()[0] for key in sessions}


def _redemption_row(row: RedemptionRow, order: str) -> tuple[object, ...]:
    row = structs.replace(row, order=order)
    return (
        row.offer,
        row.order,
        row.attempt,
        row.at,
        row.status,
        row.saved,
        row.until,
        ENCODE(row),
    )
