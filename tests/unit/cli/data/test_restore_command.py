"""`tactful restore` of whole, damaged and hostile backups."""

import asyncio
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from support.backup_files import backed_up, filled, in_use, skus_in
from support.cli_runner import printed_json, run, run_beside, write_file
from support.live_server import live_server
from support.manual_runner import ROOT
from tactful.stores.shared.backup_archive import LARGEST_SMALL_MEMBER


def test_a_backup_is_restored_with_its_keys_into_an_empty_folder(tmp_path: Path) -> None:
    data = filled(tmp_path, "A", "B")
    made = printed_json(run("backup", tmp_path / "b.tar.gz", "--data", data, "--json"))
    assert made["bytes"] == (tmp_path / "b.tar.gz").stat().st_size
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0
    result = run("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "new", "--keys")
    assert result.exit_code == 0
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / "tactful.db").stat().st_mode & 0o077 == 0
    assert skus_in(tmp_path / "new") == {"A", "B"}
    keys = [
        printed_json(run("keys", "list", "--json", "--data", each))
        for each in (data, tmp_path / "new")
    ]
    assert keys[0] == keys[1]


def test_a_restore_says_what_the_backup_lacks_until_the_orders_are_confirmed(
    tmp_path: Path,
) -> None:
    data = filled(tmp_path, "A")
    run("backup", tmp_path / "b.tar.gz", "--data", data)
    restored = run("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "new", "--keys")
    assert "The backup was made 20" in restored.output
    assert "0 h 0 min since then" in restored.output
    confirm = ("restore", "--orders-complete", "--data", tmp_path / "new")
    assert "Older offers are redeemed again" in run(*confirm).output
    assert "Nothing was changed" in run(*confirm).output
    nothing = run("restore", "--data", tmp_path / "new")
    assert nothing.exit_code == 2
    assert "Name the backup" in nothing.output


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
        assert (await run_beside(one, "customers", "forget", "c-known", "--yes")).exit_code == 0
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
    for _ in range(2):
        run("restore", tmp_path / "b.tar.gz", "--data", other, "--replace", "--keys")
    assert printed_json(run("keys", "list", "--json", "--data", other)) != own
    assert (other / "keys.before-restore").is_dir()


def test_a_file_that_is_not_a_backup_is_refused(tmp_path: Path) -> None:
    text = write_file(tmp_path / "text", "hello")
    assert "This is not a Tactful backup" in run("restore", text, "--data", tmp_path / "new").output
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    empty = run("restore", tmp_path / "empty.tar.gz", "--data", tmp_path / "new")
    assert "holds no 'tactful.db'" in empty.output


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
        _member("keys/000001.key.json", size=LARGEST_SMALL_MEMBER + 1),
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
    assert result.exit_code == 2
    assert "contains 'tactful.db' once too often" in result.output


def test_keys_of_a_backup_are_restored_only_when_the_operator_agrees(tmp_path: Path) -> None:
    backup = backed_up(tmp_path, "A")
    new = tmp_path / "new"
    refused = run("restore", backup, "--data", new)
    assert (refused.exit_code, "Add --keys" in refused.output) == (2, True)
    assert not (new / "tactful.db").exists()
    assert run("restore", backup, "--data", new, "--no-keys").exit_code == 0
    assert not (new / "keys").exists()
    assert run("restore", backup, "--data", new, "--replace", "--keys").exit_code == 0
    assert {file.name for file in (new / "keys").iterdir()} == {
        "holder.json",
        "contact.json",
        "000001.key.json",
    }
    assert all(file.stat().st_mode & 0o077 == 0 for file in (new / "keys").iterdir())


@pytest.mark.parametrize(("answer", "restored"), [("y\n", True), ("n\n", False)])
def test_on_a_terminal_the_command_asks_for_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, *, restored: bool
) -> None:
    backup = backed_up(tmp_path, "A")
    monkeypatch.setattr("tactful.cli.data.restore_command._is_terminal", lambda: True)
    result = run("restore", backup, "--data", tmp_path / "new", given=answer)
    assert (result.exit_code, "from your own server" in result.output) == (0, True)
    assert (tmp_path / "new" / "keys").exists() is restored


def test_a_key_with_a_known_name_and_another_content_is_asked_for(tmp_path: Path) -> None:
    backup = backed_up(tmp_path, "A")
    (tmp_path / "data" / "keys" / "000001.key.json").write_text("another")
    assert run("restore", backup, "--data", tmp_path / "data", "--replace").exit_code == 2


async def test_a_ledger_in_use_is_reported_before_the_backup_is_read(tmp_path: Path) -> None:
    no_backup = write_file(tmp_path / "text", "hello")
    async with live_server(tmp_path) as one:
        refused = run("restore", no_backup, "--data", one.config.data, "--replace")
    assert (refused.exit_code, "is in use; stop the server" in refused.output) == (2, True)


def test_a_ledger_that_another_program_uses_is_reported_before_the_backup_is_read(
    tmp_path: Path,
) -> None:
    no_backup = write_file(tmp_path / "text", "hello")
    data = filled(tmp_path, "A")
    with in_use(data):
        refused = run("restore", no_backup, "--data", data, "--replace")
    assert (refused.exit_code, "is in use; stop the server" in refused.output) == (2, True)


