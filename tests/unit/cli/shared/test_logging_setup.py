"""What libraries log reaches the one log; of a start that failed only the last words count."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from tactful.cli.shared.logging_setup import LogHandler

Said = pytest.CaptureFixture[str]


@contextmanager
def logs(*, serving: bool) -> Iterator[LogHandler]:
    made = LogHandler("info")
    made.serving = serving
    try:
        yield made
    finally:
        logging.getLogger().removeHandler(made)
        structlog.reset_defaults()


def broken() -> None:
    raise ZeroDivisionError("by nought")


def test_the_error_of_a_library_is_an_entry_with_its_trace(capsys: Said) -> None:
    with logs(serving=True):
        try:
            broken()
        except ZeroDivisionError:
            logging.getLogger("some.library").exception("it broke")
    entry = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (entry["logger"], entry["text"], entry["level"]) == ("some.library", "it broke", "error")
    assert entry["error"] == "ZeroDivisionError"
    assert "by nought" not in str(entry)


def test_before_it_serves_only_the_last_words_of_a_trace_are_kept(capsys: Said) -> None:
    trace = (
        'Traceback (most recent call last):\n  File "x", line 1\npackage.StartError: no disk: none'
    )
    with logs(serving=False) as made:
        logging.getLogger("server.that.starts").error(trace)
        logging.getLogger("server.that.starts").error("Application startup failed. Exiting.")
    assert made.startup_error == "no disk: none"
    assert capsys.readouterr().err == ""


def test_what_a_library_says_for_itself_is_left_out(capsys: Said) -> None:
    with logs(serving=True):
        logging.getLogger("some.library").info("hello")
    assert capsys.readouterr().err == ""
