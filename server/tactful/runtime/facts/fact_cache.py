"""Which facts are in memory, and how do the others get there?"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Coroutine, Iterable
from typing import Any, Protocol

import msgspec

from tactful.core.customer.profile import Profile, profile
from tactful.core.facts.assembly import CUSTOMER_KINDS, linked_subjects, named_skus
from tactful.core.facts.fact_types import AnyFact, Product, Recall, kind_of, subjects_of
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy
from tactful.core.session import session as parting
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.session_store import SessionStore

_decode_contact = msgspec.msgpack.Decoder(ContactHistory).decode


class CustomerLedger(FactStore, SessionStore, Protocol):
    """The roles of the ledger that the cache reads: facts and contact histories."""


class FactCache:
    """Bounded caches of items and people before the ledger.

    What a fact changes is dropped, and read again by whoever needs it next: once, however many ask.
    """

    def __init__(
        self, ledger: CustomerLedger, *, items: int = 50_000, people: int = 20_000
    ) -> None:
        self._ledger = ledger
        self._items: OrderedDict[str, Item] = OrderedDict()
        self._people: OrderedDict[str, History] = OrderedDict()
        self._profiles: dict[str, Profile] = {}
        self._contacts: dict[str, ContactHistory] = {}
        self._limits = items, people
        self._mentions: dict[str, set[str]] = defaultdict(set)
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._dropped: set[str] = set()
        self.policy = Policy()

    # reading, without waiting

    def item(self, sku: str) -> Item | None:
        """An item in memory, known to the shop or not; None: not in memory."""
        return self._items.get(sku)

    def customer(self, customer: str) -> Profile | None:
        """A customer in memory; None: not in memory."""
        history = self._people.get(customer)
        if history is None or customer not in self._contacts:
            return None
        known = self._profiles.get(customer)
        if known is None:
            known = profile(history, self.policy, self._contacts[customer])
            self._profiles[customer] = known
        return known

    def set_contact(self, customer: str, contact: ContactHistory) -> None:
        """Take over what a turn made of a customer's contact history."""
        self._contacts[customer] = contact
        known = self._profiles.get(customer)
        if known is not None:
            self._profiles[customer] = msgspec.structs.replace(known, contact=contact)

    def detach_customer(self, before: Session, after: Session) -> dict[str, ContactHistory]:
        """Let go of the customer whom a shopper left behind: their history, where one was left."""
        who = parting.detached_customer(before, after)
        known = self._contacts.get(who) if who else None
        if who is None or known is None:
            return {}
        contact = parting.without_unseen_offers(known, who, after)
        self.set_contact(who, contact)
        return {who: contact}

    def use_policy(self, policy: Policy) -> None:
        """Derive profiles under another policy from now on."""
        self.policy = policy
        self._profiles.clear()

    # forgetting

    def invalidate(self, fact: AnyFact) -> tuple[set[str], set[str]]:
        """Drop what a newer fact changes: the SKUs and the customers that it concerns."""
        skus: set[str] = set()
        customers: set[str] = set()
        for subject, key in subjects_of(fact):
            if subject == "sku":
                skus |= {key, *self._mentions.get(f"part:{key}", ())}
                if isinstance(fact, Recall):
                    skus |= self._mentions.get(f"variant:{key}", set())
            elif subject == "product":
                skus |= self._mentions.get(f"product:{key}", set())
            elif subject == "customer":
                customers.add(key)
            elif subject in {"order", "case"}:
                customers |= self._mentions.get(f"{subject}:{key}", set())
        if isinstance(fact, Product):
            customers |= self._mentions.get(f"sku:{fact.sku}", set())
        for sku in skus:
            self._drop(self._items, sku)
        if kind_of(fact) in CUSTOMER_KINDS or isinstance(fact, Product):
            for customer in customers:
                self.invalidate_customer(customer)
        return skus, customers

    def invalidate_item(self, sku: str) -> None:
        """Drop an item; whoever needs it next reads it again."""
        self._drop(self._items, sku)

    def invalidate_customer(self, customer: str) -> None:
        """Drop a customer's facts; the contact history stays."""
        self._drop(self._people, customer)
        self._profiles.pop(customer, None)

    def erase_customer(self, erased: History) -> None:
        """Drop all of a customer, and whoever else knew of their orders and cases."""
        known: list[AnyFact] = [kept.fact for kept in erased.orders]
        known += [kept.fact for kept in erased.returns]
        known += [kept.fact for kept in erased.cases]
        for fact in known:
            self.invalidate(fact)
        self.invalidate_customer(erased.customer)
        self._contacts.pop(erased.customer, None)

    def _drop(self, cache: OrderedDict[str, Item] | OrderedDict[str, History], key: str) -> None:
        cache.pop(key, None)
        self._dropped.add(key)

    # loading

    async def load(self, skus: Iterable[str], customers: Iterable[str]) -> None:
        """Bring into memory what is not there; concurrent callers share one read."""
        tasks = [self._once(f"i:{sku}", self._load_item(sku)) for sku in skus]
        tasks += [self._once(f"p:{one}", self._load_customer(one)) for one in customers]
        if tasks:
            await asyncio.gather(*tasks)

    def _once(self, key: str, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        running = self._loading.get(key)
        if running is not None:
            work.close()
            return running
        task = asyncio.ensure_future(work)
        self._loading[key] = task
        task.add_done_callback(lambda _: self._loading.pop(key, None))
        return task

    async def _load_item(self, sku: str) -> None:
        while sku not in self._items:
            self._dropped.discard(sku)
            item = await FactReader(self._ledger).item(sku)
            if sku not in self._dropped:
                self._store_item(item)

    async def read_item(self, sku: str, at: int | None = None) -> Item:
        """An SKU as the ledger has it, now or at a past instant; a bundle with its parts."""
        return await FactReader(self._ledger, at=at).item(sku)

    def _store_item(self, item: Item) -> None:
        self._items[item.sku] = item
        self._mentions[f"product:{item.product_id}"].add(item.sku)
        for part in item.components:
            self._mentions[f"part:{part.sku}"].add(item.sku)
            self._mentions[f"product:{part.product_id}"].add(item.sku)
        for one in (item, *item.components):
            for variant in one.variants:
                self._mentions[f"variant:{variant}"].add(item.sku)
        if len(self._items) > self._limits[0]:
            _, old = self._items.popitem(last=False)
            self._unmention(f"product:{old.product_id}", old.sku)

    async def _load_customer(self, customer: str) -> None:
        while customer not in self._people:
            self._dropped.discard(customer)
            history = await FactReader(self._ledger).history(customer)
            if customer not in self._dropped:
                self._store_history(history)
        if customer not in self._contacts:
            kept = await self._ledger.contact(customer)
            contact = _decode_contact(kept) if kept else NO_CONTACT
            self._contacts.setdefault(customer, contact)

    async def read_history(self, customer: str, at: int | None = None) -> History:
        """A customer as the ledger has them, now or at a past instant."""
        return await FactReader(self._ledger, at=at).history(customer)

    def _store_history(self, history: History) -> None:
        self._people[history.customer] = history
        for key in _keys(history):
            self._mentions[key].add(history.customer)
        if len(self._people) > self._limits[1]:
            customer, old = self._people.popitem(last=False)
            self._profiles.pop(customer, None)
            for key in _keys(old):
                self._unmention(key, customer)

    def _unmention(self, key: str, who: str) -> None:
        known = self._mentions.get(key)
        if known is not None:
            known.discard(who)
            if not known:
                del self._mentions[key]


def _keys(history: History) -> list[str]:
    """What else, when it changes, changes this customer."""
    kepts = (*history.orders, *history.returns, *history.cases, *history.reviews, *history.remedies)
    skus = named_skus(kepts) | history.products.keys()
    keys = [f"{kind}:{key}" for kind, key in linked_subjects(kepts)]
    return keys + [f"sku:{sku}" for sku in skus]
