"""Delivery of the outbox: each entry is repeated until Tactful has answered it for good."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tactful_bridge.attempts import Attempt, AttemptEvent, after
from tactful_bridge.client import TactfulClient, now_ms, path_of
from tactful_bridge.errors import OutcomeUnknownError, RefusedError
from tactful_bridge.store import CheckoutStore, EntryKind, OutboxEntry

FIRST_WAIT_MS: Final = 5_000
LONGEST_WAIT_MS: Final = 3_600_000
"""Milliseconds between two attempts while a server is away for long."""
_AT_ONCE: Final = 100

_log: Final = logging.getLogger("tactful_bridge")

_ANSWERED: Final = {
    EntryKind.CONFIRM: AttemptEvent.CONFIRM_ANSWERED,
    EntryKind.CANCEL: AttemptEvent.RELEASE_ANSWERED,
}
_REFUSED: Final = {EntryKind.CONFIRM: AttemptEvent.CONFIRM_REFUSED}


class FactReader(Protocol):
    """Reads the present state of the platform as facts."""

    def facts_of(self, subject: str) -> Sequence[Mapping[str, object]]:
        """Return the facts about a subject, such as `product:17`, as they are now."""
        ...


class NoFacts:
    """Reader of a platform that reports its facts in another way."""

    def facts_of(self, subject: str) -> Sequence[Mapping[str, object]]:
        """Return none."""
        del subject
        return ()


@dataclass(slots=True)
class DeliveryReport:
    """What one delivery did."""

    delivered: int = 0
    failed: int = 0
    """Entries that Tactful refused for good; the store keeps them with the reason."""
    waiting: int = 0
    """Entries that could not be delivered now."""


class Delivery:
    """Sends the entries of a store's outbox; two deliveries at once do no harm."""

    def __init__(
        self,
        client: TactfulClient,
        store: CheckoutStore,
        facts: FactReader,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """Join the parts.

        Args:
            client: The server that the entries are for.
            store: The platform's tables.
            facts: Reads what entries of kind `facts` are about.
            clock: Returns milliseconds since the Unix epoch, UTC.
        """
        self._client: Final = client
        self._store: Final = store
        self._facts: Final = facts
        self._clock: Final = clock

    def deliver(self, limit: int = _AT_ONCE, subject: str | None = None) -> DeliveryReport:
        """Send what is due, each entry once, until nothing is due or a try has failed.

        Args:
            limit: The most entries that are sent.
            subject: Only the entries of this subject, whether or not their time has come.
        """
        report = DeliveryReport()
        while report.delivered + report.failed + report.waiting < limit:
            entries = self._store.due(self._clock(), limit, subject)
            for entry in entries:
                self._send(entry, report, patience=0)
            if not entries or report.waiting:
                break
        return report

    def deliver_all(self, subject: str) -> bool:
        """Send all entries of a subject with the client's patience; return whether none is left."""
        while entries := self._store.due(self._clock(), 1, subject):
            report = DeliveryReport()
            self._send(entries[0], report, patience=None)
            if report.waiting:
                return False
        return True

    def _send(self, entry: OutboxEntry, report: DeliveryReport, patience: int | None) -> None:
        try:
            failure = self._answer_to(entry, patience)
        except OutcomeUnknownError as error:
            self._postpone(entry, report, str(error))
            return
        except RefusedError as refused:
            if refused.is_about_the_key:
                _log.error("Tactful refuses the server key: %s. Correct the setting.", refused.code)
                self._postpone(entry, report, str(refused))
                return
            if entry.kind != EntryKind.CANCEL or refused.status != 404:
                self._fail(entry, report, refused)
                return
            # Nothing was redeemed: the hold never reached Tactful, or it was undone before.
            failure = ""
        attempt = self._changed(entry, _ANSWERED.get(entry.kind))
        self._store.finish(entry, attempt, failure)
        report.delivered += not failure
        report.failed += bool(failure)

    def _answer_to(self, entry: OutboxEntry, patience: int | None) -> str:
        """Send an entry; return which facts were rejected and why, or an empty text."""
        if entry.kind != EntryKind.FACTS:
            path = path_of(entry.subject, entry.kind.value)
            self._client.ask("POST", path, dict(entry.body), patience=patience)
            return ""
        facts = self._facts.facts_of(entry.subject)
        rejected = self._client.report(facts, patience=patience) if facts else []
        failure = "; ".join(f"{row.get('code')}: {row.get('message')}" for row in rejected)
        if failure:
            _log.warning("Tactful rejected facts about %s: %s", entry.subject, failure)
        return failure

    def _fail(self, entry: OutboxEntry, report: DeliveryReport, refused: RefusedError) -> None:
        _log.error(
            "Tactful refused to %s %s: %s", entry.kind.value, entry.subject, refused.code
        )  # fmt: skip
        attempt = self._changed(entry, _REFUSED.get(entry.kind))
        self._store.finish(entry, attempt, str(refused))
        report.failed += 1

    def _postpone(self, entry: OutboxEntry, report: DeliveryReport, failure: str) -> None:
        wait = min(FIRST_WAIT_MS << min(entry.tries, 20), LONGEST_WAIT_MS)
        self._store.postpone(entry, self._clock() + wait, failure)
        report.waiting += 1

    def _changed(self, entry: OutboxEntry, event: AttemptEvent | None) -> Attempt | None:
        """Return the attempt of an entry after an event; `None`: the entry changes none."""
        attempt = self._store.latest_attempt(entry.subject) if event else None
        if attempt is None or event is None or attempt.number != entry.attempt:
            return None
        return after(attempt, event)
