"""Which files of a folder are rule files, and when the folder has changed."""

import itertools
from pathlib import Path

from tactful.runtime.services.rule_source_folder import (
    RuleSourceFolder,
    read_rule_sources,
    rule_file_paths,
)


def test_rule_tests_hidden_files_and_other_suffixes_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    names = ("b.yaml", "a.yml", "sub/c.yaml", "a.test.yaml", "b.test.yml", ".d.yaml", "notes.txt")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    assert [path.name for path in rule_file_paths(tmp_path)] == ["a.yml", "b.yaml", "c.yaml"]
    sources = read_rule_sources(tmp_path)
    assert [(one.path, one.text) for one in sources] == [
        ("a.yml", b"a.yml"), ("b.yaml", b"b.yaml"), ("sub/c.yaml", b"sub/c.yaml"),
    ]  # fmt: skip


def test_a_missing_folder_holds_no_rules(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    assert rule_file_paths(missing) == []
    assert RuleSourceFolder(missing).sources() == []
    assert RuleSourceFolder(missing).exists
    assert not RuleSourceFolder(None).exists
    assert RuleSourceFolder(None).sources() == RuleSourceFolder(None).stamp() == []


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
