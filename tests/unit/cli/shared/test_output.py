"""Output is a table for people, and indented JSON for a program."""

import os
import pty
import subprocess
import sys

import pytest

from tactful.cli.shared.output import print_json, print_table, print_warning

Captured = pytest.CaptureFixture[str]


def test_in_a_pipe_columns_are_aligned_under_a_head(capsys: Captured) -> None:
    print_table(("name", "value"), [("port", "9"), ("hostname", "[::1]")])
    assert capsys.readouterr().out == "name      value\nport      9\nhostname  [::1]\n"


def test_an_empty_table_has_its_head(capsys: Captured) -> None:
    print_table(("name", "value"), [])
    assert capsys.readouterr().out == "name  value\n"


def test_on_a_terminal_columns_have_a_head_and_brackets_are_kept() -> None:
    code = (
        "from tactful.cli.shared.output import print_table\n"
        "print_table(('name', 'value'), [('host', '[::1]')])"
    )
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "dumb", "COLUMNS": "80"}
    subprocess.run([sys.executable, "-c", code], stdout=theirs, check=True, env=environment)
    os.close(theirs)
    lines = os.read(ours, 4096).decode().splitlines()
    os.close(ours)
    assert [line.split() for line in lines] == [["name", "value"], ["host", "[::1]"]]


def test_json_is_indented_and_ends_with_a_line_break(capsys: Captured) -> None:
    print_json({"a": [1]})
    assert capsys.readouterr().out == '{\n  "a": [\n    1\n  ]\n}\n'


def test_a_warning_goes_to_standard_error(capsys: Captured) -> None:
    print_warning("no origins")
    assert capsys.readouterr() == ("", "warning: no origins\n")
