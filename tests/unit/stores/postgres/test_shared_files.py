"""Key folders that nodes keep alike."""

import asyncio
import random  # noqa: TID251 - seeded
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres import shared_files
from tactful.stores.postgres.readers import read_once
from tactful.stores.postgres.shared_files import (
    FileCipher,
    FileExchange,
    SharedFiles,
    share_at_start,
)
from tactful.stores.postgres.target import Target

SECRET = "a-secret-that-all-nodes-have-0123456789"
Pair = tuple[SharedFiles, SharedFiles]


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    found = [tmp_path / name for name in ("a", "b")]
    for folder in found:
        folder.mkdir()
    return found


@pytest.fixture
def pair(target: Target, folders: list[Path]) -> Iterator[Pair]:
    first, second = (SharedFiles(target, folder, SECRET) for folder in folders)
    yield first, second
    for one in (first, second):
        one.close()


def content(folder: Path) -> dict[str, str]:
    return {one.name: one.read_text() for one in folder.iterdir() if one.name[0] != "."}


def test_a_new_file_a_change_and_a_deletion_reach_the_other_folder(
    pair: Pair, folders: list[Path]
) -> None:
    (folders[0] / "x.json").write_text("1")
    assert [one.synchronise() for one in pair] == [1, 1]
    assert content(folders[1]) == {"x.json": "1"}
    assert (folders[1] / "x.json").stat().st_mode & 0o777 == 0o600
    (folders[1] / "x.json").write_text("22")
    assert [one.synchronise() for one in reversed(pair)] == [1, 1]
    assert content(folders[0]) == {"x.json": "22"}
    (folders[0] / "x.json").unlink()
    assert [one.synchronise() for one in pair] == [1, 1]
    assert content(folders[1]) == {}
    assert [one.synchronise() for one in pair] == [0, 0]
    (folders[1] / "x.json").write_text("again")
    assert [one.synchronise() for one in reversed(pair)] == [1, 1]
    assert content(folders[0]) == {"x.json": "again"}


@pytest.mark.parametrize("seed", range(5))
def test_folders_are_alike_after_any_changes(
    target: Target, folders: list[Path], seed: int
) -> None:
    draw = random.Random(seed)
    pair = [SharedFiles(target, folder, SECRET) for folder in folders]
    for number in range(25):
        side = draw.randrange(2)
        file = folders[side] / f"{draw.randrange(4)}.json"
        if draw.random() < 0.3:
            file.unlink(missing_ok=True)
        else:
            file.write_text(f"{number}")
        if draw.random() < 0.5:
            pair[draw.randrange(2)].synchronise()
        if draw.random() < 0.2:
            # A node starts again and remembers what was alike last.
            pair[side].close()
            pair[side] = SharedFiles(target, folders[side], SECRET)
    for _ in range(2):
        for one in pair:
            one.synchronise()
    for one in pair:
        one.close()
    assert content(folders[0]) == content(folders[1])


def test_where_both_have_changed_a_file_the_first_that_was_shared_is_kept(
    pair: Pair, folders: list[Path]
) -> None:
    for folder in folders:
        (folder / "x.json").write_text(folder.name)
    for one in (*pair, *pair):
        one.synchronise()
    assert content(folders[0]) == content(folders[1]) == {"x.json": "a"}


def test_the_database_holds_no_content_that_can_be_read(
    pair: Pair, folders: list[Path], target: Target
) -> None:
    (folders[0] / "x.json").write_text("the private key")
    pair[0].synchronise()
    ((encrypted,),) = read_once(target, "SELECT content FROM encrypted_files")
    assert b"private" not in encrypted


def test_another_secret_is_refused_by_name(pair: Pair, folders: list[Path], target: Target) -> None:
    (folders[0] / "x.json").write_text("1")
    pair[0].synchronise()
    with (
        closing(SharedFiles(target, folders[1], SECRET + "x")) as other,
        pytest.raises(LedgerError, match="another cluster_secret"),
    ):
        other.synchronise()
    assert content(folders[1]) == {}


def test_a_sealed_file_counts_under_its_own_name_only() -> None:
    cipher = FileCipher(SECRET)
    assert cipher.open("a", cipher.close("a", b"1")) == b"1"
    with pytest.raises(LedgerError):
        cipher.open("b", cipher.close("a", b"1"))


def test_a_folder_with_the_keys_of_another_shop_is_refused(pair: Pair, folders: list[Path]) -> None:
    for folder in folders:
        (folder / "holder.json").write_text(folder.name)
    pair[0].synchronise()
    with pytest.raises(LedgerError, match="empty data folder"):
        pair[1].synchronise()
    assert content(folders[1]) == {"holder.json": "b"}


def test_rows_that_a_restore_has_lost_are_stored_again(
    pair: Pair, folders: list[Path], target: Target
) -> None:
    (folders[0] / "x.json").write_text("1")
    pair[0].synchronise()
    pair[0]._connection().execute("DELETE FROM encrypted_files")
    pair[0].synchronise()
    pair[1].synchronise()
    assert content(folders[1]) == {"x.json": "1"}


def test_of_two_new_nodes_one_makes_the_keys(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_files, "prepare", lambda _: None)
    for name in ("a", "b"):
        folder = tmp_path / "new" / name

        def make(folder: Path = folder) -> None:
            if not (folder / "holder.json").exists():
                (folder / "holder.json").write_text(folder.name)

        share_at_start(target, folder, SECRET, make)
    assert content(tmp_path / "new" / "b") == {"holder.json": "a"}


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not met():  # noqa: ASYNC110 - a folder has no such event
            await asyncio.sleep(0.01)


async def test_a_running_node_exchanges_files_and_tells_of_a_failure(
    pair: Pair, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_files, "EXCHANGE_S", 0.01)
    (folders[0] / "x.json").write_text("1")
    exchange, other = FileExchange(pair[0]), FileExchange(pair[1])
    async with exchange, other:
        await until(lambda: content(folders[1]) == {"x.json": "1"})
        pair[1]._cipher_of_files = FileCipher("another")
        (folders[0] / "y.json").write_text("2")
        await until(lambda: other.problem is not None)
        pair[1]._cipher_of_files = FileCipher(SECRET)
        await until(lambda: other.problem is None)
    assert content(folders[1]) == {"x.json": "1", "y.json": "2"}
