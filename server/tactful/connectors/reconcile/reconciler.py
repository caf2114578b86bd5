"""The comparison of one other system with the facts: its lists are read when they are due.

Deliveries get lost, and systems change things without one. The first reading brings what was there
before; later ones bring what changed since, and once a day the whole lists say what is gone.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from msgspec import Struct

from tactful.connectors.connector import Hooks, Json, Listing
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.object_mapper import Known, ObjectMapper
from tactful.connectors.objects.remote_objects import FetchError, RemoteObjects
from tactful.connectors.reconcile.list_reader import Ingest, ListReader
from tactful.connectors.reconcile.list_state import ListStates
from tactful.core.values.calendar import DAY, SECOND
from tactful.runtime.ports.deliveries import ListStatus
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.inbox_store import InboxStore
from tactful.runtime.ports.ledger import LedgerError

log = structlog.get_logger("tactful.reconcile")

WHOLE_EVERY_MS: Final = DAY
MAX_SHARE: Final = 20
"""Times the length of a reading that pass before the next one: a large list never keeps a shop busy."""
MAX_MISSING_BP: Final = 2_000
"""The largest part of the known SKUs that is reported as gone, in basis points."""
FEW_MISSING: Final = 10
"""SKUs that are reported as gone whatever part they are: a small shop may well delete three of nine."""
FIRST_PAUSE_S: Final = 5
LONGEST_PAUSE_S: Final = 300
"""Seconds of the first pause after a failed reading, which doubles up to the longest."""

Held = Callable[[str], Awaitable[bool]]
"""Returns whether the facts still have the product of an SKU."""


class ReadingRequest(Struct, frozen=True):
    """A person's request to read all lists."""

    accepts_missing: bool
    """Whether what a list lacks is gone, however much it is."""


