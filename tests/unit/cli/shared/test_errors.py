"""Errors of commands are printed line by line, and each kind has its exit code."""

import pytest

from tactful.cli.shared.errors import CommandError, NegativeAnswerError, exit_on


def test_every_line_of_an_error_has_the_prefix(capsys: pytest.CaptureFixture[str]) -> None:
    CommandError("One is wrong.", "Two is wrong.").show()
    printed = capsys.readouterr()
    assert printed.err == "error: One is wrong.\nerror: Two is wrong.\n"
    assert printed.out == ""


def test_a_command_that_could_not_run_and_one_whose_answer_is_no_have_different_exit_codes() -> (
    None
):
    assert (CommandError("").exit_code, NegativeAnswerError("").exit_code) == (2, 1)


def test_exceptions_of_the_named_kinds_become_command_errors_and_others_pass() -> None:
    with pytest.raises(CommandError) as caught, exit_on(KeyError, ValueError):
        raise ValueError("a\nb")
    assert caught.value.message == "a\nb"
    with pytest.raises(TypeError), exit_on(ValueError):
        raise TypeError