async def erased_since(folder: Path, *, count: int = 25, **settings: Any) -> tuple[Path, Path]:
    """A backup with that many customers, and the data folder in which all of them are erased since."""
    customers = tuple(f"c-{number:02}" for number in range(count))
    async with live_server(folder, **settings) as one:
        await one.facts({"type": "customer", "customer": "c-before", "tier": "gold"})
        await run_beside(one, "customers", "forget", "c-before", "--yes")
        await one.facts(
            *({"type": "customer", "customer": name, "tier": "gold"} for name in customers)
        )
        data = one.config.data
        assert data
        run("backup", folder / "b.tar.gz", "--data", data)
        for name in customers:
            assert (await run_beside(one, "customers", "forget", name, "--yes")).exit_code == 0
        run("backup", folder / "later.tar.gz", "--data", data)
    return folder / "b.tar.gz", data


def known_in(data: Path) -> bool:
    """Whether a ledger has data of one of those customers."""
    return b"c-07" in (data / "tactful.db").read_bytes()


async def test_erased_customers_are_not_silently_back_in_a_new_folder(tmp_path: Path) -> None:
    backup, _ = await erased_since(tmp_path)
    new = tmp_path / "new"
    refused = run("restore", backup, "--data", new, "--keys")
    assert refused.exit_code == 1
    assert "data of 25 customers" in refused.output
    assert "--without-erasures" in refused.output
    assert not (new / "tactful.db").exists()
    confirmed = run("restore", backup, "--data", new, "--keys", "--without-erasures")
    assert (confirmed.exit_code, known_in(new)) == (0, True)


@pytest.mark.parametrize("later", ["data/tactful.db.erasures", "later.tar.gz"])
async def test_a_later_list_erases_customers_again_in_a_new_folder(
    tmp_path: Path, later: str
) -> None:
    backup, data = await erased_since(tmp_path)
    new = tmp_path / "new"
    words = ("restore", backup, "--data", new, "--keys", "--erasures")
    done = run(*words, (data.parent / later))
    assert (done.exit_code, known_in(new)) == (0, False)
    assert "25 customers erased again." in done.output
    # The restored folder has the list itself now, so the same backup needs no other list.
    assert run("restore", backup, "--data", new, "--replace", "--keys").exit_code == 0
    assert not known_in(new)


async def test_the_second_place_of_the_list_survives_the_data_folder(tmp_path: Path) -> None:
    second = tmp_path / "elsewhere.erasures"
    backup, _ = await erased_since(tmp_path, erasures_copy=second)
    assert second.stat().st_mode & 0o077 == 0
    new = tmp_path / "new"
    done = run("restore", backup, "--data", new, "--keys", "--erasures-copy", second)
    assert (done.exit_code, known_in(new)) == (0, False)


async def test_a_list_that_is_older_than_the_backup_is_refused(tmp_path: Path) -> None:
    backup, data = await erased_since(tmp_path)
    new = tmp_path / "new"
    older = write_file(tmp_path / "older", '{"digest":"~of another ledger","alias":"x"}\n')
    refused = run("restore", backup, "--data", new, "--keys", "--erasures", older)
    assert (refused.exit_code, "lacks 1 of 1 erasure that" in refused.output) == (2, True)
    no_list = run("restore", backup, "--data", new, "--keys", "--erasures", data / "tactful.db")
    assert (no_list.exit_code, "This is not a list of erasures" in no_list.output) == (2, True)
    # A list beside the ledger of another shop is no list of this one.
    other = await asyncio.to_thread(filled, tmp_path / "other", "B")
    (other / "tactful.db.erasures").write_text(older.read_text())
    assert run("restore", backup, "--data", other, "--replace", "--keys").exit_code == 1


async def test_a_list_that_lost_entries_is_no_later_list(tmp_path: Path) -> None:
    backup, data = await erased_since(tmp_path)
    (data / "tactful.db.erasures").unlink()
    refused = run("restore", backup, "--data", data, "--replace")
    assert (refused.exit_code, "--without-erasures" in refused.output) == (1, True)


def test_a_second_restore_keeps_what_the_first_one_kept(tmp_path: Path) -> None:
    backup = backed_up(tmp_path, "OLD")
    data = filled(tmp_path, "NEW")
    for kept in ("tactful.db.before-restore", "tactful.db.before-restore-2"):
        done = run("restore", backup, "--data", data, "--replace")
        assert (done.exit_code, f"{kept}. Delete" in done.output) == (0, True)
    (data / "tactful.db.before-restore").rename(data / "tactful.db")
    assert skus_in(data) == {"OLD", "NEW"}


def test_a_damaged_ledger_is_recognized_by_its_keys(tmp_path: Path) -> None:
    backup = backed_up(tmp_path, "A", customers=("c-1",))
    (tmp_path / "data" / "tactful.db").write_bytes(b"not a database at all" * 500)
    done = run("restore", backup, "--data", tmp_path / "data", "--replace")
    assert done.exit_code == 0, done.output


def test_a_backup_of_release_0_1_0_is_restored_with_a_line_about_what_it_lacks(
    tmp_path: Path,
) -> None:
    fixture = ROOT / "tests" / "fixtures" / "upgrade" / "0.1.0"
    words = ("restore", fixture / "backup", "--data", tmp_path / "new", "--keys")
    refused = run(*words)
    assert (refused.exit_code, "--without-erasures" in refused.output) == (1, True)
    no_list = run(*words, "--erasures", fixture / "backup")
    assert "carries no list of erasures" in no_list.output
    done = run(*words, "--erasures", fixture / "data" / "tactful.db.erasures")
    assert done.exit_code == 0, done.output
    assert "format 1: it carries no digests and no list of erasures" in done.output


def test_a_backup_larger_than_the_disk_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = backed_up(tmp_path, "A")
    monkeypatch.setattr("tactful.stores.shared.backup_archive._free_bytes", lambda _folder: 4096)
    refused = run("restore", backup, "--data", tmp_path / "new", "--keys")
    assert (refused.exit_code, "Free some space" in refused.output) == (2, True)
