"""Output is a table for people, and indented JSON for a program."""

import ast
import io
import json
import os
import pty
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.cli.shared import output
from tactful.cli.shared.output import (
    one_line,
    print_json,
    print_line,
    print_table,
    print_text,
    print_warning,
    printable,
)

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


HOSTILE = "A\x1b[2J\x1b]0;t\x07\x9b31m\r\u202eEUR\u2066\ud800"


def test_foreign_text_cannot_control_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_text(HOSTILE)
    print_line(f"{HOSTILE}\nok  All is good.")
    print_table(("sku",), [(HOSTILE,)])
    print_json({"sku": HOSTILE.replace("\ud800", "")})
    out = capsys.readouterr().out
    assert not {*"\x1b\x07\x9b\r\u202e\u2066"} & {*out}
    assert out.startswith(r"A\x1b[2J\x1b]0;t\x07\x9b31m\r\u202eEUR\u2066\ud800")
    assert r"\nok  All is good." in out


@given(text=st.text())
def test_json_keeps_every_text_and_a_line_stays_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert printable(printable(text)) == printable(text)
    with redirect_stdout(io.StringIO()) as out:
        print_json({"text": text})
    assert json.loads(out.getvalue()) == {"text": text}


def test_every_command_prints_through_the_functions_that_escape() -> None:
    folder = Path(output.__file__).parents[1]
    found = [
        f"{path.relative_to(folder)}:{node.lineno}"
        for path in folder.rglob("*.py")
        if path != Path(output.__file__)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func)
        in {"print", "click.echo", "click.secho", "click.style", "sys.stdout.write"}
    ]
    assert found == []
