"""`tactful backup` of a ledger, and `tactful backup --verify` of a backup."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import get_native_id
from types import ModuleType
from typing import Any

import pytest

from support.backup_files import backed_up, copies, filled, killed, skus_in
from support.cli_runner import printed_json, run, write_file
from support.live_server import live_server
from support.manual_runner import ROOT
from tactful import __version__
from tactful.stores.shared import backup_archive
from tactful.stores.shared.draft_folder import draft_folder
from tactful.stores.sqlite import backup as sqlite_copies


async def test_a_backup_of_a_running_server_is_whole(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts({"type": "stock", "sku": "LIVE", "territory": "DE", "available": 1})
        made = run("backup", tmp_path / "b.tar.gz", "--data", one.config.data)
        assert made.exit_code == 0
        refused = run("restore", tmp_path / "b.tar.gz", "--data", one.config.data, "--replace")
        assert (refused.exit_code, "stop the server" in refused.output) == (2, True)
    run("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "new", "--no-keys")
    assert "LIVE" in skus_in(tmp_path / "new")


def test_a_backup_overwrites_no_file(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    there = write_file(tmp_path / "there", "precious")
    assert run("backup", there, "--data", data).exit_code == 2
    assert there.read_text() == "precious"


def test_a_backup_is_verified_without_a_data_folder(tmp_path: Path) -> None:
    backup = backed_up(tmp_path, "A")
    checked = run("backup", "--verify", backup)
    assert (checked.exit_code, "whole" in checked.output) == (0, True)
    manifest = printed_json(run("backup", "--verify", backup, "--json"))["manifest"]
    assert (manifest["format"], manifest["version"]) == (2, __version__)
    assert {"tactful.db", "tactful.db.erasures", "keys/holder.json"} <= set(manifest["members"])


def test_a_damaged_backup_fails_the_verification(tmp_path: Path) -> None:
    backup = backed_up(tmp_path, "A")
    backup.write_bytes(backup.read_bytes()[:-1])
    checked = run("backup", "--verify", backup)
    assert (checked.exit_code, "it is damaged" in checked.output) == (1, True)
    assert run("backup", "--verify", tmp_path / "absent").exit_code == 2


def test_a_backup_of_release_0_1_0_cannot_be_verified(tmp_path: Path) -> None:
    checked = run("backup", "--verify", ROOT / "tests/fixtures/upgrade/0.1.0/backup")
    assert (checked.exit_code, "carries no digests" in checked.output) == (1, True)


def test_a_backup_leaves_only_the_file_and_an_empty_folder_of_drafts(tmp_path: Path) -> None:
    backup = backed_up(tmp_path, "A")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "data" / "drafts").iterdir()) == ["lock"]
    assert not list(tmp_path.glob(".*"))


ARCHIVE = "tactful.stores.shared.backup_archive"
COPIES = "tactful.stores.sqlite.backup"


@pytest.mark.parametrize("next_command", ["backup", "restore"])
@pytest.mark.parametrize("step", [f"{ARCHIVE}.write_archive", f"{ARCHIVE}.verify_archive"])
def test_a_killed_backup_leaves_nothing_behind_the_next_command(
    tmp_path: Path, step: str, next_command: str
) -> None:
    backup = backed_up(tmp_path, "A")
    killed(step, "backup", tmp_path / "other.tar.gz", "--data", tmp_path / "data")
    assert copies(tmp_path)
    words = {
        "backup": ("backup", tmp_path / "third.tar.gz"),
        "restore": ("restore", backup, "--replace"),
    }[next_command]
    assert run(*words, "--data", tmp_path / "data").exit_code == 0
    (tmp_path / "third.tar.gz").unlink(missing_ok=True)
    assert not copies(tmp_path)
    assert not list(tmp_path.glob(".*"))


async def test_a_killed_restore_leaves_nothing_behind_the_next_start(tmp_path: Path) -> None:
    backup = await asyncio.to_thread(backed_up, tmp_path, "A")
    killed(f"{COPIES}.restore", "restore", backup, "--replace", "--data", tmp_path / "data")
    assert copies(tmp_path)
    (tmp_path / "data" / ".restore-abcd_123").mkdir()
    (tmp_path / "data" / ".restore-abcd_123" / "tactful.db").write_bytes(bytes(5000))
    (tmp_path / "data" / "tactful.db.restoring").write_bytes(bytes(5000))
    async with live_server(tmp_path):
        assert not copies(tmp_path)
    assert not (tmp_path / "data" / "tactful.db.restoring").exists()


def test_a_backup_that_runs_keeps_its_draft(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    with draft_folder(data) as draft:
        (draft / "tactful.db").write_bytes(b"unfinished")
        assert run("backup", tmp_path / "b.tar.gz", "--data", data).exit_code == 0
        assert (draft / "tactful.db").exists()


def test_a_backup_into_a_missing_folder_says_so(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    refused = run("backup", tmp_path / "no" / "b.tar.gz", "--data", data)
    assert (refused.exit_code, "does not exist. Create it first" in refused.output) == (2, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_a_copy_is_checked_packed_and_verified_at_the_lowest_priority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    priorities: dict[str, int] = {}

    def watched(place: ModuleType, name: str) -> None:
        work: Callable[..., Any] = getattr(place, name)

        def counted(*given: Any, **named: Any) -> Any:
            priorities[name] = os.getpriority(os.PRIO_PROCESS, get_native_id())
            return work(*given, **named)

        monkeypatch.setattr(place, name, counted)

    watched(sqlite_copies, "check_copy")
    watched(backup_archive, "write_archive")
    watched(backup_archive, "verify_archive")
    assert backed_up(tmp_path, "A").exists()
    assert priorities == {"check_copy": 19, "write_archive": 19, "verify_archive": 19}
