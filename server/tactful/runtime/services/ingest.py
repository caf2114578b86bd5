"""Ingest of facts: from the body of a request to the offers on the screens of shoppers.

A batch passes in slices of at most `SLICE_FACTS`, so that shoppers and checkouts are served between two of
them. Each slice passes through these steps:

1. `api/fact_bodies.py` splits the body of `POST /v1/facts` into raw facts. Connectors and the demo call
   `FactIngest.ingest` with raw facts of their own.
2. Each raw fact is decoded and checked, and its contact is replaced by keyed digests. A bad one is
   rejected; the others go on.
3. `FactStore.record_facts` writes them in one transaction. From here on they are durable, and the
   ledger says which of them are new: a repeated or older version changes nothing.
4. Each fact counts as a heartbeat of its feed, even if it is repeated or late.
5. `ChangeFeed` receives the new facts from the ledger's change log and gives them to `FactChanges`, which
   drops the items and customers that they change from `FactCache`. Facts that another process wrote
   take the same way.
6. The sessions concerned are found by SKU and customer in `SessionRegistry`. What their turns will
   read is loaded once for all of them.
7. `Fanout.notify` submits `FactsChanged` to each of these sessions. Each decides in a turn of its own,
   commits, and only then delivers: withdrawals go first.
8. Orders are also reported to the session in which they were placed, to the conversion tracker and
   to the redemptions: a paid order confirms what it holds, a cancelled one gives back what it uses.

The answer is sent last, so an acknowledged fact has reached the mailbox of every session concerned.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from tactful.core.facts import fact_codec
from tactful.core.facts.checks.findings import FieldError
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.facts.fact_types import (
    AnyFact,
    Feed,
    FeedName,
    Order,
    feed_of,
    kind_of,
    ms,
    subjects_of,
)
from tactful.core.facts.fact_versions import (
    FactOutcome,
    content_digest,
    is_dated,
    ordinal,
    versioned_key,
)
from tactful.core.facts.own_instant import own_instant
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.facts.shopper_contacts import keyed
from tactful.core.facts.succession import rivals_of
from tactful.core.values.calendar import SECOND
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.sessions.fanout import Fanout
from tactful.runtime.state.erased_customers import ErasedCustomers
from tactful.runtime.state.session_registry import STANDING
from tactful.runtime.state.shop_state import ShopState


class IngestNote(Struct, frozen=True):
    """A value of a fact that was read as absent, or a line of an order that was left out."""

    index: int
    """The position of the fact in its batch, from 0."""
    path: str
    message: str


class IngestReport(Struct, frozen=True):
    """The outcome of a batch. It is the body of the answer, so its field names are on the wire."""

    accepted: int
    """Facts that are now in force."""
    ignored: int
    """Facts that were known already, or older than what is known; those of `unchanged` are among them."""
    rejected: tuple[FactRejection, ...] = ()
    """Facts that cannot be read or contradict themselves, with their place in the batch."""
    unchanged: int = 0
    """Facts whose content was in force already. Nothing is stored but that they were reported."""
    notes: tuple[IngestNote, ...] = ()
    """What was read differently from what the facts say."""


SLICE_FACTS: Final = 256
"""Facts that are decoded, stored and propagated in one go where nobody waits for a promise.

They take 4.2 ms of processor time on the event loop and 4.4 ms on the ledger's writer
(`tests/bench/bench_import_slices.py`). 100,000 facts in one go took both for seconds.
"""
BUSY_SLICE_FACTS: Final = 32
"""The same where a promise was recorded in the last `BUSY_S`: 0.6 ms and 0.6 ms.

