"""How far the lists of a connector are read, as the ledger keeps it under cursors."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from tactful.runtime.ports.inbox_store import InboxStore


class ListState(Struct, kw_only=True):
    """What is known about one list. Instants are milliseconds since the Unix epoch, UTC; 0: never."""

    whole_at: int = 0
    """When the last reading of the whole list began."""
    changed_at: int = 0
    """When the last reading of the whole list or of its changes began."""
    latest: int = 0
    """The latest change that the other system named: the next reading of changes begins there."""
    rows: int = 0
    """The objects of the whole list."""
    took_ms: int = 0
    """Milliseconds that the last reading took."""


class ListPlace(Struct, kw_only=True):
    """The place in a list that is being read, so that a restart continues there."""

    url: str
    """The next page."""
    is_whole: bool
    """Whether the whole list is read, or only its changes."""
    is_first: bool
    """Whether nothing of the list was known before."""
    began_at: int
    """Milliseconds since the Unix epoch, UTC."""
    latest: int = 0
    """The latest change so far, milliseconds since the Unix epoch, UTC."""
    rows: int = 0
    """The objects so far."""
    total: int | None = None
    """The objects of the list, as the other system counts them; `None`: it does not say."""
    is_complete: bool = True
    """Whether no object is missing so far: that number is the same on each page, so that none can have
    moved to another page, and each object was mapped."""


_STATE: Final = ""
_PLACE: Final = ".place"
_SKUS: Final = ".skus"
_NEW_SKUS: Final = ".new-skus."
CHUNK: Final = 500
"""SKUs that are stored together, so that a first reading does not write all of them with every page."""


class ListStates:
    """The states of the lists of one connector, in memory and in the ledger."""

    def __init__(self, connector: str, store: InboxStore) -> None:
        """Name the connector; `load` reads the states."""
        self.states: dict[str, ListState] = {}
        self.places: dict[str, ListPlace] = {}
        self.skus: dict[str, set[str]] = {}
        """Name of a list → the SKUs that the other system has, or had when it was last compared."""
        self._chunks: dict[str, list[list[str]]] = {}
        """Name of a list → the SKUs that are new since it was compared, in parts."""
        self._connector = connector
        self._store = store

    async def load(self, names: Mapping[str, bool]) -> None:
        """Read the states of the named lists; the value says whether SKUs are kept for a list.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        found = await self._store.cursors(self._connector)
        for name, has_skus in names.items():
            state, place = found.get(name + _STATE), found.get(name + _PLACE)
            self.states[name] = msgspec.json.decode(state, type=ListState) if state else ListState()
            if place:
                self.places[name] = msgspec.json.decode(place, type=ListPlace)
            if has_skus:
                chunks = self._chunks[name] = []
                while part := found.get(f"{name}{_NEW_SKUS}{len(chunks)}"):
                    chunks.append(msgspec.json.decode(part))
                known = msgspec.json.decode(found.get(name + _SKUS) or "[]")
                self.skus[name] = {*known, *(sku for part in chunks for sku in part)}

    async def put_place(self, name: str, place: ListPlace) -> None:
        """Store the place in a list.

        Raises:
            LedgerError: Nothing is stored.
        """
        self.places[name] = place
        await self._put(name + _PLACE, place)

    async def finish(self, name: str, state: ListState) -> None:
        """Store that a list was read to its end.

        Raises:
            LedgerError: Nothing is stored, or the place of the list remains. It is then read again.
        """
        await self._put(name + _STATE, state)
        self.states[name] = state
        await self._store.put_cursor(self._connector, name + _PLACE, "")
        self.places.pop(name, None)

    async def add_skus(self, skus: set[str]) -> None:
        """Remember SKUs that came with deliveries or pages.

        Raises:
            LedgerError: They are not stored.
        """
        for name, known in self.skus.items():
            if fresh := skus - known:
                chunks = self._chunks[name]
                if not chunks or len(chunks[-1]) >= CHUNK:
                    chunks.append([])
                chunks[-1] += sorted(fresh)
                known.update(fresh)
                await self._put(f"{name}{_NEW_SKUS}{len(chunks) - 1}", chunks[-1])

    async def replace_skus(self, name: str, skus: set[str]) -> None:
        """Store the SKUs of a list that came whole.

        Raises:
            LedgerError: They are not stored.
        """
        self.skus[name] = skus
        await self._put(name + _SKUS, sorted(skus))
        chunks, self._chunks[name] = self._chunks[name], []
        for number in range(len(chunks)):
            await self._store.put_cursor(self._connector, f"{name}{_NEW_SKUS}{number}", "")

    async def _put(self, cursor: str, value: object) -> None:
        encoded = msgspec.json.encode(value).decode()
        await self._store.put_cursor(self._connector, cursor, encoded)
