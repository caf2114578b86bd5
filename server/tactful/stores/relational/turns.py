"""Turns as rows, each written whole or not at all.

Every function runs inside a transaction of the writer. The state that they check (offers that
ended, limits of budgets, the read set) is read in the same transaction, so it cannot change before
the commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import structs

from tactful.core.offers.offer import STANDING, Offer, OfferStep
from tactful.core.redemption.redemption_rows import BalanceKey, BudgetRow
from tactful.runtime.ports.exposure_store import Exposure
from tactful.runtime.ports.ledger_rows import (
    Commit,
    CommitRefusal,
    ContactWrite,
    SavedContact,
    TallyRow,
)
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import LedgerConnection
from tactful.stores.relational.tables import code_rows, stock, tombstones
from tactful.stores.relational.tables.budget_balances import put_balances, read_balances
from tactful.stores.relational.tables.commit_view import RelationalCommitView
from tactful.stores.relational.tables.contacts import put_contacts, read_contact
from tactful.stores.relational.tables.exposure_rows import put_exposures
from tactful.stores.relational.tables.offer_rows import put_offers
from tactful.stores.relational.tables.offer_sums import note_reductions
from tactful.stores.relational.tables.sessions import learn_ended, learn_epochs, write_sessions
from tactful.stores.relational.tables.tallies import add_tallies
from tactful.stores.relational.turn_basis import read_basis
from tactful.stores.shared.balance_moves import apply_moves
from tactful.stores.shared.commit_check import (
    Shelf,
    refuse_commit,
    refuse_moved_session,
    units_growth,
)
from tactful.stores.shared.contact_merge import next_contact

_STATE: Final = "SELECT state, units FROM offers WHERE id = ?"
_BASIS: Final = """
  SELECT (SELECT epoch FROM sessions WHERE session = ?),
    (SELECT promised FROM stock_commitments WHERE sku = ? AND territory = ?),
    (SELECT state FROM offers WHERE id = ?), (SELECT units FROM offers WHERE id = ?)"""
_PUT_ENTRY: Final = insert_into(
    "entries",
    "session text, customer text, at bigint, rulebook text, signal bytea, inputs bytea, trace bytea",
)


def write(
    connection: LedgerConnection, turns: Sequence[tuple[Commit, bool]]
) -> list[CommitRefusal | None]:
    """Write turns in order, and return for each why it was refused.

    Args:
        connection: In a transaction.
        turns: Each turn, and whether it may be refused (`commit`) or not (`record`).

    Raises:
        ValueError: A turn that may not be refused reserves beyond a limit.
    """
    batch = TurnBatch(connection)
    if connection.is_remote:
        batch.learn_all([turn for turn, _ in turns])
    elif len(turns) > 1:
        learn_epochs(connection, {one.session for one, _ in turns if one.session and one.epoch})
    refused: list[CommitRefusal | None] = []
    for turn, may_refuse in turns:
        if may_refuse:
            refused.append(batch.commit(turn))
        else:
            batch.record(turn)
            refused.append(None)
    batch.write()
    return refused


def commit(connection: LedgerConnection, turn: Commit) -> CommitRefusal | None:
    """Write a turn that promises something, or return why it was refused; then nothing is written."""
    return write(connection, [(turn, True)])[0]


def record(connection: LedgerConnection, turns: Sequence[Commit]) -> None:
    """Write turns that promise nothing, in order; see `TurnBatch.record`."""
    write(connection, [(turn, False) for turn in turns])


class TurnBatch(RelationalCommitView):
    """Turns of one transaction, each checked on what those before it leave behind.

    Nothing is written before `write`, so that each sum is written once, however many turns it grows
    with, and each table in one go. A fan-out ends hundreds of offers of one campaign at once.
    """

    __slots__ = (
        "_balances", "_codes", "_contacts", "_contacts_before", "_epochs", "_growth", "_new_offers", "_offers",
        "_states", "_steps", "_turns", "_units",
    )  # fmt: skip

    def __init__(self, connection: LedgerConnection) -> None:
        super().__init__(connection)
        self._turns: list[Commit] = []
        self._offers: list[Offer] = []
        self._steps: list[tuple[OfferStep, Offer]] = []
        self._new_offers: dict[str, Offer] = {}
        # Offer id → its state, and the units that it promises, before the next turn; None: it is new.
        self._states: dict[str, str | None] = {}
        self._units: dict[str, int] = {}
        self._balances: dict[BalanceKey, BudgetRow] = {}
        self._growth: dict[Shelf, int] = {}
        self._contacts_before: dict[str, SavedContact | None] = {}
        self._contacts: dict[str, SavedContact] = {}
        # Epochs of sessions that the batch stores for the first time.
        self._epochs: dict[str, int] = {}
        # Discount codes of offers that the batch stores for the first time.
        self._codes: set[str] = set()

    def commit(self, turn: Commit) -> CommitRefusal | None:
        """Add a turn that promises something, or return why it is refused; then nothing is added."""
        if self._known.any_erased:
            turn = tombstones.without_erased_ids(self._connection, turn)
        self._learn_basis(turn)
        for offer in turn.offers:
            if self._has_ended(offer):
                return CommitRefusal("offer.ended", offer=offer.id)
        growth = units_growth(turn.offers, self._units)
        refused = refuse_commit(self, turn, growth) or self._refuse_taken_codes(turn)
        if refused:
            return refused
        balances = self._balances_of(turn)
        refused = apply_moves(balances, turn.moves)
        if refused:
            return refused
        self._add(turn)
        self._add_offers(turn, growth, balances)
        self._add_contacts(turn.contacts)
        return None

    def _refuse_taken_codes(self, turn: Commit) -> CommitRefusal | None:
        """Return a refusal if another offer has the discount code of a new one."""
        for offer in turn.offers:
            if offer.code is None or self._states.get(offer.id) is not None:
                continue
            if offer.code in self._codes or not code_rows.is_free(self._connection, offer.code):
                return CommitRefusal("codes.taken", offer=offer.id, subject=("code", offer.code))
        return None

    def record(self, turn: Commit) -> None:
        """Add a turn that promises nothing. An offer that ended meanwhile keeps its end.

        Of a session that another process has claimed, nothing is written but contact histories.

        Raises:
            ValueError: The turn reserves beyond a limit. Such a turn must be written with `commit`.
        """
        if self._known.any_erased:
            turn = tombstones.without_erased_ids(self._connection, turn)
        if turn.contacts:
            self._add_contacts(turn.contacts)
        if turn.epoch and refuse_moved_session(self, turn):
            self._connection.fenced += 1
        elif turn.offers or turn.moves:
            self._add(self._record_offers(turn))
        else:
            self._add(turn)

    def _record_offers(self, turn: Commit) -> Commit:
        """Add offers and moves of a turn that cannot be refused; return it without those that ended."""
        ended = {offer.id for offer in turn.offers if self._has_ended(offer)}
        if ended:
            turn = _without_offers(turn, ended)
        growth = units_growth(turn.offers, self._units)
        balances = self._balances_of(turn)
        if apply_moves(balances, turn.moves):
            message = (
                "a recorded turn reserves beyond its budget; a turn that reserves must be committed"
            )
            raise ValueError(message)
        self._add_offers(turn, growth, balances)
        return turn

    def write(self) -> None:
        """Write everything that was added."""
        connection = self._connection
        put_balances(connection, self._balances)
        if self._offers:
            put_offers(connection, self._offers, self._steps)
            note_reductions(connection, self._new_offers.values())
            stock.add_units(connection, self._growth)
        write_sessions(connection, self._turns)
        entries: list[tuple[object, ...]] = []
        tallies: list[TallyRow] = []
        exposures: list[Exposure] = []
        for turn in self._turns:
            if turn.entry:
                entries.append(structs.astuple(turn.entry))
            tallies += turn.tallies
            exposures += turn.exposures
        if entries:
            connection.insert(_PUT_ENTRY, entries)
        if tallies:
            add_tallies(connection, tallies)
        if exposures:
            put_exposures(connection, exposures)
        put_contacts(connection, self._contacts)

    # what the turns before leave behind, for the check of a commit

    def epoch_of(self, session: str) -> int:
        """Return the epoch of a session, or that of its deletion; 0: neither is stored."""
        return super().epoch_of(session) or self._epochs.get(session, 0)

    def contact_revision(self, customer: str) -> int:
        """Return the revision of a customer's contact history; 0: none is stored."""
        known = self._contact(customer)
        return known.revision if known else 0

    def promised_units(self, shelf: Shelf) -> int:
        """Return the units that standing offers promise."""
        return super().promised_units(shelf) + self._growth.get(shelf, 0)

    def _contact(self, customer: str) -> SavedContact | None:
        if customer in self._contacts:
            return self._contacts[customer]
        if customer not in self._contacts_before:
            self._contacts_before[customer] = read_contact(self._connection, customer)
        return self._contacts_before[customer]

    def learn_all(self, turns: Sequence[Commit]) -> None:
        """Read what the checks of turns will ask for, so that it takes one trip to the database."""
        found = read_basis(self._connection, turns)
        self._states |= found.states
        self._units |= found.units
        self._contacts_before |= found.contacts

    def _learn_basis(self, turn: Commit) -> None:
        """Read with one statement what the check of a promise lacks: session, stock and offer.

        Nearly all promises are of one offer. What others lack is read when it is asked for.
        """
        if len(turn.offers) != 1 or not turn.session:
            return
        (offer,) = turn.offers
        session, shelf = turn.session, (offer.sku, offer.territory)
        epochs, promised = self._known.epochs, self._known.promised
        if offer.id in self._states or (session in epochs and shelf in promised):
            return
        epoch, units, state, own = self._connection.execute(
            _BASIS, (session, *shelf, offer.id, offer.id)
        ).fetchone()
        if session not in epochs:
            epochs[session] = epoch or 0
            learn_ended(self._connection, (session,))
        promised.setdefault(shelf, units or 0)
        self._states[offer.id], self._units[offer.id] = state, own or 0

    def _has_ended(self, offer: Offer) -> bool:
        """Learn what the ledger knows of an offer, and return whether it has ended."""
        key, states = offer.id, self._states
        if key not in states:
            row = self._connection.execute(_STATE, (key,)).fetchone()
            states[key], self._units[key] = row or (None, 0)
        state = states[key]
        return state is not None and state not in STANDING

    def _balances_of(self, turn: Commit) -> dict[BalanceKey, BudgetRow]:
        """Return the balances that a turn moves; those that are not stored are left out."""
        found: dict[BalanceKey, BudgetRow] = {}
        for move in turn.moves:
            key = move.campaign, move.period, move.currency
            row = self._balances.get(key) or self._known.balances.get(key)
            if row is None:
                row = read_balances(self._connection, (key,)).get(key)
            if row is not None:
                found[key] = row
        return found

    # what the turns add

    def _add(self, turn: Commit) -> None:
        self._turns.append(turn)
        if turn.session and turn.state is not None:
            self._epochs.setdefault(turn.session, turn.epoch or 1)

    def _add_offers(
        self,
        turn: Commit,
        growth: Mapping[Shelf, int],
        balances: Mapping[BalanceKey, BudgetRow],
    ) -> None:
        self._balances.update(balances)
        for shelf, units in growth.items():
            self._growth[shelf] = self._growth.get(shelf, 0) + units
        made: dict[str, Offer] = {}
        for offer in turn.offers:
            key = offer.id
            if self._states[key] is None:
                self._new_offers.setdefault(key, offer)
                if offer.code is not None:
                    self._codes.add(offer.code)
            self._states[key], self._units[key] = offer.state, offer.reserved_units
            made[key] = offer
        self._offers += turn.offers
        self._steps += [(step, made[step.offer]) for step in turn.steps]

    def _add_contacts(self, writes: Mapping[str, ContactWrite]) -> None:
        for customer, write in writes.items():
            self._contacts[customer] = next_contact(self._contact(customer), write)


def _without_offers(turn: Commit, ended: Iterable[str]) -> Commit:
    """Return a turn without what it would do to offers that have ended."""
    gone = frozenset(ended)
    return structs.replace(
        turn,
        offers=tuple(offer for offer in turn.offers if offer.id not in gone),
        steps=tuple(step for step in turn.steps if step.offer not in gone),
        moves=tuple(move for move in turn.moves if move.offer not in gone),
    )
