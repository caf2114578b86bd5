"""The bridge's store in the shop's own database, where it commits together with orders."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef

from tactful_bridge.attempts import OPEN, Attempt, AttemptState
from tactful_bridge.store import EntryKind, OutboxEntry
from tactful_oscar.models import OutboxRow, PaymentAttempt


class DjangoStore:
    """Implements `tactful_bridge.store.CheckoutStore` with two tables."""

    def latest_attempt(self, order: str) -> Attempt | None:
        """Return the attempt of an order with the highest number."""
        row = PaymentAttempt.objects.filter(order_number=order).order_by("-number").first()
        return None if row is None else _attempt_of(row)

    def open_attempts(self) -> Sequence[Attempt]:
        """Return all open attempts, the oldest first."""
        states = [state.value for state in OPEN]
        rows = PaymentAttempt.objects.filter(state__in=states).order_by("pk")
        return [_attempt_of(row) for row in rows]

    def record(self, attempt: Attempt | None, *entries: OutboxEntry) -> None:
        """Store an attempt, and add entries, in one transaction."""
        with transaction.atomic():
            if attempt is not None:
                PaymentAttempt.objects.update_or_create(
                    order_number=attempt.order,
                    number=attempt.number,
                    defaults={
                        "state": attempt.state.value,
                        "request": dict(attempt.request),
                        "until": attempt.until,
                    },
                )
            for entry in entries:
                OutboxRow.objects.create(
                    kind=entry.kind.value,
                    subject=entry.subject,
                    attempt=entry.attempt,
                    body=dict(entry.body),
                )

    def due(self, now: int, limit: int, subject: str | None = None) -> Sequence[OutboxEntry]:
        """Return the first waiting entry of each subject if its time has come."""
        waiting = OutboxRow.objects.filter(is_refused=False)
        earlier = waiting.filter(subject=OuterRef("subject"), pk__lt=OuterRef("pk"))
        rows = waiting.exclude(Exists(earlier)).order_by("pk")
        wanted = {"not_before__lte": now} if subject is None else {"subject": subject}
        return [
            OutboxEntry(
                kind=EntryKind(row.kind),
                subject=row.subject,
                body=row.body,
                attempt=row.attempt,
                id=row.pk,
                tries=row.tries,
            )
            for row in rows.filter(**wanted)[:limit]
        ]

    def finish(self, entry: OutboxEntry, attempt: Attempt | None, failure: str = "") -> None:
        """Delete an answered entry, or keep it with its failure, and store the changed attempt."""
        with transaction.atomic():
            rows = OutboxRow.objects.filter(pk=entry.id)
            if failure:
                rows.update(is_refused=True, failure=failure)
            else:
                rows.delete()
            self.record(attempt)

    def postpone(self, entry: OutboxEntry, not_before: int, failure: str) -> None:
        """Note when to send an entry again, and why it was not delivered."""
        OutboxRow.objects.filter(pk=entry.id).update(
            tries=entry.tries + 1, not_before=not_before, failure=failure
        )


def _attempt_of(row: PaymentAttempt) -> Attempt:
    return Attempt(
        order=row.order_number,
        number=row.number,
        state=AttemptState(row.state),
        request=row.request,
        until=row.until,
    )
