"""Reports in a process of their own."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that a shop can be repeated

import pytest
from msgspec import structs

from contracts.test_exposure_store import turn
from support.ledger_rows import AnyLedger
from support.postgres_cluster import Cluster
from support.postgres_ledger import postgres_ledger
from tactful.measurement.experiment_report import ExperimentReport
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services.report_service import ReportService
from tactful.stores import report_process
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.report_process import ReportsApart, Task, compute, reports_of
from tactful.stores.sqlite.ledger import SqliteLedger
from unit.runtime.services.test_report_service import EVERYTHING, NOW, Clock, rows_of_a_shop

EXPERIMENT = structs.replace(EVERYTHING, experiment="E")


@pytest.fixture(params=["sqlite", "postgres"])
async def stored(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[SqliteLedger, str]]:
    """A ledger with a shop, and its address."""
    made: AnyLedger
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres")
        address = cluster.database()
        made = postgres_ledger(address)
    else:
        address = str(tmp_path / "tactful.db")
        made = SqliteLedger(tmp_path / "tactful.db")
    await made.open()
    exposed, facts = rows_of_a_shop(Random(3))
    await made.commit(turn(*exposed))
    await made.record_facts(facts)
    yield made, address  # type: ignore[misc]
    await made.close()


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def process_of(file: Path) -> Path:
    return Path("/proc") / file.read_text().strip()


async def test_a_process_gives_the_reports_of_the_server_itself(
    stored: tuple[SqliteLedger, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, address = stored
    here = ReportService(ledger, Clock())
    apart = reports_of(ledger, address, Clock())
    few = await apart.report(EVERYTHING), await apart.by_rule(EVERYTHING)
    monkeypatch.setattr(report_process, "FEW_FACTS", 0)
    assert await apart.report(EVERYTHING) == await here.report(EVERYTHING) == few[0]
    assert await apart.by_rule(EVERYTHING) == await here.by_rule(EVERYTHING) == few[1]
    assert await apart.variants(EXPERIMENT) == await here.variants(EXPERIMENT)
    monkeypatch.undo()
    assert await apart.variants(EXPERIMENT) == await here.variants(EXPERIMENT)


async def test_a_ledger_in_memory_is_read_in_the_server_itself() -> None:
    assert isinstance(reports_of(MemoryLedger(), "", Clock()), ReportService)


async def test_a_ledger_that_cannot_be_read_is_an_error_of_the_ledger(
    stored: tuple[SqliteLedger, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(report_process, "FEW_FACTS", 0)
    (tmp_path / "other.db").write_text("no ledger")
    apart = ReportsApart(stored[0], str(tmp_path / "other.db"), Clock())
    with pytest.raises(LedgerError, match=r"other\.db"):
        await apart.report(EVERYTHING)


async def test_a_process_that_is_ended_is_an_error_of_the_ledger(
    stored: tuple[SqliteLedger, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_process, "FEW_FACTS", 0)
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(LedgerError, match="ended with status 1"):
        await ReportsApart(*stored, Clock()).report(EVERYTHING)


async def test_the_process_of_a_report_that_nobody_waits_for_is_ended(
    stored: tuple[SqliteLedger, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(report_process, "FEW_FACTS", 0)
    waiting = tmp_path / "waiting"
    waiting.write_text(
        '#!/bin/sh\necho $$ > "${0%/*}/pid.new"\nmv "${0%/*}/pid.new" "${0%/*}/pid"\nexec sleep 600\n'
    )
    waiting.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(waiting))
    asked = asyncio.create_task(ReportsApart(*stored, Clock()).report(EVERYTHING))
    await asyncio.to_thread(wait_for, tmp_path / "pid")
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not process_of(tmp_path / "pid").exists()


async def test_a_task_is_computed_at_its_instant(stored: tuple[SqliteLedger, str]) -> None:
    ledger, address = stored
    await ledger.flush()
    early = Task("report", address, EVERYTHING, EVERYTHING.since)
    # `asyncio.run` needs a thread without an event loop.
    found = await asyncio.to_thread(compute, early)
    late = await asyncio.to_thread(compute, structs.replace(early, now=NOW))
    assert isinstance(found, ExperimentReport)
    assert found.treated == 0
    assert late == await ReportService(ledger, Clock()).report(EVERYTHING)


GIVE_WAY = """
import os, sys
from tactful.stores import report_process
if sys.argv[1] == "forbidden":
    def forbid(*_):
        raise PermissionError
    os.sched_setscheduler = forbid
report_process.give_way()
print(os.nice(0), os.sched_getscheduler(0) == os.SCHED_IDLE)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the idle class is Linux's")
@pytest.mark.parametrize(("way", "idle"), [("allowed", "True"), ("forbidden", "False")])
def test_a_report_gives_way_to_everything_else(way: str, idle: str) -> None:
    command = [sys.executable, "-c", GIVE_WAY, way]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["19", idle]
