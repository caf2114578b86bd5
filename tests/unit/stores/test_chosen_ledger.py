"""The ledger that the settings name."""

import sys
from pathlib import Path

import pytest

from tactful.config import Config
from tactful.config.loading import ConfigError
from tactful.runtime.telemetry import Telemetry
from tactful.stores.chosen_ledger import configured_ledger, register_database
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.sqlite.ledger import SqliteLedger

ADDRESS = "postgresql://tactful@db.example/shop"


def test_the_settings_choose_among_three_ledgers(tmp_path: Path) -> None:
    assert isinstance(configured_ledger(Config(), tmp_path), MemoryLedger)
    assert isinstance(configured_ledger(Config(data=tmp_path), tmp_path), SqliteLedger)
    chosen = configured_ledger(Config(data=tmp_path, ledger=ADDRESS), tmp_path)
    assert isinstance(chosen, PostgresLedger)
    register_database(chosen, Telemetry())


def test_without_psycopg_the_message_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("tactful.stores.postgres.served", raising=False)
    monkeypatch.setitem(sys.modules, "tactful.stores.postgres.served", None)
    with pytest.raises(ConfigError, match=r"tactful\[postgres\]"):
        configured_ledger(Config(data=tmp_path, ledger=ADDRESS), tmp_path)