An import then takes 18 % more processor time: 37 µs a fact instead of 31 (the same benchmark).
"""
BUSY_S: Final = 0.25
"""Seconds after a promise for which others are expected."""


class FactIngest:
    """Stores batches of facts of one shop and notifies the sessions concerned."""

    def __init__(
        self,
        shop: ShopState,
        fanout: Fanout,
        follow_orders: Callable[[Sequence[Order]], Awaitable[None]],
    ) -> None:
        """Wire the ingest.

        Args:
            shop: The parts of the shop.
            fanout: Notifies the sessions concerned by a feed that is no longer stale.
            follow_orders: Called with the reported orders, even if a report is repeated.
        """
        self._ledger = shop.ledger
        self._clock = shop.clock
        self._changes = shop.changes
        self._registry = shop.registry
        self._fanout = fanout
        self._feeds = shop.feeds
        self._follow_orders = follow_orders
        self._telemetry = shop.telemetry
        self._background = shop.background
        self._erased = shop.erased_customers
        self._contact_key = shop.keys.contact_key
        self._stored_heartbeats: dict[FeedName, int] = {}

    async def ingest(
        self,
        raw: Sequence[bytes | msgspec.Raw],
        *,
        has_keyed_contacts: bool = False,
        can_wait: bool = False,
    ) -> IngestReport:
        """Store the valid facts of a batch, notify the sessions concerned, and report.

        The valid facts are stored even if others are rejected, and are durable on return. Repeating
        a batch changes nothing. Each fact is atomic, the batch is not: a failure may leave its first
        slices stored.

        Args:
            raw: Facts as JSON, in the order of their arrival.
            has_keyed_contacts: Whether their contacts are keyed digests already.
            can_wait: Whether they may wait some milliseconds to share a commit with promises, because
                no request waits for them.

        Raises:
            LedgerError: The batch is not stored completely, or, if `retry` is set, the outcome is
                unknown. Report the batch again.
        """
        accepted = ignored = unchanged = 0
        rejected: list[FactRejection] = []
        notes: list[IngestNote] = []
        start = 0
        while start < len(raw):
            if start:
                await self._ledger.wait_for_promises()
            end = start + self._slice_length()
            part = await self._ingest_slice(
                raw[start:end], start, has_keyed_contacts=has_keyed_contacts, can_wait=can_wait
            )
            start = end
            accepted += part.accepted
            ignored += part.ignored
            rejected += part.rejected
            unchanged += part.unchanged
            notes += part.notes
        return IngestReport(accepted, ignored, tuple(rejected), unchanged, tuple(notes))

    def _slice_length(self) -> int:
        """Return how many facts pass in one go: fewer while shoppers are made promises."""
        is_busy = self._telemetry.seconds_since_promise() < BUSY_S
        return BUSY_SLICE_FACTS if is_busy else SLICE_FACTS

    async def _ingest_slice(
        self,
        raw: Sequence[bytes | msgspec.Raw],
        first: int,
        *,
        has_keyed_contacts: bool,
        can_wait: bool,
    ) -> IngestReport:
        """Ingest a slice of a batch; `first` is the place of its first fact in the batch."""
        received = self._telemetry.clock()
        readings = [fact_codec.read_fact(one, first + index) for index, one in enumerate(raw)]
        decoded = [
            self._admit(reading.result, first + index, has_keyed_contacts)
            for index, reading in enumerate(readings)
        ]
        facts = [fact for fact in decoded if not isinstance(fact, FactRejection)]
        rejected = tuple(one for one in decoded if isinstance(one, FactRejection))
        now = self._clock.now()
        stored = await self._ledger.record_facts(
            [fact_row(fact, now) for fact in facts], can_wait=can_wait
        )
        # A repeated or late fact is no change, but it is a heartbeat.
        recovered = [self._record_heartbeat(fact, now) for fact in facts]
        # No caller waits for heartbeats: without one, a feed only counts as stale after a restart.
        self._background.start_ledger_work(self._store_heartbeats())
        await asyncio.gather(self._changes.settle(), self._recheck(recovered=any(recovered)))
        seconds = self._telemetry.clock() - received
        for fact in facts:
            self._telemetry.responses.record_fact(kind_of(fact), seconds)
        # Known facts count too. A crash may have come after an order was stored and before its
        # redemptions were confirmed or rolled back. The shop then repeats the report.
        await self._follow_orders([fact for fact in facts if isinstance(fact, Order)])
        unchanged = stored.count(FactOutcome.UNCHANGED)
        notes = tuple(
            IngestNote(first + index, note.path, note.message)
            for index, reading in enumerate(readings)
            for note in reading.notes
        )
        accepted = stored.count(FactOutcome.ACCEPTED)
        report = IngestReport(accepted, len(facts) - accepted, rejected, unchanged, notes)
        self._telemetry.record_facts(report.accepted, report.ignored, len(rejected))
        for one in rejected:
            kind = fact_codec.kind_or_unknown(raw[one.index - first])
            self._telemetry.record_rejected_fact(kind, one.code)
        return report

    def _admit(
        self, fact: AnyFact | FactRejection, index: int, has_keyed_contacts: bool
    ) -> AnyFact | FactRejection:
        """Return a fact as it is stored, or why it is refused because its customer was erased."""
        if isinstance(fact, FactRejection):
            return fact
        if not has_keyed_contacts:
            fact = keyed(fact, self._contact_key)
        return erased_fact_rejection(fact, index, self._erased) or fact

    async def _recheck(self, *, recovered: bool) -> None:
        """Let all standing offers pass their gates again if a feed is no longer stale."""
        if recovered:
            await self._fanout.notify(self._registry.concerned([STANDING]))

    async def _store_heartbeats(self) -> None:
        """Store heartbeats, at most once a second per feed.

        The reason: after a restart, a feed that is alive must not count as stale.
        """
        for feed, at in tuple(self._feeds.heartbeats.items()):
            if at - self._stored_heartbeats.get(feed, 0) >= SECOND:
                self._stored_heartbeats[feed] = at
                await self._ledger.record_heartbeat(feed, at)

    def _record_heartbeat(self, fact: AnyFact, now: int) -> bool:
        """Count a fact as a heartbeat of its feed; return whether the feed has thereby recovered."""
        if isinstance(fact, Feed):
            return self._feeds.record_heartbeat(
                fact.feed, min(now, ms(fact.at)) if fact.at else now
            )
        feed = feed_of(fact)
        return feed is not None and self._feeds.record_heartbeat(feed, now)


def erased_fact_rejection(
    fact: AnyFact, index: int, erased: ErasedCustomers
) -> FactRejection | None:
    """Return why a fact about an erased customer is refused; None: it may be stored.

    Args:
        fact: The fact.
        index: The position of the fact in its batch.
        erased: The customers who were erased.
    """
    found = erased.erased_subject_of(fact)
    if found is None:
        return None
    kind, ident = found
    who = "contact" if kind == CONTACT else f"customer {ident}"
    message = (
        f"The {who} of this {kind_of(fact)} was erased, and nothing shows that it happened after"
        f" the erasure. Leave the {kind} out of what you send."
    )
    return FactRejection(index, "fact.erased", message, (FieldError(kind, message),))


def fact_row(fact: AnyFact, now: int) -> FactRow:
    """Return a fact as the ledger stores it.

    Args:
        fact: The fact.
        now: When it was reported, milliseconds since the Unix epoch, UTC.
    """
    return FactRow(
        kind=kind_of(fact),
        key=versioned_key(fact, now),
        version=ordinal(fact.version),
        subjects=tuple(subjects_of(fact)),
        body=fact_codec.encode(fact),
        at=now,
        dated=is_dated(fact),
        content=content_digest(fact),
        rivals=rivals_of(fact),
        own_at=own_instant(fact),
    )
