"""What the checks of several turns ask for, read together.

Where each answer takes a trip to another process, all statements are sent before the first answer is
awaited.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.core.redemption.redemption_rows import BudgetRow
from tactful.runtime.ports.ledger_rows import Commit, SavedContact
from tactful.stores.relational.ledger_connection import LedgerConnection, Rows
from tactful.stores.relational.tables.sessions import learn_ended
from tactful.stores.shared.balance_moves import balance_key

_ENCODE: Final = msgspec.json.Encoder().encode
_EPOCHS: Final = (
    "SELECT session, epoch FROM sessions WHERE session IN (SELECT value FROM json_each(?))"
)
_OFFERS: Final = "SELECT id, state, units FROM offers WHERE id IN (SELECT value FROM json_each(?))"
_CONTACTS: Final = """
  SELECT shopper, revision, body FROM contacts WHERE shopper IN (SELECT value FROM json_each(?))"""
_SHELVES: Final = """
  SELECT s.sku, s.territory, s.promised FROM json_each(?) AS j
  JOIN stock_commitments AS s ON s.sku = j.value ->> 0 AND s.territory = j.value ->> 1"""
_BALANCES: Final = """
  SELECT b.* FROM json_each(?) AS j
  JOIN budgets AS b ON b.campaign = j.value ->> 0 AND b.period = j.value ->> 1"""


class TurnBasis(Struct, frozen=True):
    """What is stored of the offers and contact histories of some turns."""

    states: dict[str, str | None]
    """Offer → its state; None: it is new."""
    units: dict[str, int]
    """Offer → the units that it promises."""
    contacts: dict[str, SavedContact | None]
    """Customer → the contact history; None: none is stored."""


def read_basis(connection: LedgerConnection, turns: Sequence[Commit]) -> TurnBasis:
    """Read what turns rest on; epochs, balances and stock are known to the connection afterwards.

    Args:
        connection: In a transaction.
        turns: The turns.
    """
    known = connection.known
    offers = {offer.id for turn in turns for offer in turn.offers}
    customers = {customer for turn in turns for customer in turn.contacts}
    sessions = {turn.session for turn in turns if turn.session and turn.epoch} - known.epochs.keys()
    shelves = {(one.sku, one.territory) for turn in turns for one in turn.stock}
    shelves -= known.promised.keys()
    moved = {(one.campaign, one.period) for turn in turns for one in turn.moves}
    moved -= {key[:2] for key in known.balances}

    def ask(sql: str, wanted: Collection[Any]) -> Callable[[], Sequence[Any]]:
        if not wanted:
            return tuple
        asked: Rows = connection.execute(sql, (_ENCODE(sorted(wanted)).decode(),))
        return asked.fetchall

    answers = [
        ask(_EPOCHS, sessions),
        ask(_SHELVES, shelves),
        ask(_BALANCES, moved),
        ask(_OFFERS, offers),
        ask(_CONTACTS, customers),
    ]
    epochs, promised, balances, states, contacts = [answer() for answer in answers]
    known.epochs |= {**dict.fromkeys(sessions, 0), **dict(epochs)}
    learn_ended(connection, sessions)
    known.promised |= {
        **dict.fromkeys(shelves, 0),
        **{(sku, territory): units for sku, territory, units in promised},
    }
    known.balances |= {balance_key(row): row for row in (BudgetRow(*one) for one in balances)}
    return TurnBasis(
        {**dict.fromkeys(offers), **{key: state for key, state, _ in states}},
        {**dict.fromkeys(offers, 0), **{key: units for key, _, units in states}},
        {
            **dict.fromkeys(customers),
            **{who: SavedContact(revision, body) for who, revision, body in contacts},
        },
    )
