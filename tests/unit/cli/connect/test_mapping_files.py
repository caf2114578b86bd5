"""`tactful connect` tests the mapping files of help desks, and prints the ready-made ones."""

from pathlib import Path

from support.cli_runner import printed_json, run, write_file
from support.desk_mappings import PLAIN
from tactful.connectors.desks.library import mapping_text, ready_made

EXAMPLE = """\
examples:
- name: it names a product
  ticket: {id: 1, status: odd, opened: 1795981307, changed: 1795981307, email: a@b.example, sku: A}
  expect: {skus: [A]}
"""


def test_the_examples_of_all_ready_made_files_pass() -> None:
    result = run("connect", "test")
    assert result.exit_code == 0
    assert "examples pass." in result.output


def test_a_failing_example_is_shown_with_its_line(tmp_path: Path) -> None:
    file = write_file(tmp_path / "desk.yaml", PLAIN + EXAMPLE)
    result = run("connect", "test", file)
    assert (result.exit_code, "1 of 1 example passes." in result.output) == (0, True)
    line = PLAIN.count("\n") + 2
    assert f"{file}:{line}: note: it names a product: the file has no row for 'status odd'." in (
        result.output
    )
    write_file(file, (PLAIN + EXAMPLE).replace("skus: [A]", "skus: [B]"))
    result = run("connect", "test", file)
    assert result.exit_code == 1
    assert f"{file}:{line}: failed: it names a product: expected skus B, found A" in result.output
    found = printed_json(run("connect", "test", "--json", file))
    assert found[0]["result"]["failures"] == ["expected skus B, found A"]


def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    file = write_file(tmp_path / "desk.yaml", PLAIN.replace("name: plain", "nome: plain"))
    result = run("connect", "test", file)
    assert (result.exit_code, f"{file}:1: " in result.output) == (2, True)
    assert run("connect", "test", tmp_path / "none.yaml").exit_code == 2


def test_a_ready_made_file_is_printed_or_written_once(tmp_path: Path) -> None:
    assert run("connect", "mapping", "zendesk").output == mapping_text("zendesk")
    file = tmp_path / "desk.yaml"
    assert run("connect", "mapping", "zendesk", "--output", file).exit_code == 0
    assert file.read_text("utf-8") == mapping_text("zendesk")
    assert run("connect", "mapping", "zendesk", "--output", file).exit_code == 2
    names = run("connect", "mapping").output
    assert all(f"{name}: " in names for name in ready_made())


def test_the_lines_of_a_correction_are_printed(tmp_path: Path) -> None:
    file = write_file(tmp_path / "desk.yaml", PLAIN)
    result = run("connect", "mapping", file, "--kind", "defect", "--tag", "zip")
    assert result.output == 'kind:\n  tags:\n    defect: ["bad", "zip"]\n'
    for words in (
        (file, "--kind", "late", "--tag", "bad"),
        (file, "--kind", "late"),
        (file, "--tag", "zip"),
        ("--kind", "late", "--tag", "zip"),
        (tmp_path / "none.yaml", "--kind", "late", "--tag", "zip"),
        (file,),
    ):
        assert run("connect", "mapping", *words).exit_code == 2
