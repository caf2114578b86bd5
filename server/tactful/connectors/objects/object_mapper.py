"""From an object of another system to its facts, with what has to be fetched for them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from tactful.connectors.allow_list import ContactDigests, Subject, strip
from tactful.connectors.connector import Fetch, Json, Mapped
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.remote_objects import FetchError
from tactful.core.facts.fact_types import AnyFact
from tactful.core.values.calendar import SECOND, format_rfc3339, parse_rfc3339
from tactful.runtime.ports.environment import Clock

MAX_FETCHES: Final = 200
"""Requests for one object."""

_WHOLE_SECOND: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|[+-]\d\d:\d\d)", re.ASCII)
"""An instant without a fraction, and its zone."""

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

    async def facts_of(
        self, topic: str, fields: Json, at: int, fetched: Fetched, *, is_read: bool = False
    ) -> list[Json]:
        """Return the facts of the kept fields of an object.

        Args:
            topic: A key of `Connector.kept`.
            fields: What the allow-list keeps of the object.
            at: When the other system was in this state at the latest, milliseconds since the Unix
                epoch, UTC.
            fetched: Responses that may be used again; new ones are added.
            is_read: Whether the object was read at `at`, and not sent before.

        Raises:
            FetchError: Something that is needed cannot be fetched.
            Exception: The object has another form than the mapper expects.
        """
        connector, terms = self._installed.connector, self._installed.terms
        if subjects := connector.reads(topic, fields):
            terms = structs.replace(terms, known=await self._known(subjects))
        mapped = connector.map(topic, fields, terms)
        return await self.follow(mapped, at, fetched, is_read=is_read)

    async def follow(
        self, first: Mapped, at: int, fetched: Fetched, *, is_read: bool = False
    ) -> list[Json]:
        """Return the facts of a mapped object, and of everything that it names to be fetched.

        Raises:
            FetchError: Something that is needed cannot be fetched.
        """
        facts: list[Json] = []
        waiting = [(first, at, is_read)]
        requests = 0
        while waiting:
            found, at, is_read = waiting.pop(0)
            stamped = _at_the_end_of_its_second if is_read else _stamped
            facts += (stamped(fact, at) for fact in found.facts)
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
                    waiting += [(one, asked_at, True) for one, asked_at in answer]
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


def _at_the_end_of_its_second(fact: Json, at: int) -> Json:
    """Return a fact that was read, with a version that no delivery of the same second reaches.

    Platforms stamp whole seconds. Of two changes in one second, deliveries in any order would leave
    either; what is read a second later is the last one.

    Args:
        fact: The fact.
        at: When it was read, milliseconds since the Unix epoch, UTC.
    """
    version = fact.get("version")
    if isinstance(version, str) and (found := _WHOLE_SECOND.fullmatch(version)):
        if parse_rfc3339(version) + SECOND <= at:
            return {**fact, "version": f"{found[1]}.999999{found[2]}"}
        return fact
    # Of an object without a stamp, the reading is the version: an edit back to what was before counts.
    return fact if "version" in fact else {**fact, "version": format_rfc3339(at)}
