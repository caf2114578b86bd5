"""The versions of facts in plain dictionaries: stored, superseded and found again."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Final

import msgspec
from msgspec import structs

from tactful.core.facts.fact_versions import (
    UNSEEN,
    FactHead,
    FactOutcome,
    HighestVersions,
    advance,
    comes_late,
    stored_content_digest,
)
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.runtime.ports.customer_data import EXTRA_PRICE_RETENTION, ContactFacts
from tactful.runtime.ports.fact_store import NamedKind
from tactful.runtime.ports.ledger_rows import FactRow, StoredFact, Subject
from tactful.stores.memory.kept_deliveries import MemoryInbox
from tactful.stores.shared.contact_links import stored_contacts
from tactful.stores.shared.json_text import as_plain_data, replace_id

_SMALL: Final = str.maketrans(ascii_uppercase, ascii_lowercase)

Name = tuple[str, str]


class MemoryFacts(MemoryInbox):
    """The part of `MemoryLedger` that stores facts and heartbeats (role `FactStore`)."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: dict[Name, list[tuple[StoredFact, tuple[Name, ...]]]] = {}
        self._heads: dict[Name, HighestVersions] = {}
        self._contents: dict[Name, bytes] = {}
        self._by_subject: dict[Name, dict[Name, None]] = {}
        self._heartbeats: dict[str, int] = {}
        self._newest_fact = 0

    async def record_facts(
        self,
        rows: Sequence[FactRow],
        *,
        can_wait: bool = False,  # noqa: ARG002
    ) -> list[FactOutcome]:
        """Store the rows that are newer; return what became of each row."""
        stored = [self._record(row) for row in rows]
        self._publish()
        return stored

    def _record(self, row: FactRow) -> FactOutcome:
        if self._refuses_fact(row):
            return FactOutcome.ERASED
        name = row.kind, row.key
        before = self._heads.get(name, UNSEEN)
        versions = self._facts.get(name, [])
        head = None
        if name in self._heads:
            body = versions[-1][0].body
            head = FactHead(before, row.kind, body, self._contents.get(name, b""))
        content = row.content or stored_content_digest(row.kind, row.body)
        arrival = advance(head, row.version, content, row.body, row.at)
        if arrival.outcome is FactOutcome.IGNORED:
            if row.dated and comes_late(before, row.version):
                self._keep_late(row)
            return arrival.outcome
        self._heads[name], self._contents[name] = arrival.versions, arrival.contents
        before_subjects: tuple[Name, ...] = ()
        versions = self._facts.setdefault(name, [])
        # A later release may find a fact under more subjects. Such a row is a new version.
        same = arrival.outcome is FactOutcome.UNCHANGED and versions[-1][1] == row.subjects
        if same and not self._is_replaced(row, versions[-1][0].number):
            if row.version is not None:
                last, subjects = versions[-1]
                versions[-1] = structs.replace(last, body=row.body), subjects
            return arrival.outcome
        at = row.at
        # An erasure may have left only superseded versions, which concern other customers.
        if versions and versions[-1][0].ended is None:
            at = max(at, versions[-1][0].at)
            last, before_subjects = versions[-1]
            versions[-1] = structs.replace(last, ended=at), before_subjects
        about = row.subjects
        if before_subjects not in {(), about}:
            about = tuple(dict.fromkeys((*about, *before_subjects)))
        number = self._log_fact(row, about)
        fact = StoredFact(row.kind, row.key, row.body, at, number=number)
        versions.append((fact, row.subjects))
        for subject in row.subjects:
            self._by_subject.setdefault(subject, {})[name] = None
        return FactOutcome.ACCEPTED

    def _is_replaced(self, row: FactRow, number: int) -> bool:
        return any(
            kind == wanted and first <= key < end and versions[-1][0].number > number
            for wanted, first, end in row.rivals
            for (kind, key), versions in self._facts.items()
            if versions
        )

    def _keep_late(self, row: FactRow) -> None:
        """Store a version that is older than the one in force, and so never was in force itself."""
        versions = self._facts[row.kind, row.key]
        if all(fact.body != row.body for fact, _ in versions):
            number = self._log_fact(row, row.subjects)
            late = StoredFact(row.kind, row.key, row.body, row.at, row.at - 1, number)
            versions.insert(0, (late, row.subjects))

    def _log_fact(self, row: FactRow, about: tuple[Name, ...]) -> int:
        self._newest_fact = self._log("fact", about, at=row.at, body=row.body)
        return self._newest_fact

    def _refresh_bodies(self) -> None:
        """Give the changes that are facts the bodies that are stored now; empty: none is."""
        stored = {one.number: one.body for each in self._facts.values() for one, _ in each}
        for place, change in enumerate(self._changes):
            if change.kind == "fact":
                body = stored.get(change.position, b"")
                self._changes[place] = structs.replace(change, body=body)

    async def facts_about(
        self,
        subjects: Sequence[Name],
        kinds: Sequence[str] = (),
        at: int | None = None,
        upto: int | None = None,
    ) -> list[StoredFact]:
        """Return the facts in force about any of the subjects, each once."""
        names = {name for subject in subjects for name in self._by_subject.get(subject, ())}
        wanted = set(subjects)
        return [
            fact
            for name in sorted(names)
            for fact, about in _in_force(self._facts[name], at, upto)
            if not wanted.isdisjoint(about) and (not kinds or fact.kind in kinds)
        ]

    async def newest_fact(self) -> int:
        """Return the number of the newest fact; 0: there is none."""
        return self._newest_fact

    async def known_skus(self, after: str, limit: int) -> list[str]:
        """Return a page of the SKUs that a fact is or was about."""
        return self._known("sku", after, limit)

    async def known_customers(self, after: str, limit: int) -> list[str]:
        """Return a page of the customers that a fact is or was about."""
        return self._known("customer", after, limit)

    def _known(self, kind: str, after: str, limit: int) -> list[str]:
        found = (ident for known, ident in self._by_subject if known == kind and ident > after)
        return sorted(found)[:limit]

    async def fact_versions(self, kind: str, key: str) -> list[StoredFact]:
        """Return every retained version of one fact in the order of their numbers."""
        found = [fact for fact, _ in self._facts.get((kind, key), ())]
        return sorted(found, key=lambda fact: fact.number)

    async def facts_of_kind(self, kind: str, after: str, limit: int) -> list[StoredFact]:
        """Return the facts in force of one kind whose key is above `after`, in order of their keys."""
        names = sorted(name for name in self._facts if name[0] == kind and name[1] > after)
        found = [fact for name in names for fact, _ in _in_force(self._facts[name], None, None)]
        return found[:limit]

    async def order_heads(
        self,
        after: tuple[int, str],  # noqa: ARG002
        until: int,  # noqa: ARG002
        limit: int,  # noqa: ARG002
    ) -> list[tuple[int, str, str | None, str | None]]:
        """Return nothing: this ledger keeps no heads, and every order is read whole."""
        return []

    async def orders_without_head(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Return (key, body) of the orders in force, page by page."""
        return [(fact.key, fact.body) for fact in await self.facts_of_kind("order", after, limit)]

    async def facts_with_keys(self, kind: str, keys: Sequence[str]) -> list[StoredFact]:
        """Return the facts in force of one kind that have these keys, in order of their keys."""
        wanted = {*keys}
        found = await self.facts_of_kind(kind, "", len(self._facts))
        return [fact for fact in found if fact.key in wanted]

    async def facts_named(self, kind: NamedKind, beginning: str, limit: int) -> list[StoredFact]:
        """Return the facts in force whose title or name begins with a text, in alphabetical order."""
        field = "title" if kind == "product" else "name"
        wanted = _in_small_letters(beginning)
        found: list[tuple[str, str, StoredFact]] = []
        for fact in await self.facts_of_kind(kind, "", len(self._facts)):
            name = _in_small_letters(msgspec.json.decode(fact.body).get(field) or "")
            if name.startswith(wanted):
                found.append((name, fact.key, fact))
        return [fact for _, _, fact in sorted(found, key=lambda one: one[:2])[:limit]]

    async def feed_heartbeats(self) -> dict[str, int]:
        """Return feed → its last heartbeat, milliseconds since the Unix epoch, UTC."""
        return dict(self._heartbeats)

    async def record_heartbeat(self, feed: str, at: int) -> None:
        """Store a heartbeat, unless a later one is stored."""
        if at > self._heartbeats.get(feed, at - 1):
            self._heartbeats[feed] = at
            self._log("heartbeat", (("feed", feed),), at=at)
            self._publish()

    async def state_digest(self) -> str:
        """Return a digest of the facts in force and the highest versions, for tests of replayed feeds."""
        found = hashlib.sha256()
        for name, versions in sorted(self._facts.items()):
            fact, subjects = versions[-1]
            if fact.ended is not None:
                continue
            about = msgspec.json.encode(subjects).decode()
            row = *name, *structs.astuple(self._heads[name]), about, fact.body
            found.update(msgspec.json.encode(row))
        return found.hexdigest()

    def _erase_facts(self, customer: str, alias: str, sessions: Iterable[str]) -> int:
        found = dict(self._by_subject.get(("customer", customer), {}))
        for contact in self._contacts_of(customer):
            found |= dict.fromkeys(self._unnamed(contact))
        for key in [key for kind, key in found if kind == "order"]:
            found |= self._by_subject.get(("order", key), {})
        ended = set(sessions)
        for (kind, ident), names in self._by_subject.items():
            if kind == "session" and ident.partition(".")[0] in ended:
                found |= names
        return sum(self._erase_fact(name, customer, alias) for name in found)

    async def erase_contact(self, contact: str, alias: str, at: int) -> int:
        """Delete the facts about a contact that name no customer. Return the rows changed."""
        names = self._unnamed(contact)
        touched = self._erase_contact_facts(contact, alias)
        subject = CONTACT, self._bury(CONTACT, contact, alias, at)
        hidden: dict[Subject, Subject] = {(CONTACT, contact): subject}
        hidden |= {
            name: (name[0], self._digest(*name)) for name in names if name[0] in {"order", "case"}
        }
        self._announce_erasure(hidden, (subject,), alias, at)
        return touched

    async def count_contact_facts(self, contact: str) -> ContactFacts:
        """Return how many facts name a contact, or belong to an order that does."""
        own = self._by_subject.get((CONTACT, contact), {})
        found = dict.fromkeys(self._unnamed(contact))
        orders = [key for kind, key in found if kind == "order"]
        named = len(own) - len(found)
        for order in orders:
            under = self._by_subject.get(("order", order), {})
            found |= {name: None for name in under if not self._names_a_customer(name)}
        counts = Counter(kind for kind, _ in found)
        return ContactFacts({kind: counts[kind] for kind in sorted(counts)}, named)

    def _announce_erasure(
        self, hidden: dict[Subject, Subject], subjects: tuple[Subject, ...], alias: str, at: int
    ) -> None:
        self._replace_subjects(hidden)
        self._drop_deliveries(self._deliveries_about(hidden))
        self._refresh_bodies()
        self._log("customer_erased", subjects, at=at, body=alias.encode())
        self._publish()

    def _erase_contact_facts(self, contact: str, alias: str) -> int:
        found = dict.fromkeys(self._unnamed(contact))
        for order in [key for kind, key in found if kind == "order"]:
            found |= self._by_subject.get(("order", order), {})
        return sum(self._erase_fact(name, "", alias) for name in found)

    def _erase_fact(self, name: Name, customer: str, alias: str) -> int:
        """Delete a fact. One that concerns another customer too stays, with an alias for this one."""
        kept = []
        for fact, subjects in self._facts[name]:
            if {ident for kind, ident in subjects if kind == "customer"} - {customer}:
                left = tuple(
                    ("customer", alias) if pair == ("customer", customer) else pair
                    for pair in subjects
                )
                kept.append(
                    (structs.replace(fact, body=replace_id(fact.body, customer, alias)), left)
                )
        touched = len(self._facts.pop(name))
        for subject, under in [*self._by_subject.items()]:
            under.pop(name, None)
            if not under:
                del self._by_subject[subject]
        if kept:
            self._facts[name] = kept
        if not kept or kept[-1][0].ended is not None:
            self._heads.pop(name, None)
        self._contents.pop(name, None)
        for _, subjects in kept:
            for subject in subjects:
                self._by_subject.setdefault(subject, {})[name] = None
        return touched

    def _contacts_of(self, customer: str) -> list[str]:
        """Return the contacts that any version of a customer's own facts names."""
        names = self._by_subject.get(("customer", customer), {})
        return stored_contacts(
            customer, (fact.body for name in names for fact, _ in self._facts[name])
        )

    def _unnamed(self, contact: str) -> list[Name]:
        """Return the facts about a contact no version of which names a customer."""
        return sorted(
            name
            for name in self._by_subject.get((CONTACT, contact), {})
            if not self._names_a_customer(name)
        )

    def _names_a_customer(self, name: Name) -> bool:
        return any(kind == "customer" for _, about in self._facts[name] for kind, _ in about)

    def _facts_of(self, customer: str) -> list[dict[str, object]]:
        names = sorted(self._by_subject.get(("customer", customer), {}))
        for contact in self._contacts_of(customer):
            names += self._unnamed(contact)
        return [
            {"at": fact.at, "ended": fact.ended, "fact": as_plain_data(fact.body)}
            for name in names
            for fact, _ in self._facts[name]
        ]

    def _prune_facts(self, before: int) -> int:
        dropped = 0
        for name, versions in self._facts.items():
            since = before - EXTRA_PRICE_RETENTION if name[0] == "price" else before
            kept = [pair for pair in versions if pair[0].ended is None or pair[0].ended >= since]
            dropped += len(versions) - len(kept)
            self._facts[name] = kept
        self._refresh_bodies()
        return dropped


Version = tuple[StoredFact, tuple[Name, ...]]


def _in_force(versions: list[Version], at: int | None, upto: int | None) -> list[Version]:
    """Return the version in force now, at an instant, or right after a fact; or none."""
    if upto is not None:
        return [pair for pair in versions if pair[0].number <= upto][-1:]
    if at is None:
        return [pair for pair in versions if pair[0].ended is None]
    return [
        (fact, about)
        for fact, about in versions
        if fact.at <= at and (fact.ended is None or fact.ended > at)
    ]


def _in_small_letters(text: str) -> str:
    """Return a text with small letters from A to Z, as SQLite compares names."""
    return text.translate(_SMALL)
