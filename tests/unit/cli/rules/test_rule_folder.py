"""Arguments select rule files and tests, and a rulebook is always read completely."""

from pathlib import Path

import pytest

from tactful.cli.rules.rule_folder import (
    collect_files,
    compile_files,
    read_facts,
    require_rulebook,
)
from tactful.cli.shared.errors import CommandError

RULE = "rules:\n  - {id: %s, offer: {percent: 10%%}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with two rule files, a test file, and files that are none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TACTFUL_CONFIG", raising=False)
    rules = tmp_path / "rules"
    (rules / ".git").mkdir(parents=True)
    (rules / "a.yaml").write_text(RULE % "a")
    (rules / "b.yml").write_text(RULE % "b")
    (rules / "a.test.yaml").write_text("tests: []\n")
    (rules / ".git" / "c.yaml").write_text("no rules")
    (rules / "notes.txt").write_text("no rules")
    return rules


def test_a_folder_selects_all_its_rule_files_and_tests(folder: Path) -> None:
    files = collect_files([folder], {})
    assert [Path(one.path).name for one in files.rules] == ["a.yaml", "b.yml"]
    assert [Path(one.path).name for one in files.tests] == ["a.test.yaml"]
    assert len(files.selected) == len(files.texts) == 3


def test_a_file_selects_itself_but_its_whole_folder_is_read(folder: Path) -> None:
    files = collect_files([folder / "a.yaml"], {})
    assert files.selected == {(folder / "a.yaml").as_posix()}
    assert len(files.rules) == 2


def test_without_arguments_the_folder_rules_is_read_else_the_command_refuses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {Path(one).parts[0] for one in collect_files([], {}).selected} == {"rules"}
    monkeypatch.chdir(folder)
    with pytest.raises(CommandError, match="There is no rules folder"):
        collect_files([], {})


def test_files_that_are_passed_over_are_named_once(folder: Path) -> None:
    assert collect_files([folder, folder / "a.yaml"], {}).passed_over == (
        f"{folder}/.git/c.yaml: .git starts with a dot",
        f"{folder}/notes.txt: the name does not end in .yaml or .yml",
    )


def test_a_configured_folder_that_is_missing_is_refused(folder: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        collect_files([], {"rules": str(folder / "none")})


def test_a_path_that_does_not_exist_is_refused(folder: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        collect_files([folder / "none"], {})


def test_rule_files_with_errors_are_refused_with_the_first(folder: Path) -> None:
    good = require_rulebook(compile_files(collect_files([folder], {}).rules, {}))
    assert good.rulebook is not None
    (folder / "b.yml").write_text("rules: {}\n")
    with pytest.raises(CommandError) as caught:
        require_rulebook(compile_files(collect_files([folder], {}).rules, {}))
    first, second = caught.value.message.splitlines()
    assert "b.yml:1:8: R204" in first
    assert "tactful rules check" in second


def test_a_catalogue_is_read_from_facts_and_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "facts.jsonl"
    file.write_text('{"type":"stock","sku":"A","territory":"DE","available":3}\n\n')
    assert set(read_facts(file).items()) == {"A"}
    file.write_text("\n{}\n")
    with pytest.raises(CommandError, match=r"facts\.jsonl:2: "):
        read_facts(file)
