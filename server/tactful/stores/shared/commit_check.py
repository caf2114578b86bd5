"""The check of a commit on what its decision had read, shared by all ledgers.

A ledger calls these functions in the transaction that writes the commit. They read through a
`CommitView`, so that every ledger refuses the same commits for the same reasons.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from tactful.core.offers.offer import Offer
from tactful.runtime.ports.ledger_rows import (
    Commit,
    CommitRefusal,
    ContactWrite,
    ReadSet,
    StockNeed,
    Subject,
)

Shelf = tuple[str, str]
"""(SKU, territory)."""
SETTINGS_KINDS = frozenset({"settings", "rule"})
"""Kinds of subjects whose change refuses a commit as `settings.newer`, and not as `facts.newer`."""


class CommitView(Protocol):
    """What a commit is checked against, read within one transaction."""

    def newest_position(self) -> int:
        """Return the position of the newest change; 0: there is none."""

    def known_since(self) -> int:
        """Return the position after which all changes are known."""

    def newer_subjects(self, subjects: Sequence[Subject], position: int) -> set[Subject]:
        """Return those of the subjects that a change after a position is about."""

    def epoch_of(self, session: str) -> int:
        """Return the epoch of a session, or that of its deletion; 0: neither is stored."""

    def contact_revision(self, customer: str) -> int:
        """Return the revision of a customer's contact history; 0: none is stored."""

    def promised_units(self, shelf: Shelf) -> int:
        """Return the units that standing offers promise."""


def refuse_commit(
    view: CommitView, turn: Commit, growth: Mapping[Shelf, int]
) -> CommitRefusal | None:
    """Return why a commit cannot be written on what the ledger holds now; None: it can.

    The limits of balances and offers that have ended are checked apart.

    Args:
        view: The ledger.
        turn: The commit.
        growth: (SKU, territory) → the units that it adds to what is promised.
    """
    return (
        refuse_moved_session(view, turn)
        or refuse_stale_reads(view, turn.reads)
        or refuse_newer_contact(view, turn.contacts)
        or refuse_committed_stock(view, turn.stock, growth)
    )


def refuse_stale_reads(view: CommitView, reads: ReadSet | None) -> CommitRefusal | None:
    """Return a refusal if a subject of a read set has changed since it was read.

    Where nothing was logged since, nothing is looked up: that is the common case.
    """
    if reads is None or view.newest_position() <= reads.position:
        return None
    if reads.position < view.known_since():
        # What changed between the two positions is no longer known.
        return CommitRefusal("facts.newer")
    newer = view.newer_subjects(reads.subjects, reads.position)
    settings = [subject for subject in reads.subjects if subject in newer and is_setting(subject)]
    if settings:
        return CommitRefusal("settings.newer", subject=settings[0])
    facts = [subject for subject in reads.subjects if subject in newer]
    return CommitRefusal("facts.newer", subject=facts[0]) if facts else None


def is_setting(subject: Subject) -> bool:
    """Return whether a subject is a setting of the shop, such as the rulebook or a paused rule."""
    return subject[0] in SETTINGS_KINDS


def refuse_moved_session(view: CommitView, turn: Commit) -> CommitRefusal | None:
    """Return a refusal if another process has claimed the session since."""
    if turn.session and turn.epoch and view.epoch_of(turn.session) > turn.epoch:
        return CommitRefusal("session.moved")
    return None


def refuse_newer_contact(
    view: CommitView, contacts: Mapping[str, ContactWrite]
) -> CommitRefusal | None:
    """Return a refusal if a contact history was written since it was read."""
    for customer, write in contacts.items():
        if write.revision is not None and view.contact_revision(customer) != write.revision:
            return CommitRefusal("contact.newer", subject=("customer", customer))
    return None


def refuse_committed_stock(
    view: CommitView, needs: Iterable[StockNeed], growth: Mapping[Shelf, int]
) -> CommitRefusal | None:
    """Return a refusal if a commit raises what is promised above what is available.

    Args:
        view: The ledger.
        needs: The stock as the decision read it.
        growth: (SKU, territory) → the units that the commit adds to what is promised.
    """
    for need in needs:
        shelf = need.sku, need.territory
        more = growth.get(shelf, 0)
        if need.available is None or more <= 0:
            continue
        if view.promised_units(shelf) + more > need.available:
            return CommitRefusal("stock.committed", sku=need.sku, territory=need.territory)
    return None


def units_growth(offers: Iterable[Offer], units_before: Mapping[str, int]) -> dict[Shelf, int]:
    """Return (SKU, territory) → by how many units offers in their new states promise more.

    Args:
        offers: Offers in their new states. Of several states of one offer, each follows the last.
        units_before: Offer id → the units that its stored state promises; absent: it is new.
    """
    followed: dict[str, int] = {}
    growth: dict[Shelf, int] = {}
    for offer in offers:
        key, units = offer.id, offer.reserved_units
        before = followed[key] if key in followed else units_before.get(key, 0)
        followed[key] = units
        more = units - before
        if more:
            shelf = offer.sku, offer.territory
            growth[shelf] = growth.get(shelf, 0) + more
    return growth
