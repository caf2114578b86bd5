"""`tactful backup`, `restore` and `migrate` on a real ledger."""

import io
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from support.cli_runner import printed_json, run, run_beside, write_file
from support.live_server import live_server
from tactful.cli.data.storage import LARGEST_KEY_FILE

FACT = '{"type":"stock","sku":"%s","territory":"DE","available":1}\n'


def filled(folder: Path, *skus: str) -> Path:
    """A data folder with a fact for each SKU, and keys."""
    file = write_file(folder / "facts.jsonl", "".join(FACT % sku for sku in skus))
    assert run("import", file, "--data", folder / "data").exit_code == 0
    run("keys", "list", "--data", folder / "data")
    return folder / "data"


def skus_in(data: Path) -> set[str]:
    with closing(sqlite3.connect(data / "tactful.db")) as connection:
        return {key.partition("|")[0] for (key,) in connection.execute("SELECT key FROM facts")}


@contextmanager
def in_use(data: Path) -> Iterator[None]:
    with closing(sqlite3.connect(data / "tactful.db")) as connection:
        connection.execute("SELECT count(*) FROM facts").fetchone()
        yield


def test_a_backup_is_restored_with_its_keys_into_an_empty_folder(tmp_path: Path) -> None:
    data = filled(tmp_path, "A", "B")
    made = printed_json(run("backup", tmp_path / "b.tar.gz", "--data", data, "--json"))
    assert made["bytes"] == (tmp_path / "b.tar.gz").stat().st_size
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0
    result = run("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "new")
    assert result.exit_code == 0
    assert skus_in(tmp_path / "new") == {"A", "B"}
    keys = [
        printed_json(run("keys", "list", "--json", "--data", each))
        for each in (data, tmp_path / "new")
    ]
    assert keys[0] == keys[1]


async def test_a_backup_of_a_running_server_is_whole(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts({"type": "stock", "sku": "LIVE", "territory": "DE", "available": 1})
        made = run("backup", tmp_path / "b.tar.gz", "--data", one.config.data)
        assert made.exit_code == 0
        refused = run("restore", tmp_path / "b.tar.gz", "--data", one.config.data, "--replace")
        assert (refused.exit_code, "stop the server" in refused.output) == (2, True)
    run("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "new")
    assert "LIVE" in skus_in(tmp_path / "new")


def test_a_restore_replaces_a_ledger_only_with_the_option_and_keeps_the_old_one(
    tmp_path: Path,
) -> None:
    data = filled(tmp_path, "OLD")
    run("backup", tmp_path / "b.tar.gz", "--data", data)
    filled(tmp_path, "NEW")
    refused = run("restore", tmp_path / "b.tar.gz", "--data", data)
    assert (refused.exit_code, "--replace" in refused.output) == (2, True)
    assert run("restore", tmp_path / "b.tar.gz", "--data", data, "--replace").exit_code == 0
    assert skus_in(data) == {"OLD"}
    assert (data / "tactful.db.before-restore").exists()


async def test_a_customer_erased_since_the_backup_is_erased_from_the_restored_one(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path) as one:
        await one.facts(
            {"type": "customer", "customer": "c-known", "tier": "gold"},
            {"type": "customer", "customer": "c-stays", "tier": "gold"},
        )
        run("backup", tmp_path / "b.tar.gz", "--data", one.config.data)
        assert (await run_beside(one, "forget", "c-known", "--yes")).exit_code == 0
        data = one.config.data
    result = run("restore", tmp_path / "b.tar.gz", "--data", data, "--replace")
    assert "1 customer erased again." in result.output
    assert data is not None
    assert b"c-known" not in (data / "tactful.db").read_bytes()
    assert b"c-stays" in (data / "tactful.db").read_bytes()


def test_keys_made_since_the_backup_stay_and_those_of_another_shop_are_put_aside(
    tmp_path: Path,
) -> None:
    data = filled(tmp_path, "A")
    run("backup", tmp_path / "b.tar.gz", "--data", data)
    run("keys", "rotate", "--data", data)
    run("restore", tmp_path / "b.tar.gz", "--data", data, "--replace")
    assert len(printed_json(run("keys", "list", "--json", "--data", data))) == 2
    other = filled(tmp_path / "other", "B")
    own = printed_json(run("keys", "list", "--json", "--data", other))
    run("restore", tmp_path / "b.tar.gz", "--data", other, "--replace")
    assert printed_json(run("keys", "list", "--json", "--data", other)) != own
    assert (other / "keys.before-restore").is_dir()


def test_a_file_that_is_not_a_backup_is_refused(tmp_path: Path) -> None:
    text = write_file(tmp_path / "text", "hello")
    assert "This is not a backup" in run("restore", text, "--data", tmp_path / "new").output
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    empty = run("restore", tmp_path / "empty.tar.gz", "--data", tmp_path / "new")
    assert "holds no tactful.db" in empty.output


def test_a_damaged_backup_is_refused_before_anything_is_replaced(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as packed:
        content = b"SQLite format 3\x00" + b"\xff" * 5000
        entry = tarfile.TarInfo("tactful.db")
        entry.size = len(content)
        packed.addfile(entry, io.BytesIO(content))
    result = run("restore", tmp_path / "bad.tar.gz", "--data", data, "--replace")
    assert result.exit_code == 2
    assert skus_in(data) == {"A"}


def _member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0
) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, size
    return entry


@pytest.mark.parametrize(
    "entry",
    [
        _member("../../evil"),
        _member("/evil"),
        _member("keys/../../evil"),
        _member("tactful.db", tarfile.SYMTYPE, "/etc/passwd"),
        _member("tactful.db", tarfile.LNKTYPE, "../../evil"),
        _member("keys", tarfile.SYMTYPE, "/etc"),
        _member("keys/000001.key.json", tarfile.SYMTYPE, "/etc/passwd"),
        _member("keys/000001.key.json", size=LARGEST_KEY_FILE + 1),
        _member("keys/evil.sh"),
        _member("tactful.db", tarfile.FIFOTYPE),
        _member("tactful.db", tarfile.CHRTYPE),
        _member("tactful.db/x"),
    ],
    ids=lambda entry: f"{entry.name} {entry.type!r} {entry.linkname}",
)
def test_an_archive_with_anything_but_the_known_files_is_refused(
    tmp_path: Path, entry: tarfile.TarInfo
) -> None:
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as packed:
        packed.addfile(entry, io.BytesIO(bytes(entry.size)))
    before = sorted(tmp_path.parent.rglob("evil*"))
    result = run("restore", tmp_path / "evil.tar.gz", "--data", tmp_path / "new")
    assert result.exit_code == 2
    assert entry.name in result.output
    assert sorted(tmp_path.parent.rglob("evil*")) == before
    assert not (tmp_path / "new" / "tactful.db").exists()


def test_an_archive_that_names_a_file_twice_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as packed:
        for _ in range(2):
            packed.addfile(_member("tactful.db"), io.BytesIO())
    result = run("restore", tmp_path / "evil.tar.gz", "--data", tmp_path / "new")
    assert (result.exit_code, "This is not a backup, or it is damaged" in result.output) == (
        2,
        True,
    )


def test_a_backup_overwrites_no_file(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    there = write_file(tmp_path / "there", "precious")
    assert run("backup", there, "--data", data).exit_code == 2
    assert there.read_text() == "precious"


def test_a_migration_refuses_a_ledger_that_is_in_use(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    assert "0 migrations applied" in run("migrate", "--data", data).output
    with in_use(data):
        assert "A server is running on this ledger." in run("migrate", "--data", data).output
    assert "holds no tactful.db" in run("migrate", "--data", tmp_path).output
