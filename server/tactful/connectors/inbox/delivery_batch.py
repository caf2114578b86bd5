"""Deliveries that are mapped together: one ingest for the facts, one write for the states.

A delivery costs one commit when it arrives. The commits for its facts and its state are shared by the
whole batch, and a delivery whose facts are refused fails alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from tactful.connectors.connector import Json
from tactful.core.facts.fact_codec import FactRejection
from tactful.runtime.ports.inbox_store import StoredDelivery
from tactful.runtime.ports.ledger import LedgerError

MAX_PROBLEM: Final = 500
"""Characters of a problem that are kept."""

Ingest = Callable[[Sequence[bytes]], Awaitable[Sequence[FactRejection]]]
"""Stores facts whose contacts are digests already, and returns those that were rejected."""


class DeliveryBatch:
    """The outcome of some deliveries of one connector, until it is stored."""

    def __init__(self, ingest: Ingest) -> None:
        """Create an empty batch, whose facts go to `ingest`."""
        self.done: list[StoredDelivery] = []
        """Deliveries whose facts are stored."""
        self.failed: dict[int, tuple[StoredDelivery, str]] = {}
        """Number of a delivery → the delivery, and why it cannot be mapped."""
        self.skus: set[str] = set()
        """The SKUs of the products in all facts."""
        self._ingest = ingest
        self._waiting: list[tuple[StoredDelivery, list[bytes]]] = []

    def add(self, row: StoredDelivery, facts: Sequence[Json]) -> None:
        """Take the facts of a delivery, to be stored with those of the others."""
        self.skus |= {str(fact["sku"]) for fact in facts if fact["type"] == "product"}
        self._waiting.append((row, [msgspec.json.encode(fact) for fact in facts]))

    def fail(self, row: StoredDelivery, problem: str) -> None:
        """Note that a delivery cannot be mapped."""
        self.failed[row.number] = row, problem[:MAX_PROBLEM]

    async def store_facts(self) -> None:
        """Store the facts that wait, in one call.

        Raises:
            LedgerError: Some may be stored. The deliveries stay as they are, to be mapped again.
        """
        waiting, self._waiting = self._waiting, []
        try:
            await self._store(waiting)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001 - one delivery must not fail the others
            if len(waiting) == 1:
                self.fail(waiting[0][0], f"Its facts cannot be stored ({type(error).__name__}).")
                return
            for one in waiting:
                self._waiting = [one]
                await self.store_facts()

    async def _store(self, waiting: Sequence[tuple[StoredDelivery, list[bytes]]]) -> None:
        facts = [fact for _, each in waiting for fact in each]
        owners = [row for row, each in waiting for _ in each]
        rejected = await self._ingest(facts) if facts else ()
        # A fact about an erased customer is left out on purpose, and fails no delivery.
        for one in [each for each in rejected if each.code != "fact.erased"]:
            row = owners[one.index]
            if row.number not in self.failed:
                paths = ", ".join(dict.fromkeys(error.path for error in one.errors))
                self.fail(row, f"A fact was rejected: {one.code} ({paths}).")
        self.done += [row for row, _ in waiting if row.number not in self.failed]
