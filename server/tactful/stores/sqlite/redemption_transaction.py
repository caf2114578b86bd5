"""Redemptions as rows of SQLite, each written whole or not at all."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import structs

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
from tactful.stores.shared.balance_moves import apply_moves
from tactful.stores.shared.commit_check import promised_by, refuse_stale_reads, units_growth
from tactful.stores.shared.erasures import erasure_digest, ledger_secret
from tactful.stores.shared.failpoints import FailpointHook
from tactful.stores.shared.redemption_change import redemption_subjects
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.tables import change_rows, stock, tombstones
from tactful.stores.sqlite.tables.budget_balances import put_balances, read_balances
from tactful.stores.sqlite.tables.commit_view import SqliteCommitView
from tactful.stores.sqlite.tables.offer_rows import ENCODE, put_offers, read_offer, with_offers

DECODE_REDEMPTION: Final = msgspec.json.Decoder(RedemptionRow).decode
_DECODE_REFUND: Final = msgspec.json.Decoder(RefundRow).decode
_PUT_REDEMPTION: Final = "INSERT OR REPLACE INTO redemptions VALUES (?, ?, ?, ?, ?, ?)"
_PUT_REFUND: Final = "INSERT INTO refunds VALUES (?, ?, ?)"


def run_redemption(
    connection: LedgerConnection,
    logic: RedemptionLogic,
    request: tuple[str | None, str, str | None],
    failpoint: FailpointHook,
    reads: ReadSet | None = None,
) -> RedemptionOutcome | CommitRefusal:
    """Read what the redemption depends on, run its logic and write the outcome.

    Args:
        connection: In a transaction.
        logic: The pure logic of the redemption.
        request: (offer, order, refund); see `OfferStore.run_redemption`.
        failpoint: Passed at `after-insert`.
        reads: What the logic was made from. If it is stale, nothing is run.

    Raises:
        ValueError: The outcome moves a balance beyond its limit.
    """
    if refused := refuse_stale_reads(SqliteCommitView(connection), reads):
        return refused
    offer, order, refund = request
    hidden = erasure_digest(ledger_secret(connection), "order", order)
    state, erased = _redemption_state(connection, offer, (order, hidden), refund)
    outcome = logic(state)
    balances = dict(state.balances)
    if beyond := apply_moves(balances, outcome.moves):
        message = f"a redemption moved {beyond.campaign} beyond its limit"
        raise ValueError(message)
    # The order of an erased customer is stored under its digest, and a retry stays under it.
    erased = erased or any(
        one.customer is not None and tombstones.is_alias(connection, one.customer)
        for one in state.offers.values()
    )
    stored_order = hidden if erased else order
    put_balances(connection, balances.values() if outcome.moves else ())
    connection.executemany(
        _PUT_REDEMPTION, [_redemption_row(row, stored_order) for row in outcome.redemptions]
    )
    if outcome.refund:
        row = structs.replace(outcome.refund, order=stored_order)
        connection.execute(_PUT_REFUND, (row.order, row.refund, ENCODE(row)))
    offers = {**state.offers, **{offer.id: offer for offer in outcome.offers}}
    put_offers(connection, outcome.offers, with_offers(outcome.steps, offers))
    units = {key: promised_by(known) for key, known in state.offers.items()}
    stock.add_units(connection, units_growth(outcome.offers, units))
    if outcome.has_effect:
        subjects, at = redemption_subjects(outcome, stored_order)
        change_rows.append(connection, "redemption", subjects, at=at)
    failpoint("after-insert")
    return outcome


def _redemption_state(
    connection: LedgerConnection, offer: str | None, orders: tuple[str, str], refund: str | None
) -> tuple[RedemptionState, bool]:
    """Return the state, and whether the order is stored under its digest because of an erasure."""
    order, hidden = orders
    rows = connection.execute(
        'SELECT body FROM redemptions WHERE offer = ? OR "order" IN (?, ?) ORDER BY at, rowid',
        (offer, *orders),
    ).fetchall()
    found = [DECODE_REDEMPTION(body) for (body,) in rows]
    erased = any(row.order == hidden for row in found)
    redemptions = tuple(
        structs.replace(row, order=order) if row.order == hidden else row for row in found
    )
    named = {offer, *(row.offer for row in redemptions if row.order == order)}
    offers = {one.id: one for key in named if key and (one := read_offer(connection, key))}
    given = connection.execute(
        'SELECT body FROM refunds WHERE "order" IN (?, ?) AND refund = ?', (*orders, refund)
    ).fetchone()
    state = RedemptionState(
        offers=offers,
        redemptions=redemptions,
        refund=_DECODE_REFUND(given[0]) if given else None,
        balances=_balances_of_offers(connection, offers.values()),
        seqs=_seqs(connection, {offer.session for offer in offers.values()}),
    )
    return state, erased


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


def _seqs(connection: sqlite3.Connection, sessions: Iterable[str]) -> dict[str, int]:
    sql = "SELECT coalesce(max(seq), 0) FROM steps WHERE session = ?"
    return {key: connection.execute(sql, (key,)).fetchone()[0] for key in sessions}


def _redemption_row(row: RedemptionRow, order: str) -> tuple[object, ...]:
    row = structs.replace(row, order=order)
    return (row.offer, row.order, row.at, row.status, row.saved, ENCODE(row))
