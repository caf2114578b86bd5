"""The inbox of a shop: its connectors, the receiver, and the workers that map."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tactful.connectors.allow_list import Subject
from tactful.connectors.connector import Connector, Terms
from tactful.connectors.egress_client import EgressClient
from tactful.connectors.inbox.mapping_worker import MappingWorker
from tactful.connectors.inbox.receiver import InboxReceiver
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.remote_objects import RemoteObjects
from tactful.connectors.reconcile.reconciler import reconciler_of
from tactful.core.facts.fact_codec import FactRejection, decode_stored
from tactful.core.facts.fact_types import AnyFact
from tactful.runtime.alerts.causes import Cause, Increase
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.ports.deliveries import Receipt
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.inbox_store import InboxStore
from tactful.runtime.services.ingest import FactIngest, IngestReport
from tactful.runtime.telemetry import Telemetry


def install(
    name: str,
    connector: Connector,
    *,
    secret: str,
    terms: Terms,
    address: str | None = None,
    key: str | None = None,
    egress_allow: Iterable[str] = (),
    is_reconciled: bool = True,
) -> InstalledConnector:
    """Return a connector with its settings.

    Args:
        name: Its name in the settings.
        connector: Its kind.
        secret: The secret of its signatures.
        terms: What the other system does not say.
        address: The URL of the other system.
        key: The credentials for the other system's API; without them or `address` nothing is fetched.
        egress_allow: Private networks that may be reached.
        is_reconciled: Whether its lists are read.

    Raises:
        ValueError: The secret or the key cannot be used.
    """
    remote = None
    if address and key:
        client = EgressClient(allow=egress_allow, typed=[address])
        remote = RemoteObjects(address, connector.authorize(key), client)
    return InstalledConnector(name, connector, secret, terms, remote, is_reconciled=is_reconciled)


class InboxService:
    """Receives and maps the deliveries of all connectors of a shop."""

    def __init__(
        self,
        connectors: Sequence[InstalledConnector],
        *,
        inbox: InboxStore,
        facts: FactStore,
        ingest: FactIngest,
        clock: Clock,
        contact_key: bytes,
    ) -> None:
        """Join the parts.

        Args:
            connectors: The connectors of the shop.
            inbox: Where deliveries are durable.
            facts: Where the facts in force are.
            ingest: Takes the facts.
            clock: The shop's clock.
            contact_key: The contact key of the shop.
        """

        async def store(facts: Sequence[bytes]) -> IngestReport:
            return await ingest.ingest(facts, has_keyed_contacts=True, can_wait=True)

        async def store_facts(facts: Sequence[bytes]) -> Sequence[FactRejection]:
            return (await store(facts)).rejected

        async def known(subjects: Sequence[Subject]) -> tuple[AnyFact, ...]:
            return tuple(decode_stored(one.body) for one in await facts.facts_about(subjects))

        async def held(sku: str) -> bool:
            item = await FactReader(facts).item(sku)
            return item.product is not None and item.end is None

        self.reconcilers: Final = {
            one.name: reconciler_of(
                one, one.remote, store=inbox, known=known, held=held, ingest=store, clock=clock,
                contact_key=contact_key,
            )
            for one in connectors
            if one.remote is not None and one.connector.lists and one.is_reconciled
        }  # fmt: skip
        self._workers: Final = {
            one.name: MappingWorker(
                one, inbox, store_facts, known, clock, contact_key,
                self.reconcilers[one.name].remember if one.name in self.reconcilers else None,
            )
            for one in connectors
        }  # fmt: skip
        self.receiver: Final = InboxReceiver(
            self._workers, inbox, clock, contact_key, self.reconcilers
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._failed, self._forged, self._activated = Increase(), Increase(), Increase()
        self._drifted = Increase()

    def start(self) -> None:
        """Start to map and to read, beginning with what waits since before a restart."""
        self._tasks = [
            *(asyncio.create_task(one.run()) for one in self._workers.values()),
            *(asyncio.create_task(one.run()) for one in self.reconcilers.values()),
        ]

    async def stop(self) -> None:
        """Stop between two deliveries, or within one, which is mapped again after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def wake(self) -> None:
        """Look for deliveries that another process has received."""
        for worker in self._workers.values():
            worker.wake()

    def causes(self) -> Iterator[Cause]:
        """Yield what needs a person, for the alerts."""
        for worker in self._workers.values():
            one = worker.installed
            if self._failed.since_last(one.name, one.failed):
                yield Cause("deliveries.failed", one.name, {"deliveries": one.failed})
            forged = one.receipts[Receipt.FORGED.value]
            if self._forged.since_last(one.name, forged):
                yield Cause("deliveries.forged", one.name, {"deliveries": forged})
            if one.fetch_problem is not None:
                yield Cause("connector.unreadable", one.name, {"message": one.fetch_problem})
            if one.missing is not None:
                yield Cause("connector.mass_gone", one.name, {"skus": one.missing})
            if self._activated.since_last(one.name, one.activated.total()):
                yield Cause("connector.disabled", one.name, {"hooks": one.activated.total()})
            if self._drifted.since_last(one.name, one.drifted_readings):
                yield Cause("connector.drift", one.name, dict(one.drift))

    def register_metrics(self, telemetry: Telemetry) -> None:
        """Register the metrics of deliveries; the names of connectors come from the settings."""
        installed = [one.installed for one in self._workers.values()]
        telemetry.add_counter(
            "tactful_deliveries",
            "Deliveries of other systems, by what became of them on arrival",
            lambda: [
                ((one.name, receipt), count)
                for one in installed
                for receipt, count in one.receipts.items()
            ],
            ("connector", "receipt"),
        )
        telemetry.add_counter(
            "tactful_deliveries_mapped",
            "Deliveries whose facts are stored",
            lambda: [((one.name,), one.mapped) for one in installed],
            ("connector",),
        )
        telemetry.add_counter(
            "tactful_connector_drift",
            "Facts that no delivery had reported when a list was read again, by kind",
            lambda: [((one.name, kind), n) for one in installed for kind, n in one.drift.items()],
            ("connector", "kind"),
        )
        telemetry.add_counter(
            "tactful_deliveries_failed",
            "Deliveries that could not be mapped, and are kept for 7 days",
            lambda: [((one.name,), one.failed) for one in installed],
            ("connector",),
        )
