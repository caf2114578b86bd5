"""The command line answers at once, lists what it has, and never shows a traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from support.cli_runner import run
from tactful import __version__
from tactful.cli import COMMANDS, main
from tactful.cli.shared.lazy_groups import LazyCommand, LazyGroup

HELP_S = 0.3
"""What `--help` may take, in processor time: the clock on the wall belongs to everybody."""


def commands(command: click.Command, name: str = "tactful") -> Iterator[tuple[str, click.Command]]:
    """Every command below one, by its full name."""
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for each in command.list_commands(ctx):
            found = command.get_command(ctx, each)
            assert found is not None
            yield from commands(found, f"{name} {each}")
    else:
        yield name, command


EVERY = dict(commands(main))


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_help_with_an_example(name: str) -> None:
    result = run(*name.split()[1:], "--help")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert "tactful" in result.output.partition("Example")[2]


def test_the_list_of_commands_says_what_is_there() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name, lazy in COMMANDS.items():
        assert f"  {name}" in result.output
        assert lazy.help.endswith(".")
        assert lazy.help in result.output


def test_help_takes_less_than_a_third_of_a_second() -> None:
    def once() -> float:
        command = [sys.executable, "-m", "tactful", "--help"]
        before = os.times()
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        return (
            after.children_user
            - before.children_user
            + after.children_system
            - before.children_system
        )

    assert min(once() for _ in range(3)) < HELP_S


def test_the_version_is_printed() -> None:
    assert run("--version").output == f"tactful {__version__}\n"


def test_a_command_that_is_not_there_is_refused_with_the_nearest() -> None:
    result = run("serv")
    assert result.exit_code == 2
    assert "did you mean serve?" in result.output


def broken() -> LazyGroup:
    """A command line whose only command makes a mistake."""

    @click.command()
    def mistake() -> None:
        raise ZeroDivisionError("by nought")

    @click.command()
    def full() -> None:
        raise OSError(28, "No space left on device", "/var/shop")

    group = LazyGroup({name: LazyCommand("", "") for name in ("mistake", "full")})
    found = {"mistake": mistake, "full": full}
    group.get_command = lambda _, name: found.get(name)  # type: ignore[method-assign]
    return group


def test_a_mistake_of_ours_ends_in_one_line() -> None:
    result = CliRunner().invoke(broken(), ["mistake"])
    assert result.exit_code == 2
    assert result.output.startswith("error: this is a mistake in tactful: ZeroDivisionError")
    assert len(result.output.splitlines()) == 1


def test_a_full_disk_is_named_with_its_place() -> None:
    result = CliRunner().invoke(broken(), ["full"])
    assert (result.exit_code, result.output) == (2, "error: /var/shop: No space left on device\n")


def test_nothing_heavy_is_imported_for_help() -> None:
    code = "import sys; from tactful.cli import main; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"starlette", "rich", "cryptography", "tactful.app"} & set(done.stdout.split())


def test_a_start_does_not_wait_for_what_only_a_page_or_a_report_needs() -> None:
    code = "import sys, tactful.app, tactful.cli.shared.logging_setup; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"jinja2", "tactful.demo", "tactful.connectors", "rich.progress"} & set(
        done.stdout.split()
    )
