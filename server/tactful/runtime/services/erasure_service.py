"""Erasure of a customer from memory and ledger (Regulation (EU) 2016/679, Article 17).

The order of the steps makes it final:

1. The tombstone is in memory: no identity or fact from before the erasure names the customer again.
2. The sessions of the customer log out. What they still had to write is finished.
3. The alias replaces the id in every place in memory, in one step of the event loop. Everything that
   is written after that is made from memory without the id.
4. The ledger stores the tombstone and replaces the id in one transaction. It checks every later write
   against its tombstones too, for those of other processes.

Another process does the same with its memory when it reads the erasure in the change log.

The customer's open sessions continue as those of an anonymous shopper, with the offers that they have
accepted.
"""

import asyncio
from collections.abc import Collection
from typing import Final, Protocol

from tactful.core.customer.aliasing import CustomerErasure
from tactful.core.facts.history import History
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.facts.shopper_contacts import contact_key_digest
from tactful.core.values import ids
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.ports.customer_data import ContactFacts
from tactful.runtime.ports.ledger_rows import Tombstone
from tactful.runtime.sessions.lifecycle import SessionLifecycle
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.turn_phase import TurnPhase

SCAN_CHUNK: Final = 2_000
"""Sessions looked at before the event loop runs other work; they take a millisecond."""


class CustomerCopies(Protocol):
    """A place in memory that can hold a customer's id."""

    def customers(self) -> set[str]:
        """Return the customers whose ids it holds."""
        ...

    def erase_customer(self, erasure: CustomerErasure) -> None:
        """Replace the id by the alias, or drop what holds it; never waits and never fails."""
        ...