class Reconciler:
    """Reads the lists of one connector in the background."""

    def __init__(
        self,
        installed: InstalledConnector,
        remote: RemoteObjects,
        states: ListStates,
        reader: ListReader,
        held: Held,
        clock: Clock,
    ) -> None:
        """Join the parts.

        Args:
            installed: The connector.
            remote: Reads the other system.
            states: How far its lists are read.
            reader: Reads one list.
            held: Says whether a product is still in the facts.
            clock: The shop's clock.
        """
        self.installed = installed
        self.lists: Final = installed.connector.lists_for(installed.terms)
        self._remote = remote
        self._states = states
        self._reader = reader
        self._held = held
        self._clock = clock
        self._woken = asyncio.Event()
        self._asked: ReadingRequest | None = None
        self._is_loaded = False

    async def run(self) -> None:
        """Read what is due until the task is cancelled."""
        pause_s = 0
        while True:
            self._woken.clear()
            try:
                await self.read_due()
                pause_s = 0
                due_s = (self.next_at() - self._clock.now()) // SECOND
                wait_s = min(max(1, due_s), LONGEST_PAUSE_S)
            except (FetchError, LedgerError) as error:
                pause_s = min(max(FIRST_PAUSE_S, 2 * pause_s), LONGEST_PAUSE_S)
                wait_s = max(pause_s, getattr(error, "wait_s", 0))
                log.warning("reconcile.waiting", connector=self.installed.name, error=str(error))
                if isinstance(error, FetchError):
                    self.installed.fetch_problem = str(error)
            except Exception:
                # Without this, an error of ours would end all readings until the next start.
                log.exception("reconcile.failed", connector=self.installed.name)
                wait_s = LONGEST_PAUSE_S
            await self._wait(wait_s)

    async def _wait(self, seconds: int) -> None:
        """Wait for a request, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def ask(self, *, accept_missing: bool = False) -> None:
        """Read all whole lists as soon as possible.

        Args:
            accept_missing: Whether what is missing is gone, however much it is.
        """
        self._asked = ReadingRequest(accept_missing)
        self._woken.set()

    async def load(self) -> None:
        """Read from the ledger how far the lists were read.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        if not self._is_loaded:
            await self._states.load({one.name: one.gone for one in self.lists})
            self._is_loaded = True

    async def remember(self, skus: set[str]) -> None:
        """Remember SKUs that deliveries name, so that they are missed when a list lacks them.

        Raises:
            LedgerError: They are not remembered.
        """
        await self.load()
        await self._states.add_skus(skus)

    async def read_due(self) -> None:
        """Read every list that is due, and see whether the other system still sends deliveries.

        A list that cannot be read, because the key may not or the system fails, keeps no other from
        being read.

        Raises:
            FetchError: A list cannot be read. The next call continues.
            LedgerError: The ledger failed. The next call continues.
        """
        await self.load()
        asked = self._take_request()
        problem: FetchError | None = None
        is_any = False
        try:
            for listing in self.lists:
                if asked or self._is_due(listing):
                    is_any = True
                    problem = await self._try(listing, asked) or problem
            if is_any and self.installed.connector.hooks is not None:
                await self._activate(self.installed.connector.hooks)
            if problem is not None:
                raise problem
        except (FetchError, LedgerError):
            self._asked = self._asked or asked
            raise

    def _take_request(self) -> ReadingRequest | None:
        asked, self._asked = self._asked, None
        return asked

    async def _try(self, listing: Listing, asked: ReadingRequest | None) -> FetchError | None:
        """Read a list; return why it cannot be read, or `None`."""
        whole = asked is not None or self._is_whole_due(listing)
        known = set(self._states.skus.get(listing.name, ()))
        try:
            found = await self._reader.read(listing, whole=whole)
        except FetchError as error:
            return error
        if listing.gone and found is not None:
            is_accepted = asked is not None and asked.accepts_missing
            await self._end_missing(listing, known, found, is_accepted=is_accepted)
        return None

    async def _end_missing(
        self, listing: Listing, known: set[str], found: set[str], *, is_accepted: bool
    ) -> None:
        """Report SKUs as gone that a whole list does not have, unless they are suspiciously many."""
        missing = known - found
        share = 10_000 * len(missing)
        is_many = len(missing) > FEW_MISSING and share > MAX_MISSING_BP * len(known)
        if is_many and not is_accepted:
            log.error("reconcile.mass_gone", connector=self.installed.name, skus=len(missing))
            self.installed.missing = len(missing)
            return
        self.installed.missing = None
        gone: list[Json] = [
            {"type": "gone", "of": "product", "sku": sku}
            for sku in sorted(missing)
            if await self._held(sku)
        ]
        await self._reader.store(gone, counts_as_drift=True)
        await self._states.replace_skus(listing.name, found)

    async def _activate(self, hooks: Hooks) -> None:
        """Switch on the subscriptions of this connector that the other system has switched off.

        Raises:
            FetchError: The subscriptions cannot be read.
        """
        found = await asyncio.to_thread(self._remote.read, hooks.path)
        for one in _own_hooks(hooks, found, self.installed.name):
            if one.get(hooks.state) == hooks.active:
                continue
            ident = str(one.get("id"))
            try:
                path = hooks.of_one.replace("{id}", ident)
                await asyncio.to_thread(self._remote.put, path, {hooks.state: hooks.active})
            except FetchError as error:
                message = (
                    f"The subscription {ident} is switched off, and cannot be activated: {error}"
                )
                self.installed.fetch_problem = message
                log.warning("hook.inactive", connector=self.installed.name, hook=ident)
                continue
            self.installed.activated[ident] += 1
            log.warning("hook.activated", connector=self.installed.name, hook=ident)

    def _is_due(self, listing: Listing) -> bool:
        return listing.name in self._states.places or self._due_at(listing) <= self._clock.now()

    def _is_whole_due(self, listing: Listing) -> bool:
        whole_at = self._states.states[listing.name].whole_at
        return not listing.changed or self._clock.now() - whole_at >= WHOLE_EVERY_MS

    def _due_at(self, listing: Listing) -> int:
        """Return when a list is to be read again, milliseconds since the Unix epoch, UTC."""
        state = self._states.states.get(listing.name)
        if state is None or not state.whole_at:
            return 0
        if listing.changed or listing.often:
            return state.changed_at + max(listing.every_ms, MAX_SHARE * state.took_ms)
        return state.whole_at + WHOLE_EVERY_MS

    def next_at(self) -> int:
        """Return when a list is due next, milliseconds since the Unix epoch, UTC."""
        return min((self._due_at(one) for one in self.lists), default=2**62)

    def statuses(self) -> tuple[ListStatus, ...]:
        """Return how far each list is read."""
        return tuple(self._status(one) for one in self.lists if one.name in self._states.states)

    def _status(self, listing: Listing) -> ListStatus:
        state, place = self._states.states[listing.name], self._states.places.get(listing.name)
        return ListStatus(
            name=listing.name,
            whole_at=state.whole_at or None,
            changed_at=state.changed_at or None,
            rows=state.rows,
            reading=None if place is None else place.rows,
            total=None if place is None else place.total,
            next_at=self._due_at(listing) or None,
        )


def reconciler_of(
    installed: InstalledConnector,
    remote: RemoteObjects,
    *,
    store: InboxStore,
    known: Known,
    held: Held,
    ingest: Ingest,
    clock: Clock,
    contact_key: bytes,
) -> Reconciler:
    """Return the reconciler of a connector that can be read.

    Args:
        installed: The connector.
        remote: Reads the other system.
        store: Keeps how far its lists are read.
        known: Reads the facts in force.
        held: Says whether the product of an SKU is still in the facts.
        ingest: Takes the facts.
        clock: The shop's clock.
        contact_key: The contact key of the shop.
    """
    states = ListStates(installed.name, store)
    mapper = ObjectMapper(installed, known, clock, contact_key)
    reader = ListReader(installed, remote, states, mapper, ingest, clock)
    return Reconciler(installed, remote, states, reader, held, clock)


def _own_hooks(hooks: Hooks, found: Any, connector: str) -> Iterator[Json]:
    """Yield the subscriptions whose deliveries go to a connector, whatever the host is called."""
    for one in found if isinstance(found, list) else ():
        path = urlsplit(str(one.get(hooks.address, ""))).path.rstrip("/")
        if path.endswith(f"/v1/in/{connector}"):
            yield one
