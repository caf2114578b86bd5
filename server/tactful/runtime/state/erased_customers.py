"""The customers and contacts that were erased, so that nothing brings them back by accident."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from tactful.core.customer.aliasing import CustomerErasure
from tactful.core.facts.fact_types import AnyFact, subjects_of
from tactful.core.facts.own_instant import may_follow_erasure, own_instant
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.offers.offer import Offer
from tactful.core.session.session import Session
from tactful.runtime.ports.customer_data import CustomerData
from tactful.runtime.ports.ledger_rows import Subject, Tombstone

CUSTOMER: Final = "customer"
"""The kind of subject of a customer's id."""
ERASABLE: Final = frozenset({CUSTOMER, CONTACT})
"""The kinds of subjects that can be erased."""


class ErasedCustomers:
    """The tombstones of a shop's customers and contacts in memory, which every way into memory is checked against.

    An identity or a fact from before the erasure brings nothing back. One from after it begins the
    id anew (`server/SEMANTICS.md`, section 8). Without erasures every check is one look at an empty
    dictionary.
    """

    def __init__(self, ledger: CustomerData) -> None:
        """Begin empty; `start` reads the tombstones of `ledger`."""
        self._ledger = ledger
        self._tombstones: dict[str, Tombstone] = {}
        """Digest → tombstone."""

    async def start(self) -> None:
        """Read every tombstone.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        self._tombstones = {one.digest: one for one in await self._ledger.tombstones()}

    def tombstone(self, customer: str) -> Tombstone | None:
        """Return the tombstone of a customer; None: the customer was never erased."""
        return self._tombstone_of((CUSTOMER, customer))

    def _tombstone_of(self, subject: Subject) -> Tombstone | None:
        if not self._tombstones:
            return None
        return self._tombstones.get(self._ledger.erasure_digest(*subject))

    def is_erased(self, customer: str | None) -> bool:
        """Return whether nothing may name a customer, because the id was erased and not begun anew."""
        if customer is None or not self._tombstones:
            return False
        known = self.tombstone(customer)
        return known is not None and known.begun_at is None

    def bury(self, customer: str, alias: str, at: int) -> None:
        """Let nothing of a customer into memory from now on.

        Args:
            customer: The shop's id of the customer.
            alias: What replaces the id.
            at: The instant of the erasure, milliseconds since the Unix epoch, UTC.
        """
        self._bury((CUSTOMER, customer), alias, at)

    def bury_contact(self, contact: str, alias: str, at: int) -> None:
        """Let nothing of a contact into memory from now on.

        Args:
            contact: The keyed digest of the contact.
            alias: What replaces it.
            at: The instant of the erasure, milliseconds since the Unix epoch, UTC.
        """
        self._bury((CONTACT, contact), alias, at)

    def _bury(self, subject: Subject, alias: str, at: int) -> None:
        digest = self._ledger.erasure_digest(*subject)
        self._tombstones[digest] = Tombstone(digest, alias, at)

    def learn(self, tombstone: Tombstone) -> bool:
        """Take over a tombstone of the ledger; return whether memory may still name its customer."""
        known = self._tombstones.get(tombstone.digest)
        self._tombstones[tombstone.digest] = tombstone
        was_known = known is not None and known.alias == tombstone.alias
        return not was_known and tombstone.begun_at is None

    def customer_of(self, tombstone: Tombstone, customers: Iterable[str]) -> str | None:
        """Return the one of some customers whom a tombstone is about; None: it is another."""
        digest, digest_of = tombstone.digest, self._ledger.erasure_digest
        return next((one for one in customers if digest_of(CUSTOMER, one) == digest), None)

    def follows_erasure(self, customer: str, at: int | None) -> bool:
        """Return whether something that happened at an instant begins an erased id anew.

        Args:
            customer: The shop's id of an erased customer.
            at: Milliseconds since the Unix epoch, UTC; None: the instant is not known.
        """
        known = self.tombstone(customer)
        return known is not None and at is not None and at > known.at

    def learn_begun(self, digest: str, at: int) -> None:
        """Let an id into memory again, because the ledger has stored that it began anew."""
        known = self._tombstones.get(digest)
        if known is not None and known.begun_at is None and at > known.at:
            self._tombstones[digest] = Tombstone(digest, known.alias, known.at, at)

    def erased_subject_of(self, fact: AnyFact) -> Subject | None:
        """Return an erased customer or contact that a fact may not name; None: it may be stored."""
        if not self._tombstones:
            return None
        for subject in _erasable(fact):
            known = self._tombstone_of(subject)
            if known and not may_follow_erasure(fact, known.at, known.begun_at):
                return subject
        return None

    def may_begin_anew(self, subjects: Iterable[Subject]) -> bool:
        """Return whether a fact about these subjects may begin an erased id anew."""
        return bool(self._tombstones) and any(kind in ERASABLE for kind, _ in subjects)

    def note_stored(self, fact: AnyFact) -> None:
        """Begin anew the ids that a stored fact names, where it happened after their erasure."""
        happened = own_instant(fact) if self._tombstones else None
        if happened is not None:
            for subject in _erasable(fact):
                self.learn_begun(self._ledger.erasure_digest(*subject), happened)

    def offer_without_erased(self, offer: Offer) -> Offer:
        """Return an offer that was read before an erasure, under the alias."""
        for erasure in self._erasures_of({offer.customer}):
            offer = erasure.replace_in(offer)
        return offer

    def session_without_erased(self, session: Session) -> Session:
        """Return a session that was read before an erasure, as that of an anonymous shopper."""
        if not self._tombstones:
            return session
        kept = (*session.offers, *session.parked, *session.unseen)
        named = {session.customer, *(offer.customer for offer in kept)}
        # The orders of the customer are not known any more, so those of the session count as theirs.
        orders = frozenset(one.order for one in session.bought)
        for erasure in self._erasures_of(named, orders):
            if session.customer == erasure.customer:
                session = structs.replace(session, customer=None, shopper=erasure.alias)
            session = erasure.replace_in(session)
        return session

    def _erasures_of(
        self, customers: Iterable[str | None], orders: frozenset[str] = frozenset()
    ) -> Iterator[CustomerErasure]:
        for customer in customers:
            known = self.tombstone(customer) if customer else None
            if customer and known and known.begun_at is None:
                yield CustomerErasure(customer=customer, alias=known.alias, orders=orders)


def _erasable(fact: AnyFact) -> list[Subject]:
    return [subject for subject in subjects_of(fact) if subject[0] in ERASABLE]
