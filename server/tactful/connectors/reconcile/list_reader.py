"""One reading of one list: page by page, each mapped, stored and remembered."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog

from tactful.connectors.connector import Json, Listing, Terms
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.instants import InstantError, read_instant
from tactful.connectors.objects.object_mapper import Fetched, ObjectMapper
from tactful.connectors.objects.paths import parse_path, values_at
from tactful.connectors.objects.remote_objects import FetchError, ListPage, RemoteObjects
from tactful.connectors.reconcile.list_state import ListPlace, ListState, ListStates
from tactful.core.values.calendar import DAY, MINUTE
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services.ingest import IngestReport

log = structlog.get_logger("tactful.reconcile")

OVERLAP_MS: Final = 5 * MINUTE
"""Milliseconds by which a reading of changes begins before the latest known change.

A change may become visible later than its stamp says.
"""
BOUND_MS: Final = 180 * DAY
"""Milliseconds that a first reading goes back, where a list can be bounded: what suppressions look at."""

MUCH_DRIFT: Final = 20
"""Facts of one reading that no delivery had reported, from which on deliveries must have been lost.

A few are always under way while a list is read.
"""

Ingest = Callable[[Sequence[bytes]], Awaitable[IngestReport]]
"""Stores facts whose contacts are digests already."""


class ListReader:
    """Reads the lists of one connector."""

    def __init__(
        self,
        installed: InstalledConnector,
        remote: RemoteObjects,
        states: ListStates,
        mapper: ObjectMapper,
        ingest: Ingest,
        clock: Clock,
    ) -> None:
        """Join the parts.

        Args:
            installed: The connector.
            remote: Reads the other system.
            states: How far its lists are read.
            mapper: Maps its objects.
            ingest: Takes the facts.
            clock: The shop's clock.
        """
        self._installed = installed
        self._remote = remote
        self._states = states
        self._mapper = mapper
        self._ingest = ingest
        self._clock = clock

    async def read(self, listing: Listing, *, whole: bool) -> set[str] | None:
        """Read a list to its end, from its beginning or from where it was left.

        Args:
            listing: The list.
            whole: Whether to read the whole list, or only its changes. A first reading is always
                whole, and is continued where it was left.

        Returns:
            The SKUs of the whole list; `None`: they are not known, because only changes were read,
            or a part of the list was read before a restart or may be missing.

        Raises:
            FetchError: The other system cannot be read. The next call continues.
            LedgerError: The ledger failed. The next call continues.
        """
        place = self._states.places.get(listing.name)
        if place is not None and whole and not place.is_first:
            place = None  # only a list that is read in one go shows what is missing
        is_resumed = place is not None
        if place is None:
            place = self._beginning(listing, whole=whole)
        skus: set[str] = set()
        drift = self._installed.drift.total()
        while place.url:
            asked_at = self._clock.now()
            page = await asyncio.to_thread(self._remote.page, place.url)
            self._installed.fetch_problem = None
            place = await self._take(listing, page, place, asked_at, skus)
            await self._states.add_skus(skus)
            await self._states.put_place(listing.name, place)
            await asyncio.sleep(page.pause_s)
        await self._finish(listing, place)
        if self._installed.drift.total() - drift >= MUCH_DRIFT:
            self._installed.drifted_readings += 1
        is_complete = place.is_complete and (not listing.total or place.rows == place.total)
        return skus if place.is_whole and not is_resumed and is_complete else None

    def _beginning(self, listing: Listing, *, whole: bool) -> ListPlace:
        state = self._states.states[listing.name]
        now = self._clock.now()
        is_first = not state.whole_at
        url = first_url(listing, self._installed.terms)
        if is_first or whole:
            whole = True
            since, addition = now - BOUND_MS, listing.bounded
        else:
            since, addition = state.latest - OVERLAP_MS, listing.changed
        stamp = datetime.fromtimestamp(max(0, since) // 1000, UTC).strftime(listing.instants)
        url += addition.replace("{since}", quote(stamp, safe=""))
        return ListPlace(url=url, is_whole=whole, is_first=is_first, began_at=now)

    async def _take(
        self, listing: Listing, page: ListPage, place: ListPlace, asked_at: int, skus: set[str]
    ) -> ListPlace:
        """Store the facts of a page; return the place after it."""
        rows = rows_of(listing, page)
        facts: list[Json] = []
        fetched: Fetched = {}
        latest, left_out = place.latest, 0
        for row in rows:
            await asyncio.sleep(0)  # mapping reads no file and no socket
            latest = max(latest, _stamp(listing, row))
            found = await self._facts(listing, row, asked_at, fetched)
            facts += found or ()
            left_out += found is None
        skus |= {str(fact["sku"]) for fact in facts if fact["type"] == "product"}
        await self.store(facts, counts_as_drift=not place.is_first)
        total = total_of(listing, page)
        is_moving = bool(place.rows) and total != place.total
        return ListPlace(
            url=next_url(listing, page, place, rows),
            is_whole=place.is_whole,
            is_first=place.is_first,
            began_at=place.began_at,
            latest=latest,
            rows=place.rows + len(rows),
            total=total,
            is_complete=place.is_complete and not is_moving and not left_out,
        )

    async def _facts(
        self, listing: Listing, row: Json, at: int, fetched: Fetched
    ) -> list[Json] | None:
        """Return the facts of an object; `None`: it cannot be mapped, and is counted and left out."""
        try:
            if listing.each:
                path = listing.each.replace("{id}", quote(str(row["id"]), safe=""))
                at = self._clock.now()
                row = (await asyncio.to_thread(self._remote.page, path)).body
            fields = {**self._mapper.kept(listing.topic, row), **listing.base}
            return await self._mapper.facts_of(listing.topic, fields, at, fetched, is_read=True)
        except FetchError as error:
            if error.later:
                raise
            problem = str(error)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001 - one object must not end the list
            # The text of an unexpected error may repeat what is personal.
            problem = type(error).__name__
        log.warning("object.unmapped", connector=self._installed.name, list=listing.name,
                    problem=problem)  # fmt: skip
        self._installed.count_left_out(
            f"An object of the list {listing.name} was left out: {problem}."
        )
        return None

    async def store(self, facts: Sequence[Json], *, counts_as_drift: bool) -> None:
        """Store facts kind by kind, and count by kind which of them no delivery had reported.

        Raises:
            LedgerError: Some may be stored. Storing them again changes nothing.
        """
        kinds: dict[str, list[bytes]] = {}
        for fact in facts:
            kinds.setdefault(fact["type"], []).append(msgspec.json.encode(fact))
        drift: Counter[str] = Counter()
        for kind, encoded in kinds.items():
            report = await self._ingest(encoded)
            drift[kind] = report.accepted
            for one in report.rejected:
                if one.code != "fact.erased":
                    paths = ", ".join(dict.fromkeys(error.path for error in one.errors))
                    self._installed.count_left_out(f"A fact was rejected: {one.code} ({paths}).")
        if counts_as_drift:
            self._installed.drift.update(+drift)

    async def _finish(self, listing: Listing, place: ListPlace) -> None:
        before = self._states.states[listing.name]
        state = ListState(
            whole_at=place.began_at if place.is_whole else before.whole_at,
            changed_at=place.began_at,
            latest=max(before.latest, place.latest),
            rows=place.rows if place.is_whole else before.rows,
            took_ms=max(0, self._clock.now() - place.began_at),
        )
        # A shop in which nothing happens is not one whose data are old.
        signs = [{"type": "feed", "feed": feed} for feed in listing.feeds]
        await self.store(signs, counts_as_drift=False)
        await self._states.finish(listing.name, state)


def first_url(listing: Listing, terms: Terms) -> str:
    """Return the path of the first page of a list that is read whole."""
    return listing.path.replace("{locations}", ",".join(terms.locations))


def next_url(listing: Listing, page: ListPage, place: ListPlace, rows: Sequence[Json]) -> str:
    """Return the path of the page after a page of a list; empty: it was the last one.

    Args:
        listing: The list.
        page: The page.
        place: The place of the page.
        rows: Its objects.
    """
    if not rows:
        return ""
    if not listing.offset:
        return page.following(next(iter(_values(listing.following, page.body)), None)) or ""
    before = place.rows + len(rows)
    if before >= (total_of(listing, page) or 0):
        return ""
    return re.sub(rf"(?<=[?&]{listing.offset}=)\d+", str(before), place.url)


def rows_of(listing: Listing, page: ListPage) -> list[Json]:
    """Return the objects of a page.

    Raises:
        FetchError: The page has another form than the list.
    """
    found = page.body
    for name in filter(None, listing.rows.split(".")):
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        where = f" under {listing.rows}" if listing.rows else ""
        message = f"The list {listing.name} is no list{where}. Check the address of the connector."
        raise FetchError(message, later=True, is_counted=True, status=200)
    return [one for one in found if isinstance(one, dict)]


def _values(path: str, found: Any) -> Iterator[Any]:
    return iter(values_at(parse_path(path), found) if path else ())


def _stamp(listing: Listing, row: Json) -> int:
    """Return when an object was last changed, in milliseconds since the Unix epoch, UTC; 0: unknown."""
    for value in _values(listing.stamp, row):
        try:
            at = read_instant(value)
        except InstantError:
            return 0
        return 0 if at is None else int(at.timestamp() * 1000)
    return 0


def total_of(listing: Listing, page: ListPage) -> int | None:
    """Return the number of all objects of a list, as a page says it; `None`: it does not."""
    text = page.headers.get(listing.total, "") or next(_values(listing.total, page.body), "")
    return int(text) if str(text).isdigit() else None
