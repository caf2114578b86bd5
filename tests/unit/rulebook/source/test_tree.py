"""Parsing of the strict YAML subset; a hostile file is refused with its place."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.counted_work import counted
from support.rule_files import VALID_FILE, check, found
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import MAX_BYTES, Node, RuleSource, decode, parse

MOST_CALLS = 1_000_000
"""Function calls that one check may take. The worst file below takes 400,000, the good one 2,000."""


def tree(text: str) -> Node:
    node = parse("a.yaml", text, Findings())
    assert node is not None
    return node


def test_every_value_knows_its_place() -> None:
    [(key, value)] = tree("rules:\n  - id: first\n").pairs
    [(inner, scalar)] = value.items[0].pairs
    assert (key.line, key.column) == (0, 0)
    assert (inner.line, inner.column, inner.end_column) == (1, 4, 6)
    assert (scalar.text, scalar.line, scalar.column, scalar.end_column) == ("first", 1, 8, 13)


def test_scalars_stay_text() -> None:
    node = tree("a: [no, 010, 12:30:45, 2026-03-01, 1e3, ~, true, null]")
    texts = [item.text for item in node.pairs[0][1].items]
    assert texts == ["no", "010", "12:30:45", "2026-03-01", "1e3", "~", "true", "null"]


def test_a_byte_order_mark_and_dos_line_ends_are_accepted() -> None:
    assert found(b"\xef\xbb\xbf" + VALID_FILE.replace(b"\n", b"\r\n")) == []


@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028", "\u2029"])
def test_every_line_end_of_yaml_ends_a_line(end: str) -> None:
    assert found(VALID_FILE.decode().replace("\n", end).encode()) == []
    assert found(f"-{end}'\n  '".encode()) == found(b"-\n'\n  '")


HOSTILE = {
    "aliases": (b"a: &x [1]\nb: [*x, *x]\n", "R106"),
    "a billion laughs": (
        b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(500)),
        "R106",
    ),
    "tags": (b"rules: !!python/object/apply:os.system ['true']\n", "R107"),
    "merge keys": (b"rules:\n  <<: {a: 1}\n", "R108"),
    "directives": (b"%YAML 1.2\n---\nrules: []\n", "R109"),
    "deep lists": (b"[" * 100_000, "R111"),
    "deep mappings": (b"{a: " * 100_000, "R111"),
    "deep dashes": (b"- " * 100_000, "R111"),
    "deep indentation": (b"".join(b" " * n + b"a:\n" for n in range(1000)), "R111"),
    "ten megabytes": (b"#" * 10_000_000, "R102"),
    "a NUL": (b"rules:\n  - id: a\x00b\n", "R101"),
    "UTF-16": ("rules: []\n".encode("utf-16"), "R101"),
    "UTF-32": ("rules: []\n".encode("utf-32"), "R101"),
    "Latin-1": ("rules:\n  - note: für\n".encode("latin-1"), "R101"),
    "a C1 control": ("rules: \x80\n".encode(), "R101"),
    "not a character": ("rules: \ufffe\n".encode(), "R101"),
    "a lone surrogate": (b"rules: \xed\xa0\x80\n", "R101"),
    "a long broken line": (b"a: b: " * 100_000, "R103"),
    "many broken lines": (b"a: b: c\n" * 100_000, "R103"),
    "open quotes": (b'a: "\n' * 100_000, "R104"),
    "an open bracket": (b"rules: [" + b"a, " * 40_000, "R103"),
    "an endless list": (b"rules: [" + b"a, " * 300_000, "R102"),
    "a brace for a key": (b"{[a]: b}\n", "R112"),
    "question marks": (b"? " * 100_000, "R111"),
    "a list of rule files": (b"- a\n- b\n", "R204"),
    "one word": (b"hello", "R204"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_place_and_little_work(name: str) -> None:
    text, code = HOSTILE[name]
    compiled, calls = counted(lambda: check(text))
    assert compiled.rulebook is None
    assert code in {one.code for one in compiled.diagnostics}
    assert all(one.line >= 1 and one.column >= 1 and one.help for one in compiled.diagnostics)
    assert calls < MOST_CALLS


def test_every_prefix_of_a_valid_file_is_read_or_refused_with_little_work() -> None:
    most = 0
    for length in range(len(VALID_FILE)):
        compiled, calls = counted(partial(check, VALID_FILE[:length]))
        most = max(most, calls)
        errors = [one for one in compiled.diagnostics if one.severity == "error"]
        assert (compiled.rulebook is None) == bool(errors)
    assert check(VALID_FILE).rulebook is not None
    assert most < MOST_CALLS


def test_a_file_of_exactly_the_largest_size_is_read() -> None:
    text = b"#" + b"x" * (MAX_BYTES - 2) + b"\n"
    assert decode(RuleSource("a.yaml", text), Findings()) == text.decode()
    assert decode(RuleSource("a.yaml", text + b"#"), Findings()) is None


def test_the_place_of_a_byte_that_is_not_text_is_reported() -> None:
    assert found(b"rules:\n  - note: f\xfcr\n") == [("R101", 2, 12)]
    assert found("rules:\n  - note: ü\x07\n".encode()) == [("R101", 2, 12)]


def test_a_second_document_is_refused_and_the_first_still_read() -> None:
    assert ("R109", 2, 1) in found(b"rules: []\n---\nrules: []\n")


def test_every_layout_problem_is_explained_in_words() -> None:
    texts = {
        "a: b: c": "a colon is not expected here",
        "a:\n  - b\n c: d": "this does not line up",
        "a: [b c: d, {e}": "bracket",
        "a: @b": "cannot begin with this character",
        'a: "\\q"': "a backslash may only be followed by",
        "a: b\nc\nd: e": "no colon after its key",
        "a: {b.c} is ours": "begins with a brace must be in quotes",
        "a: - b": "a list item cannot begin here",
    }
    for text, words in texts.items():
        assert any(words in one.message for one in check(text).diagnostics), text


PIECES = st.sampled_from(
    [
        *"-:#{}[],&*!|>'\"%@`?$ \t\n\r~<=.0a",
        "\n  ", "\n    - ", "rules:", "id: ", "when:", "item.stock: ", "{at_least: 5}", "offer: ",
        "percent: 10%", "policy:", "caps:", "lists:", "defaults:", "\u00e9", "\U0001f45f", "---", "<<: ",
    ]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=80))
def test_any_text_is_read_or_refused_and_never_crashes_the_checker(text: str) -> None:
    compiled = check(text.encode("utf-8", "surrogatepass"))
    errors = [one for one in compiled.diagnostics if one.severity == "error"]
    assert (compiled.rulebook is None) == bool(errors)
