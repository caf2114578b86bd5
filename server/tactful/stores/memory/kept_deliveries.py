"""Deliveries and cursors in plain dictionaries."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from msgspec import structs

from tactful.runtime.ports.inbox_store import (
    UNREADABLE,
    DeliveryState,
    InboxDelivery,
    StoredDelivery,
)
from tactful.runtime.ports.ledger_rows import Subject
from tactful.stores.memory.changes import MemoryChanges
from tactful.stores.shared.json_text import as_plain_data


class MemoryInbox(MemoryChanges):
    """The part of `MemoryLedger` that keeps deliveries and cursors (role `InboxStore`)."""

    def __init__(self) -> None:
        super().__init__()
        self._deliveries: dict[int, tuple[StoredDelivery, DeliveryState]] = {}
        self._delivery_subjects: dict[int, tuple[Subject, ...]] = {}
        self._cursors: dict[tuple[str, str], str] = {}
        self._delivery_number = 0

    async def put_delivery(self, delivery: InboxDelivery) -> bool:
        """Store a delivery; return whether it is new."""
        named = delivery.connector, delivery.delivery
        if any((one.connector, one.delivery) == named for one, _ in self._deliveries.values()):
            return False
        self._delivery_number += 1
        stored = StoredDelivery(
            number=self._delivery_number,
            connector=delivery.connector,
            delivery=delivery.delivery,
            topic=delivery.topic,
            about=delivery.about,
            fields=delivery.fields,
            arrived=delivery.arrived,
            sent_at=delivery.sent_at,
            problem="",
        )
        self._deliveries[stored.number] = stored, "waiting"
        self._delivery_subjects[stored.number] = delivery.subjects
        return True

    async def waiting_deliveries(self, connector: str, limit: int) -> list[StoredDelivery]:
        """Return the deliveries that wait to be mapped, in order of arrival."""
        return self._deliveries_in("waiting", connector)[:limit]

    async def failed_deliveries(self, connector: str, limit: int) -> list[StoredDelivery]:
        """Return the deliveries that could not be mapped, newest first."""
        return self._deliveries_in("failed", connector)[::-1][:limit]

    def _deliveries_in(self, wanted: DeliveryState, connector: str) -> list[StoredDelivery]:
        return [
            one
            for one, state in self._deliveries.values()
            if state == wanted and one.connector == connector
        ]

    async def settle_deliveries(self, done: Sequence[int], failed: Mapping[int, str]) -> None:
        """Delete the fields of deliveries that were mapped; store why others cannot be."""
        for number in self._deliveries.keys() & done:
            stored, _ = self._deliveries[number]
            self._deliveries[number] = structs.replace(stored, fields=b"", problem=""), "done"
            self._delivery_subjects.pop(number, None)
        for number in self._deliveries.keys() & failed.keys():
            stored, _ = self._deliveries[number]
            self._deliveries[number] = structs.replace(stored, problem=failed[number]), "failed"

    async def retry_deliveries(self, connector: str) -> int:
        """Let failed deliveries wait to be mapped again; return how many."""
        found = [one for one in self._deliveries_in("failed", connector) if one.topic != UNREADABLE]
        for one in found:
            self._deliveries[one.number] = structs.replace(one, problem=""), "waiting"
        return len(found)

    async def delivery_counts(self) -> dict[tuple[str, DeliveryState], int]:
        """Return (connector, state) → the number of its deliveries."""
        return dict(Counter((one.connector, state) for one, state in self._deliveries.values()))

    async def prune_deliveries(self, before: int) -> int:
        """Delete the deliveries that arrived before an instant and do not wait; return how many."""
        return self._drop_deliveries(
            [
                number
                for number, (one, state) in self._deliveries.items()
                if one.arrived < before and state != "waiting"
            ]
        )

    async def put_cursor(self, connector: str, name: str, value: str) -> None:
        """Store how far a connector has read something."""
        self._cursors[connector, name] = value

    async def cursors(self, connector: str) -> dict[str, str]:
        """Return name → value of the cursors of a connector."""
        return {name: value for (of, name), value in self._cursors.items() if of == connector}

    def _deliveries_about(self, subjects: Collection[Subject]) -> list[int]:
        wanted = set(subjects)
        return [
            number
            for number, named in self._delivery_subjects.items()
            if not wanted.isdisjoint(named)
        ]

    def _exported_deliveries(self, subjects: Collection[Subject]) -> list[dict[str, object]]:
        found = (self._deliveries[number][0] for number in self._deliveries_about(subjects))
        return [
            {
                "connector": one.connector,
                "topic": one.topic,
                "at": one.arrived,
                "fields": as_plain_data(one.fields),
            }
            for one in found
        ]

    def _drop_deliveries(self, numbers: Collection[int]) -> int:
        for number in numbers:
            del self._deliveries[number]
            self._delivery_subjects.pop(number, None)
        return len(numbers)
