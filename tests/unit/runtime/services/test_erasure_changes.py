"""Erasures of other processes reach memory through the change log."""

from pathlib import Path

from journeys.fixture import rules
from support.bare_shop import NOON, bare_shop, recorded_connection
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Change, Tombstone
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.services.erasure_changes import ErasureChanges
from tactful.runtime.services.erasure_service import ErasureService
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession
from tactful.stores.memory.ledger import MemoryLedger


class UnreadableTombstones(MemoryLedger):
    """A ledger whose catalogue cannot be read once it is opened."""

    is_broken = False

    async def known_skus(self, after: str, limit: int) -> list[str]:
        """Fail on demand."""
        if self.is_broken:
            raise LedgerError("no disk")
        return await super().known_skus(after, limit)


async def started(folder: Path, ledger: MemoryLedger | None = None) -> Shop:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(rules(), "utf-8")
    shop = bare_shop(folder, ledger or MemoryLedger(), rules=folder / "rules")
    await shop.start()
    return shop


async def identified(shop: Shop, customer: str) -> LiveSession:
    connection, _ = recorded_connection()
    shop.lifecycle.open(
        connection, SessionGreeting("personal", identity=VerifiedIdentity(customer))
    )
    await shop.settled()
    assert connection.live is not None
    return connection.live


def handler(shop: Shop) -> ErasureChanges:
    erasure = ErasureService(shop.state, shop.turns, shop.lifecycle)
    return ErasureChanges(shop.state, erasure)


def erasure_of(shop: Shop, customer: str, alias: str = "alias-1") -> Change:
    digest = shop.ledger.erasure_digest("customer", customer)
    return Change(9, NOON, "customer_erased", (("customer", digest),), alias.encode())


async def test_an_erasure_elsewhere_logs_the_customer_out_and_leaves_others_alone(
    tmp_path: Path,
) -> None:
    shop = await started(tmp_path)
    live, other = await identified(shop, "c1"), await identified(shop, "c2")
    changes, change = handler(shop), erasure_of(shop, "c1")
    assert not changes.needs_preparation(change)
    await changes.prepare(change)
    changes.apply(change)
    assert shop.state.erased_customers.is_erased("c1")
    work = changes.propagate()
    assert work is not None
    await work
    assert (live.customer, live.state.customer, live.state.shopper) == (None, None, "alias-1")
    assert other.customer == "c2"
    # The same erasure once more concerns nothing in memory.
    changes.apply(change)
    assert changes.propagate() is None


async def test_an_erasure_of_nobody_in_memory_only_leaves_the_tombstone(tmp_path: Path) -> None:
    shop = await started(tmp_path)
    changes = handler(shop)
    changes.apply(erasure_of(shop, "stranger"))
    work = changes.propagate()
    assert work is not None
    await work
    assert shop.state.erased_customers.is_erased("stranger")


async def test_erasures_that_were_missed_are_read_from_the_ledger(tmp_path: Path) -> None:
    shop = await started(tmp_path)
    live, changes = await identified(shop, "c1"), handler(shop)
    digest = shop.ledger.erasure_digest("customer", "c1")
    assert isinstance(shop.ledger, MemoryLedger)
    shop.ledger._tombstones[digest] = Tombstone(digest, "alias-2", NOON)
    await changes.start_over()
    work = changes.propagate()
    assert work is not None
    await work
    assert live.state.shopper == "alias-2"


async def test_an_unreadable_ledger_does_not_keep_the_customer_in_memory(tmp_path: Path) -> None:
    ledger = UnreadableTombstones()
    shop = await started(tmp_path, ledger)
    live, changes = await identified(shop, "c1"), handler(shop)
    ledger.is_broken = True
    changes.apply(erasure_of(shop, "c1"))
    work = changes.propagate()
    assert work is not None
    await work
    assert live.customer is None
