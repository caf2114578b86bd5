"""How fast the server answered, as text and as HTML."""

import pytest

from tactful.cli.answer_speed import print_response_times, response_section

FOUND = [
    {"of": "signal", "kind": "view", "answers": 1_200, "p50_ms": 4.04, "p95_ms": 9, "p99_ms": 1_500,
     "slow": 0},
]  # fmt: skip


def test_each_kind_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_response_times(FOUND)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "How fast the server answered:"
    assert lines[3].split() == [
        "signal",
        "view",
        "1,200",
        "4.0",
        "ms",
        "9.0",
        "ms",
        "1,500.0",
        "ms",
    ]


def test_each_kind_is_a_row_of_the_page() -> None:
    text = "".join(response_section(FOUND))
    assert "<td>signal view</td><td>1,200</td><td>4.0 ms</td>" in text


def test_where_nothing_was_answered_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_response_times([])
    assert capsys.readouterr().out == ""
    assert list(response_section([])) == []