class ErasureService:
    """Erases the customers of one shop."""

    def __init__(self, state: ShopState, turns: TurnRunner, lifecycle: SessionLifecycle) -> None:
        """List every place in memory, besides the sessions, that can hold a customer's id.

        Args:
            state: The memory of the shop.
            turns: Runs the turns of the customer's sessions.
            lifecycle: Logs the customer's sessions out.
        """
        self._state = state
        self._turns = turns
        self._lifecycle = lifecycle
        self._places: tuple[CustomerCopies, ...] = (
            state.promises,
            state.conversions,
        )

    async def erase(self, customer: str) -> int:
        """Erase a customer; nothing that is written after the call names them.

        Returns:
            How many rows of the ledger were changed or deleted.

        Raises:
            LedgerError: The erasure is not complete; repeat it.
        """
        state = self._state
        # Another process may have erased the customer before.
        await state.changes.catch_up()
        known = state.erased_customers.tombstone(customer)
        # A repeated erasure keeps the alias, so that all offers of the customer stay together.
        alias = known.alias if known else ids.shopper_id(state.entropy.token_bytes(ids.ID_BYTES))
        at = state.clock.now()
        state.erased_customers.bury(customer, alias, at)
        history = await FactReader(state.ledger).history(customer)
        for contact in history.contacts:
            state.erased_customers.bury_contact(contact, alias, at)
        stored = await state.ledger.sessions_of(customer)
        erasure = CustomerErasure(customer=customer, alias=alias, orders=_orders(history))
        sessions = await self._erase_places(erasure, at, stored)
        opened = {live.state.id for live in sessions}
        touched = await state.ledger.erase_customer(customer, alias, at, open_sessions=opened)
        await state.fact_cache.erase_customer(history)
        for live in sessions:
            # The ledger has deleted what the log had of the session until now.
            live.recorded = False
        return touched

    async def erase_contact(self, value_hash: str) -> int:
        """Erase a shopper of whom only a contact is known.

        Facts that name a customer stay.

        Args:
            value_hash: The SHA-256 of the contact in its normal form.

        Returns:
            How many rows of the ledger were changed or deleted.

        Raises:
            LedgerError: The erasure is not complete; repeat it.
        """
        state = self._state
        contact = contact_key_digest(state.keys.contact_key, value_hash)
        alias = ids.shopper_id(state.entropy.token_bytes(ids.ID_BYTES))
        at = state.clock.now()
        state.erased_customers.bury_contact(contact, alias, at)
        touched = await state.ledger.erase_contact(contact, alias, at)
        state.fact_cache.invalidate("case", [(CONTACT, contact)])
        return touched

    async def count_contact_facts(self, value_hash: str) -> ContactFacts:
        """Return how many facts name a contact.

        Args:
            value_hash: The SHA-256 of the contact in its normal form.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        state = self._state
        contact = contact_key_digest(state.keys.contact_key, value_hash)
        return await state.ledger.count_contact_facts(contact)

    async def erase_from_memory(self, tombstone: Tombstone) -> None:
        """Erase a customer whom another process has erased from the ledger.

        Raises:
            LedgerError: The ledger cannot be read; the sessions are erased nevertheless.
        """
        state = self._state
        customer = state.erased_customers.customer_of(tombstone, self._customers())
        if customer is None:
            return
        profile = state.fact_cache.customer(customer)
        history = profile.history if profile else History(customer=customer)
        erasure = CustomerErasure(customer=customer, alias=tombstone.alias, orders=_orders(history))
        for live in await self._erase_places(erasure, tombstone.at, ()):
            # The ledger has deleted the session. It is written again from here on.
            live.recorded = False
        # Without the facts, nobody knows which other customers the erased one was linked to.
        await state.fact_cache.erase_customer(history)
        await state.fact_cache.start_over()

    def _customers(self) -> set[str]:
        """Return every customer whom memory names."""
        found = set().union(self._state.fact_cache.customers())
        for place in self._places:
            found |= place.customers()
        for live in self._state.registry:
            found |= _named_by(live)
        return found

    async def _erase_places(
        self, erasure: CustomerErasure, at: int, stored: Collection[str]
    ) -> list[LiveSession]:
        """Replace the ids everywhere but in the fact cache; return the sessions that named them."""
        sessions = await self._idle_sessions(erasure.customer, erasure.alias, stored)
        for place in self._places:
            place.erase_customer(erasure)
        for live in sessions:
            self._erase_session(live, erasure)
            self._turns.turn_log.restart_session(live, at)
        return sessions

    async def _idle_sessions(
        self, customer: str, alias: str, stored: Collection[str]
    ) -> list[LiveSession]:
        """Log the customer out everywhere; return the sessions that may name them, all idle.

        Args:
            customer: The shop's id of the customer.
            alias: The shopper id of the sessions from now on.
            stored: The sessions that the ledger knows of the customer.
        """
        registry = self._state.registry
        found: list[LiveSession] = []
        everywhere = [*registry]
        for start in range(0, len(everywhere), SCAN_CHUNK):
            part = everywhere[start : start + SCAN_CHUNK]
            found += [one for one in part if one.state.id in stored or _names(one, customer)]
            await asyncio.sleep(0)
        for live in found:
            if customer in {live.customer, live.state.customer}:
                self._lifecycle.detach_customer(live, alias)
        while any(live.phase is not TurnPhase.IDLE for live in found):
            await self._turns.wait_for_running()
        return [live for live in found if registry.by_id.get(live.state.id) is live]

    def _erase_session(self, live: LiveSession, erasure: CustomerErasure) -> None:
        """Replace the ids in one session."""
        before = live.state
        live.state = erasure.replace_in(before)
        live.outbox = [erasure.replace_in(effect) for effect in live.outbox]
        if live.state is not before:
            self._state.registry.index_interests(live, before)


def _names(live: LiveSession, customer: str) -> bool:
    return customer in _named_by(live)


def _named_by(live: LiveSession) -> set[str]:
    """Return the customers whom a session names."""
    state = live.state
    offers = (offer.customer for offer in (*state.offers, *state.parked))
    return {one for one in (live.customer, state.customer, *offers) if one}


def _orders(history: History) -> frozenset[str]:
    """Return the orders of the customer; those of others, which a case may name, stay."""
    return frozenset(
        one.fact.order for one in history.orders if one.fact.customer == history.customer
    )
