"""The contract of `Ledger`: every role whole, open, closed and healthy."""

import inspect
from typing import Any

import pytest

from support.ledger_rows import T0, AnyLedger, stock
from tactful.runtime.ports.audit_log import AuditLog
from tactful.runtime.ports.change_log import ChangeLog
from tactful.runtime.ports.customer_data import CustomerData
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger import Ledger, LedgerHealth
from tactful.runtime.ports.offer_statistics import OfferStatistics, Tallies
from tactful.runtime.ports.offer_store import OfferStore
from tactful.runtime.ports.rulebook_store import RulebookStore
from tactful.runtime.ports.session_store import SessionStore
from tactful.runtime.ports.turn_store import TurnStore
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.sqlite.ledger import SqliteLedger

ROLES = (
    ChangeLog, FactStore, TurnStore, OfferStore, OfferStatistics, Tallies, SessionStore,
    RulebookStore, AuditLog, CustomerData, LedgerHealth,
)  # fmt: skip


def methods(role: type) -> dict[str, Any]:
    return {name: member for name, member in vars(role).items() if not name.startswith("_")}


def every_method() -> dict[str, Any]:
    return {name: member for role in (*ROLES, Ledger) for name, member in methods(role).items()}


async def test_an_open_ledger_is_healthy_and_has_nothing_pending(ledger: AnyLedger) -> None:
    port: Ledger = ledger
    assert port.failure is None
    assert port.pending_bytes == 0


async def test_a_ledger_can_be_closed_and_closed_again(ledger: AnyLedger) -> None:
    await ledger.record_facts([stock(5, 1, T0)])
    await ledger.close()
    await ledger.close()


def test_each_method_belongs_to_one_role() -> None:
    counted = [name for role in (*ROLES, Ledger) for name in methods(role)]
    assert len(counted) == len(set(counted))
    assert set(methods(Ledger)) == {"open", "close"}


@pytest.mark.parametrize("kind", [MemoryLedger, SqliteLedger])
def test_each_ledger_has_the_parameters_of_the_port(kind: type[AnyLedger]) -> None:
    for name, member in every_method().items():
        found = inspect.getattr_static(kind, name)
        if isinstance(member, property):
            assert isinstance(found, property), name
            continue
        wanted, given = (
            [
                (one.name, one.kind, one.default)
                for one in inspect.signature(method).parameters.values()
            ]
            for method in (member, found)
        )
        assert given == wanted, name


def test_each_method_says_what_it_raises_unless_it_raises_nothing() -> None:
    silent = {
        name
        for name, member in every_method().items()
        if not isinstance(member, property) and "Raises:" not in (inspect.getdoc(member) or "")
    }
    assert silent == {
        "deferred_writes",
        "wait_for_promises",
        "storage_use",
        "observe_commits",
        "close",
        "subscribe",
    }
