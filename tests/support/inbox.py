"""An inbox on a ledger in memory, whose facts go into a list, for the tests of its parts."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.deliveries import CONTACTS, TERMS
from tactful.connectors.allow_list import CUSTOMER, EMAIL, KEEP, ORDER, Subject
from tactful.connectors.connector import (
    Connector,
    Envelope,
    Fetch,
    Headers,
    Json,
    Mapped,
    Terms,
    UnreadableDeliveryError,
)
from tactful.connectors.inbox.inbox_service import install
from tactful.connectors.inbox.mapping_worker import MappingWorker
from tactful.connectors.inbox.receiver import InboxReceiver
from tactful.connectors.objects.remote_objects import RemoteObjects
from tactful.core.facts.fact_codec import FactRejection, read_fact
from tactful.core.facts.fact_types import AnyFact
from tactful.runtime.ports.deliveries import Receipt
from tactful.stores.memory.ledger import MemoryLedger

NOW = 1_773_144_000_000
SECRET = "hush"


def _envelope(headers: Headers, body: Json) -> Envelope:
    if "id" not in body:
        raise UnreadableDeliveryError("The payload has no `id`.")
    return Envelope(
        id=headers["delivery"],
        topic=body.get("topic", "item"),
        about=f"item {body['id']}",
        sent_at=body.get("sent_at"),
    )


def _map(topic: str, fields: Json, terms: Terms) -> Mapped:
    if topic == "thin":
        return Mapped(fetch=(Fetch(path=f"/items/{fields['id']}", topic="item"),))
    if topic == "lonely":
        alone = {"type": "stock", "sku": "ALONE", "territory": "DE", "available": 0}
        return Mapped(fetch=(Fetch(path="/lonely", topic="item", otherwise=(alone,)),))
    if topic == "endless":
        return Mapped(fetch=(Fetch(path="/endless", topic="endless"),))
    if topic == "review":
        at = "2026-03-01T00:00:00Z"
        review = {"type": "review", "review": "r1", "sku": fields["sku"], "rating": 1, "at": at}
        return Mapped(facts=(review,))
    if topic == "broken":
        raise ZeroDivisionError
    if topic == "known":
        return Mapped(dropped=tuple(f"{one.version}" for one in terms.known))
    fact = {
        "type": "stock",
        "sku": fields["sku"],
        "territory": terms.territory,
        "available": int(fields["count"]),
        **({"version": fields["version"]} if "version" in fields else {}),
    }
    return Mapped(facts=(fact,), dropped=("A sentence.",) if fields["count"] == 0 else ())


_SHAPE = {
    "id": ORDER, "sku": KEEP, "count": KEEP, "email": EMAIL, "customer": CUSTOMER, "topic": KEEP,
}  # fmt: skip
ITEMS = Connector(
    name="items",
    signature="secret-header",
    envelope=_envelope,
    kept=dict.fromkeys(("item", "thin", "lonely", "endless", "review", "broken", "known"), _SHAPE),
    map=_map,
    reads=lambda topic, fields: (("sku", fields["sku"]),) if topic == "known" else (),
    is_ping=lambda _headers, body: body == b"ping",
    refetch=lambda envelope: Fetch(path=f"/items/{envelope.about[5:]}", topic="item"),
)
"""A system of items that are kept in stock."""


class FakeRemote(RemoteObjects):
    """Another system whose answers are functions."""

    def __init__(self, answers: Mapping[str, Callable[[], Any]]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []

    def read(self, path: str) -> Any:
        """Answer as the test says."""
        self.asked.append(path)
        return self.answers[path]()


class SettableClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        """Return the instant that was set."""
        return self.at


class InboxParts:
    """The receiver and the worker of one connector."""

    def __init__(
        self, remote: RemoteObjects | None = None, store: MemoryLedger | None = None
    ) -> None:
        self.store = store or MemoryLedger()
        self.clock = SettableClock()
        self.facts: list[AnyFact] = []
        self.batches: list[int] = []
        """The number of facts of each ingest."""
        self.known: tuple[AnyFact, ...] = ()
        self.installed = install("shop", ITEMS, secret=SECRET, terms=TERMS)
        self.installed.remote = remote
        self.worker = MappingWorker(
            self.installed, self.store, self._ingest, self._read, self.clock, CONTACTS.key
        )
        self.receiver = InboxReceiver({"shop": self.worker}, self.store, self.clock, CONTACTS.key)

    async def _ingest(self, facts: Sequence[bytes]) -> Sequence[FactRejection]:
        self.batches.append(len(facts))
        if any(b"unstorable" in raw for raw in facts):
            raise OverflowError("unstorable")
        found = [read_fact(raw, index).result for index, raw in enumerate(facts)]
        self.facts += [one for one in found if not isinstance(one, FactRejection)]
        return [one for one in found if isinstance(one, FactRejection)]

    async def _read(self, subjects: Sequence[Subject]) -> tuple[AnyFact, ...]:
        assert subjects
        return self.known

    async def deliver(self, number: int = 1, secret: str = SECRET, **body: Any) -> Receipt:
        """Deliver a payload; `number` is the id of the delivery."""
        payload = json.dumps({"id": number, "sku": f"S{number}", "count": number, **body})
        return await self.deliver_bytes(payload.encode(), number, secret)

    async def deliver_bytes(self, body: bytes, number: int = 1, secret: str = SECRET) -> Receipt:
        """Deliver a body as it is."""
        headers = {"x-tactful-secret": secret, "delivery": f"d{number}"}
        return await self.receiver.receive("shop", headers, body)

    async def problems(self) -> list[str]:
        """Return why deliveries failed, newest first."""
        return [one.problem for one in await self.store.failed_deliveries("shop", 99)]
