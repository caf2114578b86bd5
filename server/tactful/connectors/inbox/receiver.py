"""Arrival of deliveries: the signature is checked, and what is kept is stored at once."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec
import structlog

from tactful.connectors.allow_list import ContactDigests, Kept, strip
from tactful.connectors.connector import Envelope, UnreadableDeliveryError
from tactful.connectors.inbox.mapping_worker import MappingWorker
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.reconcile.reconciler import Reconciler
from tactful.connectors.signatures import Signed, is_genuine
from tactful.runtime.ports.deliveries import (
    ConnectorStatus,
    DeliveryProblem,
    ListStatus,
    Receipt,
)
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.inbox_store import UNREADABLE, InboxDelivery, InboxStore

log = structlog.get_logger("tactful.inbox")

SHOWN_PROBLEMS: Final = 10
"""The latest failed deliveries of a connector that its status names."""


class InboxReceiver:
    """Stores deliveries of all connectors of a shop (port `DeliveryReceiver`)."""

    def __init__(
        self,
        workers: Mapping[str, MappingWorker],
        store: InboxStore,
        clock: Clock,
        key: bytes,
        reconcilers: Mapping[str, Reconciler] = {},
    ) -> None:
        """Join the parts.

        Args:
            workers: Name of a connector → the worker that maps its deliveries.
            store: Where deliveries are durable.
            clock: The shop's clock.
            key: The contact key of the shop.
            reconcilers: Name of a connector that can be read → what reads its lists.
        """
        self._reconcilers = reconcilers
        self._workers = workers
        self._store = store
        self._clock = clock
        self._key = key

    def knows(self, connector: str) -> bool:
        """Return whether a connector has this name."""
        return connector in self._workers

    async def receive(self, connector: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Check and store a delivery; see `DeliveryReceiver.receive`."""
        worker = self._workers.get(connector)
        if worker is None:
            return Receipt.UNKNOWN
        receipt = await self._receive(worker, Signed(headers, body))
        worker.installed.receipts[receipt.value] += 1
        return receipt

    async def _receive(self, worker: MappingWorker, signed: Signed) -> Receipt:
        installed, now = worker.installed, self._clock.now()
        if installed.connector.is_ping(signed.headers, signed.body):
            return Receipt.PING
        # Every secret is tried, so that the time does not tell which one is right.
        matches = [is_genuine(installed.scheme, one, signed, now) for one in installed.secrets]
        if not any(matches):
            log.warning("delivery.forged", connector=installed.name)
            return Receipt.FORGED
        installed.last_arrival = now
        delivery = self._kept(installed, signed, now)
        if not await self._store.put_delivery(delivery):
            return Receipt.KNOWN
        worker.wake()
        return Receipt.STORED

    def _kept(self, installed: InstalledConnector, signed: Signed, now: int) -> InboxDelivery:
        """Return what is stored of a delivery."""
        connector = installed.connector
        try:
            payload = _object_in(signed.body)
            envelope = connector.envelope(signed.headers, payload)
            digests = ContactDigests(self._key, installed.terms.territory)
            kept = strip(payload, connector.kept[envelope.topic], digests)
        except (UnreadableDeliveryError, KeyError, TypeError, ValueError) as error:
            # Not stored: nothing says which of its fields are personal.
            problem = _problem(error)
            digest = blake2b(signed.body, digest_size=16).hexdigest()
            envelope = Envelope(id=f"{UNREADABLE}-{digest}", topic=UNREADABLE, about=UNREADABLE)
            kept = Kept({"problem": problem}, ())
        return InboxDelivery(
            connector=installed.name,
            delivery=envelope.id,
            topic=envelope.topic,
            about=envelope.about,
            fields=msgspec.json.encode(kept.fields),
            subjects=kept.subjects,
            arrived=now,
            sent_at=envelope.sent_at,
        )

    async def retry(self, connector: str) -> int:
        """Map the failed deliveries of a connector again; return how many."""
        again = await self._store.retry_deliveries(connector)
        self._workers[connector].wake()
        return again

    async def reconcile(self, connector: str, *, accept_missing: bool) -> bool:
        """Read all lists of a connector soon; see `DeliveryReceiver.reconcile`."""
        reconciler = self._reconcilers.get(connector)
        if reconciler is not None:
            reconciler.ask(accept_missing=accept_missing)
        return reconciler is not None

    async def statuses(self) -> list[ConnectorStatus]:
        """Return how each connector is, by name."""
        counts = await self._store.delivery_counts()
        return [
            ConnectorStatus(
                name=name,
                kind=one.connector.name,
                receipts=dict(one.receipts),
                mapped=one.mapped,
                waiting=counts.get((name, "waiting"), 0),
                failed=counts.get((name, "failed"), 0),
                last_arrival=one.last_arrival,
                lag_ms=one.lag_ms,
                left_out=dict(one.left_out.most_common()),
                drift=dict(one.drift),
                missing=one.missing,
                activated=one.activated.total(),
                lists=self._lists(name),
                fetch_problem=one.fetch_problem,
                problems=tuple(
                    DeliveryProblem(row.delivery, row.topic, row.arrived, row.problem)
                    for row in await self._store.failed_deliveries(name, SHOWN_PROBLEMS)
                ),
            )
            for name, worker in sorted(self._workers.items())
            for one in (worker.installed,)
        ]

    def _lists(self, connector: str) -> tuple[ListStatus, ...]:
        reconciler = self._reconcilers.get(connector)
        return () if reconciler is None else reconciler.statuses()


def _problem(error: Exception) -> str:
    """Return what is wrong with a delivery; other errors than ours may repeat what is personal."""
    is_ours = isinstance(error, UnreadableDeliveryError)
    return str(error)[:200] if is_ours else f"It has no expected form ({type(error).__name__})."


def _object_in(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, with the text of each float.

    Raises:
        UnreadableDeliveryError: It is none.
    """
    try:
        found = json.loads(body, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise UnreadableDeliveryError("The body is not JSON.") from error
    if not isinstance(found, dict):
        raise UnreadableDeliveryError("The body is no JSON object.")
    return found
