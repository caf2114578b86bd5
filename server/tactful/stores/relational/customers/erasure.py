"""Erasure of customers from a database and from backups that are restored later."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, TypeVar

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Tombstone
from tactful.stores.relational.customers import customer_erasure
from tactful.stores.relational.customers.erasure_steps import ErasureSlices, Search
from tactful.stores.relational.ledger_connection import ReadConnection
from tactful.stores.relational.tables import tombstones
from tactful.stores.relational.writer.group_commit import GroupCommitWriter
from tactful.stores.relational.writer.write_jobs import Lane
from tactful.stores.relational.writer.write_lanes import SLICE_ROWS
from tactful.stores.shared.erasures import Erasure, digests_of, erasure_digest

T = TypeVar("T")


class RelationalErasure:
    """The part of a ledger that erases customers and keeps their tombstones."""

    _secret: bytes | None

    @property
    def _open_writer(self) -> GroupCommitWriter:
        raise NotImplementedError

    async def _read_apart(self, work: Callable[[ReadConnection], T]) -> T:
        """Read beside the writer, after everything that is queued is written."""
        raise NotImplementedError

    async def wait_for_promises(self) -> None:
        """Return when no promise waits to be written, or after some milliseconds."""
        raise NotImplementedError

    def erasure_digest(self, kind: str, ident: str) -> str:
        """Return the keyed digest under which the tombstone of an id is stored."""
        if self._secret is None:
            raise LedgerError("the ledger is not open", retry=False)
        return erasure_digest(self._secret, kind, ident)

    def digests_of(self, kind: str) -> Callable[[str], str]:
        """Return what `erasure_digest` does for the ids of one kind."""
        if self._secret is None:
            raise LedgerError("the ledger is not open", retry=False)
        return digests_of(self._secret, kind)

    async def sessions_of(self, customer: str) -> set[str]:
        """Return the sessions of a customer, behind everything that is queued."""
        await self._open_writer.run(_no_work, Lane.RECORD)
        return await self._read_apart(partial(customer_erasure.sessions_of, customer=customer))

    async def erase_customer(
        self, customer: str, alias: str, at: int, *, open_sessions: Collection[str] = ()
    ) -> int:
        """Erase a customer from the database and from every backup that is restored later.

        The digest goes onto the list of erasures first. A crash after that leads to one needless
        erasure, and a crash before it leaves nothing half done.
        """
        writer = self._open_writer
        digest, erased = self.erasure_digest("customer", customer), Erasure(alias, at)
        await writer.run(lambda _: self._list_erasure(digest, erased))
        # Records that are queued already belong to what is erased.
        await writer.run(_no_work, Lane.RECORD)
        touched = await self._erase_in_slices(
            customer_erasure.erasure_slices(customer, alias, at, open_sessions)
        )
        await self._empty_log()
        return touched

    async def erase_contact(self, contact: str, alias: str, at: int) -> int:
        digest, erased = self.erasure_digest(CONTACT, contact), Erasure(alias, at)
        await self._open_writer.run(lambda _: self._list_erasure(digest, erased))
        touched = await self._erase_in_slices(
            customer_erasure.contact_erasure_slices(contact, alias, at)
        )
        await self._empty_log()
        return touched

    async def _erase_in_slices(self, slices: ErasureSlices) -> int:
        answer: Any = None
        while True:
            try:
                work = slices.send(answer)
            except StopIteration as ended:
                return int(ended.value)
            if isinstance(work, Search):
                # A customer with 20,000 offers is searched for 20 ms, for which no promise waits.
                answer = await self._read_apart(work)
            else:
                await self.wait_for_promises()
                answer = await self._open_writer.run(work, weight=SLICE_ROWS)

    async def tombstones(self) -> list[Tombstone]:
        return await self._open_writer.run(tombstones.read_tombstones)

    async def tombstone(self, kind: str, ident: str) -> Tombstone | None:
        return await self._open_writer.run(
            partial(tombstones.read_tombstone, kind=kind, ident=ident)
        )

    async def add_tombstone(self, kind: str, ident: str, alias: str, at: int) -> None:
        await self._open_writer.run(
            partial(tombstones.add_tombstone, kind=kind, ident=ident, alias=alias, at=at)
        )

    async def begin_anew(self, kind: str, ident: str, at: int) -> bool:
        return await self._open_writer.run(
            partial(tombstones.begin_anew, kind=kind, ident=ident, at=at)
        )

    async def _empty_log(self) -> None:
        """Remove what the database keeps of deleted rows outside of its tables, where that can be."""
        raise NotImplementedError

    def _list_erasure(self, digest: str, erased: Erasure) -> None:
        """Add an erasure to the list that outlives a restored backup; called on the writer's thread.

        Raises:
            LedgerError: It cannot be listed.
        """
        raise NotImplementedError


def _no_work(connection: ReadConnection) -> None:
    """Do nothing; when this job is done, everything queued before it is written."""
