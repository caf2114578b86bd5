"""From an object of another system to its facts, with what has to be fetched for them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from tactful.connectors.allow_list import ContactDigests, Subject, strip
from tactful.connectors.connector import Fetch, Json, Mapped
from tactful.connectors.inbox.installed import InstalledConnector
from tactful.connectors.inbox.remote_objects import FetchError
from tactful.core.facts.fact_types import AnyFact
from tactful.core.values.calendar import format_rfc3339
from tactful.runtime.ports.environment import Clock

MAX_FETCHES: Final = 200
"""Requests for one object."""

Known = Callable[[Sequence[Subject]], Awaitable[tuple[AnyFact, ...]]]
"""Returns the facts in force about subjects."""
Fetched = dict[str, tuple[Any, int]]
"""Path → its response, and when it was asked for (milliseconds since the Unix epoch, UTC)."""


class ObjectMapper:
    """Maps objects of one connector, and fetches what they do not hold."""

    def __init__(
        self, installed: InstalledConnector, known: Known, clock: Clock, contact_key: bytes
    ) -> None:
        """Join the parts.

        Args:
            installed: The connector.
            known: Reads the facts in force.
            clock: The shop's clock.
            contact_key: The contact key of the shop.
        """
        self._installed = installed
        self._known = known
        self._clock = clock
        self._contacts = ContactDigests(contact_key, installed.terms.territory)

    def kept(self, topic: str, payload: Any) -> Any:
        """Return what the allow-list of a topic keeps of a payload."""
        return strip(payload, self._installed.connector.kept[topic], self._contacts).fields

    async def facts_of(self, topic: str, fields: Json, at: int, fetched: Fetched) -> list[Json]:
        """Return the facts of the kept fields of an object.

        Args:
            topic: A key of `Connector.kept`.
            fields: What the allow-list keeps of the object.
            at: When the other system was in this state at the latest, milliseconds since the Unix
                epoch, UTC.
            fetched: Responses that may be used again; new ones are added.

        Raises:
            FetchError: Something that is needed cannot be fetched.
            Exception: The object has another form than the mapper expects.
        """
        connector, terms = self._installed.connector, self._installed.terms
        if subjects := connector.reads(topic, fields):
            terms = structs.replace(terms, known=await self._known(subjects))
        return await self.follow(connector.map(topic, fields, terms), at, fetched)

    async def follow(self, first: Mapped, at: int, fetched: Fetched) -> list[Json]:
        """Return the facts of a mapped object, and of everything that it names to be fetched.

        Raises:
            FetchError: Something that is needed cannot be fetched.
        """
        facts: list[Json] = []
        waiting = [(first, at)]
        requests = 0
        while waiting:
            found, at = waiting.pop(0)
            facts += (_stamped(fact, at) for fact in found.facts)
            for sentence in found.dropped:
                self._installed.count_left_out(sentence)
            for fetch in found.fetch:
                requests += 1
                if requests > MAX_FETCHES:
                    problem = f"More than {MAX_FETCHES} requests are needed."
                    raise FetchError(problem, later=False)
                answer = await self._fetch(fetch, fetched)
                if answer is None:
                    facts += (_stamped(fact, at) for fact in fetch.otherwise)
                else:
                    waiting += answer
        return facts

    async def _fetch(self, fetch: Fetch, fetched: Fetched) -> list[tuple[Mapped, int]] | None:
        """Return what a fetched object means; `None`: the other system cannot be read at all."""
        installed = self._installed
        if installed.remote is None:
            installed.count_left_out("Something is not known, because the connector has no key.")
            return None
        if fetch.path not in fetched:
            # All objects of the batch are older than the request, so one response serves them all.
            at = self._clock.now()
            fetched[fetch.path] = await asyncio.to_thread(installed.remote.read, fetch.path), at
            installed.fetch_problem = None
        found, at = fetched[fetch.path]
        rows = found if isinstance(found, list) else [found]
        return [
            (
                installed.connector.map(
                    fetch.topic, {**self.kept(fetch.topic, one), **fetch.base}, installed.terms
                ),
                at,
            )
            for one in rows
            if isinstance(one, Mapping)
        ]


def _stamped(fact: Json, at: int) -> Json:
    """Return stock with the instant of its count, where the other system gives it none.

    A list may be read while newer deliveries arrive, and must not replace what they say.
    """
    if fact["type"] != "stock" or "version" in fact:
        return fact
    return {**fact, "version": format_rfc3339(at)}
