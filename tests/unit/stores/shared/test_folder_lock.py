"""One process serves from a data folder; the next one waits."""

import asyncio
import multiprocessing
import stat
from pathlib import Path

import pytest

from support.processes.lock_holder import hold
from support.raw_connections import eventually, within
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.shared.folder_lock import LOCK_FILE, exclusive_lock, exclusive_lock_now


def never() -> None:
    raise AssertionError("nobody else is there")


async def test_the_first_process_has_the_folder_at_once(tmp_path: Path) -> None:
    async with exclusive_lock(tmp_path, never):
        assert stat.S_IMODE((tmp_path / LOCK_FILE).stat().st_mode) == 0o600
    async with exclusive_lock(tmp_path, never):
        pass


async def test_the_next_process_reports_that_it_waits_and_gets_the_folder_afterwards(
    tmp_path: Path,
) -> None:
    told = []

    async def successor() -> None:
        async with exclusive_lock(tmp_path, lambda: told.append("waiting")):
            told.append("has it")

    async with exclusive_lock(tmp_path, never):
        waiting = asyncio.ensure_future(successor())
        await eventually(lambda: told)
        assert told == ["waiting"]
    await within(waiting)
    assert told == ["waiting", "has it"]


async def test_a_server_that_does_not_stop_is_reported_with_what_to_do(tmp_path: Path) -> None:
    async with exclusive_lock(tmp_path, never):
        with pytest.raises(LedgerError, match=r"another server uses this ledger.*stop the other"):
            async with exclusive_lock(tmp_path, lambda: None, timeout_s=0.05):
                never()


async def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    other = context.Process(target=hold, args=(tmp_path, there))
    other.start()
    assert await asyncio.to_thread(here.poll, 30)
    told = []
    other.kill()
    async with exclusive_lock(tmp_path, lambda: told.append("waiting"), timeout_s=30):
        await asyncio.to_thread(other.join)
    other.close()
    here.close()
    there.close()


async def test_a_lock_that_another_holds_is_reported_at_once(tmp_path: Path) -> None:
    with exclusive_lock_now(tmp_path):
        pass
    async with exclusive_lock(tmp_path, never):
        with (
            pytest.raises(LedgerError, match="is in use; stop the server"),
            exclusive_lock_now(tmp_path),
        ):
            never()
