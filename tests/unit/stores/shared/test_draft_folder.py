"""Drafts are private, are deleted when they end, and are swept when their process is gone."""

import multiprocessing
from pathlib import Path

import pytest

from support.processes.draft_holder import hold_draft
from tactful.stores.shared.draft_folder import DRAFTS, LOCK_FILE, draft_folder, partial_file, sweep


def left(data: Path) -> list[str]:
    return sorted(path.name for path in (data / DRAFTS).iterdir() if path.name != LOCK_FILE)


def test_a_draft_is_private_and_is_deleted_at_its_end(tmp_path: Path) -> None:
    with draft_folder(tmp_path) as draft:
        assert list(draft.iterdir()) == []
        (draft / "tactful.db").write_bytes(b"copy")
        for folder in (draft, draft.parent, draft.parent.parent):
            assert folder.stat().st_mode & 0o777 == 0o700
    assert left(tmp_path) == []


def test_a_draft_is_deleted_where_its_work_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with draft_folder(tmp_path) as draft:
            (draft / "tactful.db").write_bytes(b"copy")
            (draft / "tactful.db").mkdir()

    with pytest.raises(FileExistsError):
        fail()
    assert left(tmp_path) == []


def test_a_draft_in_use_is_not_swept(tmp_path: Path) -> None:
    with draft_folder(tmp_path) as one:
        with draft_folder(tmp_path) as other:
            sweep(tmp_path)
            assert (one.is_dir(), other.is_dir()) == (True, True)
        assert (one.is_dir(), other.is_dir()) == (True, False)


def test_the_draft_of_a_killed_process_is_swept_with_its_file_elsewhere(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    target = tmp_path / "elsewhere" / "b.tar.gz"
    target.parent.mkdir()
    other = context.Process(target=hold_draft, args=(tmp_path, target, there))
    other.start()
    assert here.poll(30)
    sweep(tmp_path)
    assert len(left(tmp_path)) == 1
    assert len(list(target.parent.iterdir())) == 1
    other.kill()
    other.join()
    sweep(tmp_path)
    assert left(tmp_path) == []
    assert list(target.parent.iterdir()) == []


def test_only_partial_files_are_deleted_elsewhere(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("here")
    draft = tmp_path / DRAFTS / "0123456789abcdef"
    draft.mkdir(parents=True)
    (draft / "outside").write_text(str(precious))
    sweep(tmp_path)
    assert left(tmp_path) == []
    assert precious.exists()


def test_a_partial_file_lies_beside_its_target_until_it_is_renamed(tmp_path: Path) -> None:
    target = tmp_path / "b.tar.gz"
    with draft_folder(tmp_path) as draft:
        with partial_file(draft, target) as partial:
            partial.write_bytes(b"unfinished")
            assert partial.parent == target.parent
        assert not partial.exists()
        with partial_file(draft, target) as partial:
            partial.write_bytes(b"whole")
            partial.rename(target)
    assert target.read_bytes() == b"whole"


def test_what_release_0_1_0_left_behind_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".restore-abcd_123").mkdir()
    (tmp_path / ".restore-abcd_123" / "tactful.db").write_bytes(b"copy")
    (tmp_path / "tactful.db.restoring").write_bytes(b"copy")
    (tmp_path / "tactful.db").write_bytes(b"ledger")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tactful.db"]


def test_what_is_no_draft_is_not_swept(tmp_path: Path) -> None:
    for name in ("drafts/rules", "drafts/0123456789ABCDEF", ".restore-notes-of-march"):
        (tmp_path / name).mkdir(parents=True)
    sweep(tmp_path)
    assert left(tmp_path) == ["0123456789ABCDEF", "rules"]
    assert (tmp_path / ".restore-notes-of-march").is_dir()
