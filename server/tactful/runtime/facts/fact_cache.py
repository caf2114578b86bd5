"""Items and customers in memory, bounded, in front of the ledger.

Decisions read from here without waiting. Before a turn, the runtime loads the entries that the turn
may read and that are not in memory. A new fact drops the entries that it changes. The next turn
that needs such an entry reads it again.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from tactful.core.customer.profile import Profile, profile
from tactful.core.facts.assembly import CUSTOMER_KINDS, Subject
from tactful.core.facts.fact_types import kind_of, subjects_of
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.read_subjects import history_subjects, item_subjects
from tactful.core.rules.policy import Policy
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session, detached_customer, without_unseen_offers
from tactful.runtime.facts.cache_keys import (
    customer_key,
    history_keys,
    item_dependencies,
    item_key,
)
from tactful.runtime.facts.fact_reader import MANY_FACTS, FactReader, run_beside
from tactful.runtime.facts.known_skus import KnownSkus
from tactful.runtime.facts.shared_reads import SharedReads
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger_rows import ContactWrite
from tactful.runtime.ports.session_store import SessionStore

MOST_ON_OFFER_PASSED: Final = 64
"""Entries on offer that one eviction passes over; the next eviction goes on behind them."""
ERASED_AT_ONCE: Final = 500
"""Facts of an erased customer after which other tasks run; they take the event loop 1.5 ms."""
_decode_contact = msgspec.msgpack.Decoder(ContactHistory).decode
_encode_contact = msgspec.msgpack.Encoder().encode


class CustomerLedger(FactStore, SessionStore, Protocol):
    """The roles of the ledger that the cache reads: facts and contact histories."""


class FactCache:
    """Caches of items and of customers; several readers of one entry share one read of the ledger."""

    def __init__(
        self,
        ledger: CustomerLedger,
        *,
        items: int = 50_000,
        customers: int = 20_000,
        concerns_offer: Callable[[Subject], bool] = lambda _: False,
    ) -> None:
        """Start empty.

        Args:
            ledger: Where the facts and contact histories are stored.
            items: The most items in memory; the oldest are dropped first.
            customers: The most customers in memory; the oldest are dropped first.
            concerns_offer: Returns whether an offer in memory is about an SKU or to a customer. Such
                entries stay beyond the bounds: only an entry says which other facts concern it.
        """
        self._concerns_offer = concerns_offer
        self._ledger = ledger
        self.known_skus = KnownSkus()
        """Only these SKUs have entries; `read_catalogue` fills it."""
        self._items: OrderedDict[str, Item] = OrderedDict()
        self._histories: OrderedDict[str, History] = OrderedDict()
        self._profiles: dict[str, Profile] = {}
        self._contacts: OrderedDict[str, ContactHistory] = OrderedDict()
        self._contact_revisions: dict[str, int] = {}
        """Customer → the revision of the contact history that the ledger holds or is about to."""
        self._max_items, self._max_customers = items, customers
        self._mentions: dict[str, set[str]] = defaultdict(set)
        """`<kind>:<id>` → the SKUs or customers in memory that depend on it."""
        self._changed: dict[Subject, int] = {}
        """Subject → number of its last change since the oldest read that is under way."""
        self._changes = 0
        """How many changes of subjects were counted so far."""
        self._cleared = 0
        """The number of the last change of everything."""
        self.reads = SharedReads(on_idle=self._changed.clear)
        """The reads under way; an entry with which a caller of `load` waits is not evicted."""
        self.policy = Policy()

    async def read_catalogue(self) -> None:
        """Read which SKUs the shop has reported; `invalidate` adds those that follow.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self.known_skus.read(self._ledger)

    def table_sizes(self) -> dict[str, tuple[int, int]]:
        """Return table → (entries, bound), for the tables that hold parts of the ledger."""
        return {
            "items": (len(self._items), self._max_items),
            "customers": (len(self._histories), self._max_customers),
        }

    def item(self, sku: str) -> Item | None:
        """Return an item in memory, known to the shop or not; `None`: not in memory."""
        return self._items.get(sku)

    def customer(self, customer: str) -> Profile | None:
        """Return a customer's profile under the active policy; `None`: not in memory."""
        history = self._histories.get(customer)
        if history is None or customer not in self._contacts:
            return None
        known = self._profiles.get(customer)
        if known is None:
            known = profile(history, self.policy, self._contacts[customer])
            self._profiles[customer] = known
        return known

    def contact_revision(self, customer: str) -> int:
        """Return how often a customer's contact history was written, as far as memory knows."""
        return self._contact_revisions.get(customer, 0)

    def set_contact(self, customer: str, contact: ContactHistory) -> None:
        """Replace a customer's contact history by the one that a turn is about to write."""
        self._contact_revisions[customer] = self.contact_revision(customer) + 1
        self.replace_contact(customer, contact)

    def uncount_contact_write(self, customer: str) -> None:
        """Note that a contact history given to `set_contact` was not written after all."""
        if customer in self._contact_revisions:
            self._contact_revisions[customer] -= 1

    async def reload_contact(self, customer: str) -> None:
        """Replace a customer's contact history by the ledger's, which somebody else has written.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        stored = await self._ledger.contact(customer)
        self._contact_revisions[customer] = stored.revision if stored else 0
        self.replace_contact(customer, _decode_contact(stored.body) if stored else NO_CONTACT)

    def replace_contact(self, customer: str, contact: ContactHistory) -> None:
        """Replace a customer's contact history in memory."""
        self._contacts[customer] = contact
        known = self._profiles.get(customer)
        if known is not None:
            self._profiles[customer] = msgspec.structs.replace(known, contact=contact)

    def detach_customer(self, before: Session, after: Session) -> dict[str, ContactWrite]:
        """Update the contact history of a customer whom a session no longer belongs to.

        Args:
            before: The session before the turn.
            after: The session after the turn.

        Returns:
            Customer → contact history to store; empty if the session did not leave a customer.
        """
        customer = detached_customer(before, after)
        known = self._contacts.get(customer) if customer else None
        if customer is None or known is None:
            return {}
        contact = without_unseen_offers(known, customer, after)
        write = ContactWrite(self.contact_revision(customer), _encode_contact(contact))
        self.set_contact(customer, contact)
        return {customer: write}

    def use_policy(self, policy: Policy) -> None:
        """Derive profiles under this policy from now on."""
        self.policy = policy
        self._profiles.clear()

    def invalidate(self, kind: str, subjects: Iterable[Subject]) -> tuple[set[str], set[str]]:
        """Drop what a newer fact changes; return the SKUs and the customers that it concerns.

        Args:
            kind: The kind of fact, for example `stock`.
            subjects: What the fact is about, and what the version before it was about.
        """
        skus: set[str] = set()
        customers: set[str] = set()
        for subject, key in subjects:
            self._note_change((subject, key))
            if subject == "sku":
                self.known_skus.add(key)
                skus |= {key, *self._mentions.get(f"part:{key}", ())}
                if kind == "recall":
                    skus |= self._mentions.get(f"variant:{key}", set())
                elif kind == "product":
                    customers |= self._mentions.get(f"sku:{key}", set())
            elif subject == "product":
                skus |= self._mentions.get(f"product:{key}", set())
            elif subject == "customer":
                customers.add(key)
            elif subject in {"order", "case", "contact"}:
                customers |= self._mentions.get(f"{subject}:{key}", set())
        for sku in skus:
            self._items.pop(sku, None)
        if kind in CUSTOMER_KINDS or kind == "product":
            for customer in customers:
                self._drop_history(customer)
        return skus, customers

    def invalidate_item(self, sku: str) -> None:
        """Drop an item, so that it is read again."""
        self._note_change(("sku", sku))
        self._items.pop(sku, None)

    def invalidate_customer(self, customer: str) -> None:
        """Drop a customer's facts, so that they are read again; the contact history stays."""
        self._note_change(("customer", customer))
        self._drop_history(customer)

    def _drop_history(self, customer: str) -> None:
        self._histories.pop(customer, None)
        self._profiles.pop(customer, None)

    def _note_change(self, subject: Subject) -> None:
        """Note a change for the reads under way, which may lack it."""
        if self.reads:
            self._changes += 1
            self._changed[subject] = self._changes

    def _has_changed(self, subjects: Iterable[Subject], since: int) -> bool:
        """Return whether a subject has changed after the change with the number `since`."""
        changed = self._changed
        if self._cleared > since:
            return True
        return bool(changed) and any(changed.get(one, 0) > since for one in subjects)

    async def start_over(self) -> None:
        """Drop all items and customers, because changes of facts were missed.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self.read_catalogue()
        self._changes += 1
        self._cleared = self._changes
        self._items.clear()
        self._histories.clear()
        self._profiles.clear()
        self._mentions.clear()

    def customers(self) -> set[str]:
        """Return the customers in memory."""
        return {*self._histories, *self._contacts}

    async def erase_customer(self, erased: History) -> None:
        """Drop everything of a customer, and the other customers who are linked by an order or a case.

        Args:
            erased: The customer, as the ledger had them before the erasure.
        """
        await self.reads.wait_for(customer_key(erased.customer))
        reported: tuple[Any, ...] = (*erased.orders, *erased.returns, *erased.cases)
        for number, one in enumerate(reported):
            if number % ERASED_AT_ONCE == 0:
                await asyncio.sleep(0)
            self.invalidate(kind_of(one.fact), subjects_of(one.fact))
        self.invalidate_customer(erased.customer)
        self._contacts.pop(erased.customer, None)
        self._contact_revisions.pop(erased.customer, None)
        for dependents in self._mentions.values():
            dependents.discard(erased.customer)
        self._mentions = defaultdict(set, {key: one for key, one in self._mentions.items() if one})

    async def load(self, skus: Iterable[str], customers: Iterable[str], payer: str = "") -> None:
        """Bring items and customers into memory; concurrent callers share one read.

        All of them are in memory on return, however many other entries are loaded meanwhile. The
        next entry that is stored may evict them.

        Args:
            skus: The items.
            customers: The customers.
            payer: The address of the client whose session needs them; empty: no client's.

        Raises:
            LedgerError: The ledger cannot be read.
            LookupError: A stored fact cannot be decoded.
        """
        wanted = {item_key(sku): partial(self._load_item, sku) for sku in skus}
        wanted |= {customer_key(one): partial(self._load_customer, one) for one in customers}
        if wanted:
            await self.reads.run(wanted, payer)

    async def _load_item(self, sku: str) -> None:
        # The read is repeated if a fact about anything it read came in meanwhile, because the result
        # may lack that fact.
        while sku not in self._items:
            since = self._changes
            item = await FactReader(self._ledger).item(sku)
            if not self._has_changed(item_subjects(item), since):
                self._store_item(item)

    async def read_item(self, sku: str, at: int | None = None) -> Item:
        """Read an item from the ledger, past the cache.

        Args:
            sku: The SKU, known to the shop or not.
            at: As of this instant, in milliseconds since the Unix epoch, UTC; `None`: now.

        Raises:
            LedgerError: The ledger cannot be read.
            LookupError: A stored fact cannot be decoded.
        """
        return await FactReader(self._ledger, at=at).item(sku)

    def _store_item(self, item: Item) -> None:
        self._items[item.sku] = item
        for key in item_dependencies(item):
            self._mentions[key].add(item.sku)
        for sku in self._excess(self._items, self._max_items, "sku"):
            for key in item_dependencies(self._items.pop(sku)):
                self._unmention(key, sku)

    def _excess(self, cache: OrderedDict[str, Any], bound: int, kind: str) -> list[str]:
        """Return the oldest entries above a bound, without those that are awaited or on offer.

        If two callers of `load` that need more entries than fit evicted one another's, they would
        do so for ever.
        """
        found: list[str] = []
        above = len(cache) - bound
        if above <= 0:
            return found
        key_of = item_key if kind == "sku" else customer_key
        for _ in range(min(above + len(self.reads.awaited) + MOST_ON_OFFER_PASSED, len(cache))):
            if len(found) >= above:
                break
            oldest = next(iter(cache))
            cache.move_to_end(oldest)
            is_awaited = key_of(oldest) in self.reads.awaited
            if not is_awaited and not self._concerns_offer((kind, oldest)):
                found.append(oldest)
        return found

    async def _load_customer(self, customer: str) -> None:
        while customer not in self._histories:
            since = self._changes
            history = await FactReader(self._ledger).history(customer)
            subjects = await run_beside(partial(history_subjects, history), history.fact_count)
            if not self._has_changed(subjects, since):
                self._store_history(history, subjects)
        if customer not in self._contacts:
            stored = await self._ledger.contact(customer)
            if customer not in self._contacts:
                self._contacts[customer] = _decode_contact(stored.body) if stored else NO_CONTACT
                self._contact_revisions[customer] = stored.revision if stored else 0
        for evicted in self._excess(self._contacts, self._max_customers, "customer"):
            for kept in (self._contacts, self._contact_revisions, self._profiles):
                kept.pop(evicted, None)
        await self._derive_large_profile(customer)

    async def _derive_large_profile(self, customer: str) -> None:
        """Derive the profile of a customer with many facts on a thread, before a turn asks for it."""
        history, policy = self._histories.get(customer), self.policy
        if history is None or history.fact_count <= MANY_FACTS or customer in self._profiles:
            return
        derived = await run_beside(partial(profile, history, policy), history.fact_count)
        is_current = self._histories.get(customer) is history and self.policy is policy
        if is_current and customer in self._contacts:
            contact = self._contacts[customer]
            self._profiles[customer] = msgspec.structs.replace(derived, contact=contact)

    async def read_history(self, customer: str, at: int | None = None) -> History:
        """Read a customer from the ledger, past the cache.

        Args:
            customer: The shop's id of the customer.
            at: As of this instant, in milliseconds since the Unix epoch, UTC; `None`: now.

        Raises:
            LedgerError: The ledger cannot be read.
            LookupError: A stored fact cannot be decoded.
        """
        return await FactReader(self._ledger, at=at).history(customer)

    def _store_history(self, history: History, subjects: Iterable[Subject]) -> None:
        self._histories[history.customer] = history
        for key in history_keys(subjects):
            self._mentions[key].add(history.customer)
        for customer in self._excess(self._histories, self._max_customers, "customer"):
            self._profiles.pop(customer, None)
            for key in history_keys(history_subjects(self._histories.pop(customer))):
                self._unmention(key, customer)

    def _unmention(self, key: str, dependent: str) -> None:
        known = self._mentions.get(key)
        if known is not None:
            known.discard(dependent)
            if not known:
                del self._mentions[key]
