"""Reads of a ledger on one connection, for a process that does nothing else meanwhile."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from tactful.runtime.ports.exposure_store import OfferReaction
from tactful.stores.relational.ledger_connection import ReadConnection
from tactful.stores.relational.reads import RelationalReads
from tactful.stores.relational.tables import exposure_rows
from tactful.stores.shared.erasures import digests_of, ledger_secret

T = TypeVar("T")


class ConnectedReads(RelationalReads):
    """What a report reads. Each read is answered before its call returns."""

    def __init__(self, connection: ReadConnection, place: str) -> None:
        """Read on a connection.

        Args:
            connection: The connection. No transaction is begun, so that a long report does not keep
                the write-ahead log from being emptied.
            place: The ledger as messages name it.
        """
        self._connection = connection
        self._path = place
        self._digest_key = ledger_secret(connection)

    async def _settle(self) -> None:
        """Do nothing: another process writes."""

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()

    async def _read_apart(self, work: Callable[[ReadConnection], T]) -> T:
        return work(self._connection)

    async def offer_reactions(self, since: int, until: int) -> list[OfferReaction]:
        work = partial(exposure_rows.read_reactions, since=since, until=until)
        return await self._read_apart(work)

    def digests_of(self, kind: str) -> Callable[[str], str]:
        return digests_of(self._digest_key, kind)
