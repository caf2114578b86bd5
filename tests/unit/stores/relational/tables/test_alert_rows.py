"""Rows of alerts in SQLite; the contract is `tests/contracts/test_alert_store.py`."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tactful.runtime.ports.alert_store import Alert, Resolution
from tactful.stores.relational.tables import alert_rows
from tactful.stores.sqlite.opening import open_writer

ONE = Alert(id="al_1", kind="disk.low", subject="", raised_at=1)


def test_the_table_itself_refuses_a_second_unresolved_alert_of_a_cause(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "t.db")) as made:
        alert_rows.put(made, ONE)
        copied = "INSERT INTO alerts SELECT 'al_2', kind, subject, 2, NULL, body FROM alerts"
        with pytest.raises(sqlite3.IntegrityError):
            made.execute(copied)


def test_an_alert_with_evidence_of_any_kind_is_read_back(tmp_path: Path) -> None:
    one = Alert(
        id="al_1",
        kind="facts.rejected",
        subject="price",
        raised_at=1,
        evidence={"code": "fact.invalid", "facts": 3},
        resolved=Resolution(at=9, by="tactful", act="facts.accepted"),
    )
    with closing(open_writer(tmp_path / "t.db")) as made:
        assert alert_rows.put(made, one) == one
        ((body,),) = made.execute(alert_rows.RESOLVED, (-1,)).fetchall()
        assert alert_rows.alert_from_body(body) == one
