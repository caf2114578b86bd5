"""Turns and redemptions as rows of SQLite, each written whole or not at all.

Every function runs inside a transaction of the writer. The state that they check (offers that
ended, limits of budgets) is read in the same transaction, so it cannot change before the commit.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import structs

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.offers.offer import STANDING, Offer, OfferStep
from tactful.core.redemption.redemption_rows import (
    BalanceKey,
    BudgetRow,
    RedemptionLogic,
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
    RefundRow,
)
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal, TurnEntry
from tactful.stores.shared.balance_moves import apply_moves, balance_key
from tactful.stores.shared.erasures import erasure_digest, ledger_secret
from tactful.stores.shared.failpoints import FailpointHook

ENCODE: Final = msgspec.json.Encoder().encode
DECODE_OFFER: Final = msgspec.json.Decoder(Offer).decode
DECODE_REDEMPTION: Final = msgspec.json.Decoder(RedemptionRow).decode
_DECODE_REFUND: Final = msgspec.json.Decoder(RefundRow).decode

_PUT_SESSION: Final = """
  INSERT INTO sessions (session, customer, state, resume, wake_at, seen_at)
  VALUES (?, ?, ?, coalesce(?, x''), ?, ?)
  ON CONFLICT (session) DO UPDATE SET customer = excluded.customer, state = excluded.state,
    resume = iif(excluded.resume = x'', resume, excluded.resume),
    wake_at = excluded.wake_at, seen_at = excluded.seen_at"""
_PUT_CONTACT: Final = "INSERT OR REPLACE INTO contacts VALUES (?, ?)"
_PUT_OFFER: Final = """
  INSERT INTO offers (id, session, customer, state, campaign, period, currency, hold, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET session = excluded.session, customer = excluded.customer,
    state = excluded.state, hold = excluded.hold, body = excluded.body"""
_STATES: Final = "SELECT id, state FROM offers WHERE id IN (SELECT value FROM json_each(?))"
_PUT_STEP: Final = """
  INSERT INTO steps (offer, session, at, seq, state, reason) VALUES (?, ?, ?, ?, ?, ?)"""
_PUT_ENTRY: Final = """
  INSERT INTO entries (session, customer, at, rulebook, signal, inputs, trace)
  VALUES (?, ?, ?, ?, ?, ?, ?)"""
_PUT_BALANCE: Final = "INSERT OR REPLACE INTO budgets VALUES (?, ?, ?, ?, ?, ?)"
_PUT_REDEMPTION: Final = "INSERT OR REPLACE INTO redemptions VALUES (?, ?, ?, ?, ?, ?)"
_PUT_REFUND: Final = "INSERT INTO refunds VALUES (?, ?, ?)"


def commit(connection: sqlite3.Connection, turn: Commit) -> CommitRefusal | None:
    """Write a turn that promises something, or return why it was refused; then nothing is written."""
    for ended in _ended_meanwhile(connection, turn.offers):
        return CommitRefusal("offer.ended", offer=ended)
    balances = _balances_of_moves(connection, turn.moves)
    refused = apply_moves(balances, turn.moves)
    if refused:
        return refused
    _put_balances(connection, balances.values())
    _put_offers(connection, turn.offers, turn.steps)
    write_sessions_and_entries(connection, [turn])
    return None


def record(connection: sqlite3.Connection, turns: Sequence[Commit]) -> None:
    """Write turns that promise nothing, in order. An offer that ended meanwhile keeps its end.

    Raises:
        ValueError: A turn reserves beyond a limit. Such a turn must be written with `commit`.
    """
    moved = [turn for turn in turns if turn.offers or turn.moves]
    if moved:
        _record_offers(connection, moved)
    write_sessions_and_entries(connection, turns)


def _record_offers(connection: sqlite3.Connection, turns: Sequence[Commit]) -> None:
    """Write the offers, steps and moves of several turns.

    Each balance is read and written once, however many turns release into it. A fan-out ends hundreds
    of offers of one campaign at once.
    """
    ended = set(_ended_meanwhile(connection, [offer for turn in turns for offer in turn.offers]))
    moves: list[BudgetMove] = []
    offers: list[tuple[object, ...]] = []
    steps: list[tuple[object, ...]] = []
    for turn in turns:
        moves += [change for change in turn.moves if change.offer not in ended]
        moved = {offer.id: offer for offer in turn.offers if offer.id not in ended}
        offers += [_offer_row(offer) for offer in moved.values()]
        steps += [_step_row(one, moved[one.offer]) for one in turn.steps if one.offer in moved]
        ended.update(offer.id for offer in moved.values() if not offer.standing)
    balances = _balances_of_moves(connection, moves)
    if apply_moves(balances, moves):
        message = (
            "a recorded turn reserves beyond its budget; a turn that reserves must be committed"
        )
        raise ValueError(message)
    _put_balances(connection, balances.values())
    connection.executemany(_PUT_OFFER, offers)
    connection.executemany(_PUT_STEP, steps)


def write_sessions_and_entries(connection: sqlite3.Connection, turns: Sequence[Commit]) -> None:
    """Write sessions, contact histories and entries of turns.

    If a session has several turns, only its last state is written.
    """
    sessions = {turn.session: turn for turn in turns if turn.session and turn.state is not None}
    secrets = {turn.session: turn.resume for turn in turns if turn.resume is not None}
    contacts = {shopper: body for turn in turns for shopper, body in turn.contacts.items()}
    entries = [turn.entry for turn in turns if turn.entry]
    if sessions:
        connection.executemany(
            _PUT_SESSION,
            [
                (key, turn.customer, turn.state, secrets.get(key), turn.wake_at, turn.seen_at)
                for key, turn in sessions.items()
            ],
        )
    if contacts:
        connection.executemany(_PUT_CONTACT, contacts.items())
    if entries:
        connection.executemany(_PUT_ENTRY, [_entry_row(entry) for entry in entries])


def run_redemption(
    connection: sqlite3.Connection,
    logic: RedemptionLogic,
    request: tuple[str | None, str, str | None],
    failpoint: FailpointHook,
) -> RedemptionOutcome:
    """Read what the redemption depends on, run its logic and write the outcome.

    Args:
        connection: In a transaction.
        logic: The pure logic of the redemption.
        request: (offer, order, refund); see `OfferStore.run_redemption`.
        failpoint: Passed at `after-insert`.

    Raises:
        ValueError: The outcome moves a balance beyond its limit.
    """
    offer, order, refund = request
    hidden = erasure_digest(ledger_secret(connection), "order", order)
    state, erased = _redemption_state(connection, offer, (order, hidden), refund)
    outcome = logic(state)
    balances = dict(state.balances)
    if refused := apply_moves(balances, outcome.moves):
        message = f"a redemption moved {refused.campaign} beyond its limit"
        raise ValueError(message)
    # The order of an erased customer is stored under its digest, and a retry stays under it.
    stored_order = hidden if erased else order
    _put_balances(connection, balances.values() if outcome.moves else ())
    connection.executemany(
        _PUT_REDEMPTION, [_redemption_row(row, stored_order) for row in outcome.redemptions]
    )
    if outcome.refund:
        row = structs.replace(outcome.refund, order=stored_order)
        connection.execute(_PUT_REFUND, (row.order, row.refund, ENCODE(row)))
    _put_offers(connection, outcome.offers, outcome.steps, state.offers)
    failpoint("after-insert")
    return outcome


def _redemption_state(
    connection: sqlite3.Connection, offer: str | None, orders: tuple[str, str], refund: str | None
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


def mark_bought(connection: sqlite3.Connection, offers: Iterable[str], *, bought: bool) -> None:
    """Store whether the products of held-out offers were bought without the offer."""
    found = (read_offer(connection, key) for key in offers)
    rows = [(ENCODE(structs.replace(one, bought=bought)), one.id) for one in found if one]
    connection.executemany("UPDATE offers SET body = ? WHERE id = ?", rows)


def read_offer(connection: sqlite3.Connection, offer: str) -> Offer | None:
    """Return one offer; None: there is none."""
    row = connection.execute("SELECT body FROM offers WHERE id = ?", (offer,)).fetchone()
    return DECODE_OFFER(row[0]) if row else None


def _seqs(connection: sqlite3.Connection, sessions: Iterable[str]) -> dict[str, int]:
    sql = "SELECT coalesce(max(seq), 0) FROM steps WHERE session = ?"
    return {key: connection.execute(sql, (key,)).fetchone()[0] for key in sessions}


def _ended_meanwhile(connection: sqlite3.Connection, offers: Sequence[Offer]) -> list[str]:
    named = ENCODE([offer.id for offer in offers]).decode()
    rows = connection.execute(_STATES, (named,)).fetchall() if offers else ()
    return [offer for offer, state in rows if state not in STANDING]


def _balances_of_moves(
    connection: sqlite3.Connection, moves: Iterable[BudgetMove]
) -> dict[BalanceKey, BudgetRow]:
    return _read_balances(connection, {(m.campaign, m.period, m.currency) for m in moves})


def _balances_of_offers(
    connection: sqlite3.Connection, offers: Iterable[Offer]
) -> Mapping[BalanceKey, BudgetRow]:
    keys = {
        (offer.campaign, offer.period, currency)
        for offer in offers
        if offer.campaign is not None
        for currency in (offer.currency, COUNT)
    }
    return _read_balances(connection, keys)


def _read_balances(
    connection: sqlite3.Connection, keys: Iterable[BalanceKey]
) -> dict[BalanceKey, BudgetRow]:
    sql = "SELECT * FROM budgets WHERE campaign = ? AND period = ? AND currency = ?"
    found = (connection.execute(sql, key).fetchone() for key in keys)
    rows = (BudgetRow(*row) for row in found if row)
    return {balance_key(row): row for row in rows}


def _put_balances(connection: sqlite3.Connection, rows: Iterable[BudgetRow]) -> None:
    connection.executemany(_PUT_BALANCE, [structs.astuple(row) for row in rows])


def _put_offers(
    connection: sqlite3.Connection,
    offers: Sequence[Offer],
    steps: Sequence[OfferStep],
    known: Mapping[str, Offer] = {},
) -> None:
    if offers:
        connection.executemany(_PUT_OFFER, [_offer_row(offer) for offer in offers])
    if steps:
        sessions = {**known, **{offer.id: offer for offer in offers}}
        connection.executemany(_PUT_STEP, [_step_row(step, sessions[step.offer]) for step in steps])


def _offer_row(offer: Offer) -> tuple[object, ...]:
    return (
        offer.id,
        offer.session,
        offer.customer,
        offer.state.value,
        offer.campaign,
        offer.period,
        offer.currency,
        offer.hold,
        ENCODE(offer),
    )


def _step_row(step: OfferStep, offer: Offer) -> tuple[object, ...]:
    return (step.offer, offer.session, step.at, step.seq, step.to.value, step.reason)


def _entry_row(entry: TurnEntry) -> tuple[object, ...]:
    return structs.astuple(entry)


def _redemption_row(row: RedemptionRow, order: str) -> tuple[object, ...]:
    row = structs.replace(row, order=order)
    return (row.offer, row.order, row.at, row.status, row.saved, ENCODE(row))
