"""Which files of a folder are rule files, and when the folder has changed."""

import itertools
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.runtime.services.rule_source_folder import (
    RuleSourceFolder,
    RulesUnreadableError,
    list_rule_files,
    read_rule_sources,
)


def names(folder: Path) -> tuple[list[str], list[str], dict[str, str]]:
    """The rule files, the tests and the files that are passed over, by relative path."""
    found = list_rule_files(folder)
    return (
        [path.relative_to(folder).as_posix() for path in found.rules],
        [path.relative_to(folder).as_posix() for path in found.tests],
        {path.relative_to(folder).as_posix(): reason for path, reason in found.passed_over},
    )


def test_rule_tests_hidden_files_and_other_suffixes_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "folder.yaml").mkdir()
    written = ("b.yaml", "a.yml", "sub/c.yaml", "a.test.yaml", "b.test.yml", ".d.yaml", "notes.txt")
    for name in written:
        (tmp_path / name).write_bytes(name.encode())
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "gone.yaml").symlink_to("nowhere.yaml")
    rules, tests, passed_over = names(tmp_path)
    assert rules == ["a.yml", "b.yaml", "sub/c.yaml"]
    assert tests == ["a.test.yaml", "b.test.yml"]
    assert passed_over == {
        ".d.yaml": ".d.yaml starts with a dot",
        "notes.txt": "the name does not end in .yaml or .yml",
        "pipe.yaml": "it is not a file",
        "gone.yaml": "the link leads nowhere",
    }
    sources = read_rule_sources(tmp_path)
    assert [(one.path, one.text) for one in sources] == [
        ("a.yml", b"a.yml"), ("b.yaml", b"b.yaml"), ("sub/c.yaml", b"sub/c.yaml"),
    ]  # fmt: skip


def test_a_folder_that_kubernetes_mounts_from_a_configmap_counts_once(tmp_path: Path) -> None:
    version = tmp_path / "..2026_03_10.1"
    version.mkdir()
    (version / "spring.yaml").write_bytes(b"rules: []\n")
    (version / "spring.test.yaml").write_bytes(b"tests: []\n")
    (tmp_path / "..data").symlink_to("..2026_03_10.1")
    for name in ("spring.yaml", "spring.test.yaml"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    rules, tests, passed_over = names(tmp_path)
    assert (rules, tests) == (["spring.yaml"], ["spring.test.yaml"])
    assert passed_over == {
        "..data": "linked folders are not followed",
        "..2026_03_10.1/spring.test.yaml": "..2026_03_10.1 starts with a dot",
        "..2026_03_10.1/spring.yaml": "..2026_03_10.1 starts with a dot",
    }
    assert [one.path for one in read_rule_sources(tmp_path)] == ["spring.yaml"]


def test_linked_files_are_followed_and_linked_folders_are_not(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "rules"
    outside.mkdir()
    folder.mkdir()
    (outside / "a.yaml").write_bytes(b"a")
    (folder / "linked.yaml").symlink_to(outside / "a.yaml")
    (folder / "more").symlink_to(outside)
    (folder / "round").symlink_to(folder)
    assert names(folder) == (
        ["linked.yaml"],
        [],
        {"more": "linked folders are not followed", "round": "linked folders are not followed"},
    )
    (tmp_path / "link").symlink_to(folder)
    assert names(tmp_path / "link") == names(folder)


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", ".c", "..d", "e.yaml"]), max_size=2).flatmap(
            lambda parts: st.sampled_from(
                ["x.yaml", ".y.yml", "z.test.yaml", "w.txt", ".v.test.yml"]
            ).map(lambda name: "/".join((*parts, name)))
        ),
        unique=True,
        max_size=8,
    )
)
def test_every_file_is_read_or_passed_over_and_never_both(paths: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for path in paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(b"")
        rules, tests, passed_over = names(folder)
        assert sorted((*rules, *tests, *passed_over)) == sorted(paths)
        for path in (*rules, *tests):
            assert not any(part.startswith(".") for part in path.split("/"))
        assert [path for path in tests if not path.endswith((".test.yaml", ".test.yml"))] == []


def test_a_missing_folder_is_not_an_empty_one(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    with pytest.raises(RulesUnreadableError, match="does not exist"):
        list_rule_files(missing)
    with pytest.raises(RulesUnreadableError, match="does not exist"):
        RuleSourceFolder(missing).sources()
    before = RuleSourceFolder(missing).stamp()
    missing.mkdir()
    assert RuleSourceFolder(missing).sources() == RuleSourceFolder(missing).stamp() == []
    assert before != []
    assert RuleSourceFolder(missing).is_configured
    assert not RuleSourceFolder(None).is_configured
    none = RuleSourceFolder(None)
    assert none.sources() == none.stamp() == none.passed_over() == []


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(RulesUnreadableError, match=r"a\.yaml cannot be read: Permission denied"):
        read_rule_sources(tmp_path)


def test_a_folder_in_the_folder_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    real = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(RulesUnreadableError, match="sub cannot be read: Permission denied"):
        list_rule_files(tmp_path)


def test_a_file_that_is_deleted_while_the_folder_is_read_is_listed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_bytes(name.encode())
    real = Path.read_bytes

    def delete(path: Path) -> bytes:
        (tmp_path / "b.yaml").unlink(missing_ok=True)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", delete)
    assert [one.path for one in read_rule_sources(tmp_path)] == ["a.yaml"]


def test_the_stamp_changes_with_a_files_size_name_and_number(tmp_path: Path) -> None:
    folder, file = RuleSourceFolder(tmp_path), tmp_path / "rules.yaml"
    seen = [folder.stamp()]
    file.write_bytes(b"one")
    seen.append(folder.stamp())
    assert folder.stamp() == seen[-1]
    file.write_bytes(b"longer")
    seen.append(folder.stamp())
    draft = tmp_path / "draft"
    draft.write_bytes(b"longer")
    draft.replace(file)
    seen.append(folder.stamp())
    file.rename(tmp_path / "other.yaml")
    seen.append(folder.stamp())
    assert all(before != after for before, after in itertools.pairwise(seen))


def test_a_file_that_vanishes_while_the_stamp_is_taken_changes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a")
    folder = RuleSourceFolder(tmp_path)
    before = folder.stamp()
    listing = list_rule_files(tmp_path)
    (tmp_path / "a.yaml").unlink()
    monkeypatch.setattr(
        "tactful.runtime.services.rule_source_folder.list_rule_files", lambda _: listing
    )
    assert folder.stamp() != before
