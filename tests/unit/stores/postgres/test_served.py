"""The ledger of a server on PostgreSQL."""

from pathlib import Path

from tactful.runtime.telemetry import Telemetry
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.postgres.served import ledger_of, register_metrics

ADDRESS = "postgresql://tactful@db.example/shop"


def test_a_server_keeps_its_name_over_a_restart(tmp_path: Path) -> None:
    first, second = (ledger_of(ADDRESS, tmp_path) for _ in range(2))
    assert first._tenure.take_over()[0][1][0] == second._tenure.take_over()[0][1][0]
    (tmp_path / "other").mkdir()
    assert (
        ledger_of(ADDRESS, tmp_path / "other")._tenure.take_over()[0][1][0]
        != first._tenure.take_over()[0][1][0]
    )


def test_the_metrics_say_whether_a_standby_is_waited_for(tmp_path: Path) -> None:
    telemetry = Telemetry()
    register_metrics(ledger_of(ADDRESS, tmp_path), telemetry)
    assert b"tactful_ledger_synchronous_standby 0.0" in telemetry.exposition()
    other = Telemetry()
    register_metrics(MemoryLedger(), other)
    assert b"tactful_ledger_synchronous_standby" not in other.exposition()
