"""A long task shows a bar on a terminal, and a line for every quarter elsewhere."""

import os
import pty
import subprocess
import sys

import pytest

from tactful.cli.shared.progress import _QuarterLines, progress


def test_without_a_terminal_every_quarter_is_a_line_with_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ticks = iter((0.0, 30.0, 50.0, 80.0, 99.0))
    step = _QuarterLines("copying", 10, clock=lambda: next(ticks))
    for done in range(11):
        step(done)
    assert capsys.readouterr().err.splitlines() == [
        "copying: 25 %, 1 min 10 s left",
        "copying: 50 %, 0 min 50 s left",
        "copying: 75 %, 0 min 20 s left",
        "copying: 100 %",
    ]


def test_a_quick_task_does_not_say_that_no_time_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    step = _QuarterLines("copying", 4, clock=lambda: 7.0)
    for done in range(5):
        step(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"copying: {share} %" for share in (25, 50, 75, 100)]


def test_bytes_come_with_their_size_rate_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = iter((0.0, 10.0, 20.0, 40.0))
    step = _QuarterLines("copying", 400_000_000, in_bytes=True, clock=lambda: next(ticks))
    for done in (100_000_000, 200_000_000, 400_000_000):
        step(done)
    assert capsys.readouterr().err.splitlines() == [
        "copying: 25 % of 400.0 MB, 10.0 MB/s, 0 min 30 s left",
        "copying: 50 % of 400.0 MB, 10.0 MB/s, 0 min 20 s left",
        "copying: 100 % of 400.0 MB, 10.0 MB/s",
    ]


def test_nothing_to_do_is_done_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("copying", 0) as step:
        step(0)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_is_a_bar_that_goes_away() -> None:
    code = """
from tactful.cli.shared.progress import progress
with progress("copying", 2) as step:
    step(1)
    step(2)
"""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # how a terminal ends on Linux
        pass
    os.close(ours)
    assert b"copying" in shown
    assert b"100%" in shown
    assert shown.rstrip().endswith((b"\x1b[2K", b"\x1b[?25h"))
