"""The command line prints help at once, lists its commands, and keeps the server's start short."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from support.cli_runner import run
from tactful import __version__
from tactful.cli import COMMANDS, main

HELP_IMPORTS = {
    "tactful",
    "tactful.cli",
    "tactful.cli.shared",
    "tactful.cli.shared.errors",
    "tactful.cli.shared.lazy_groups",
    "tactful.cli.shared.output",
}
"""Modules of ours that `--help` may import; each further one makes it slower."""


def commands(command: click.Command, name: str = "tactful") -> Iterator[tuple[str, click.Command]]:
    """Yield every command below `command` with its full name."""
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


def test_the_help_lists_every_command_with_a_sentence() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name, lazy in COMMANDS.items():
        if lazy.hidden:
            continue
        assert f"  {name}" in result.output
        assert lazy.help.endswith(".")
        assert lazy.help in result.output


@pytest.mark.parametrize(
    "name", ["bridge check", "export", "forget", "policy show"], ids=lambda name: name
)
def test_a_name_that_is_not_listed_still_works(name: str) -> None:
    assert name.split(maxsplit=1)[0] not in run("--help").output.split()
    assert run(*name.split(), "--help").exit_code == 0


def test_the_version_is_printed() -> None:
    assert run("--version").output == f"tactful {__version__}\n"


def test_help_imports_only_what_prints_it() -> None:
    code = """
import sys
before = set(sys.modules)
from tactful.cli import main
try:
    main(["--help"])
finally:
    print("MODULES", *sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    imported = set(done.stdout.partition("MODULES")[2].split())
    assert {name for name in imported if name.partition(".")[0] == "tactful"} == HELP_IMPORTS
    foreign = {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names)
    assert foreign <= {"tactful", "click", "msgspec", "typing_extensions"}


def test_the_server_imports_nothing_that_only_a_page_or_a_report_needs() -> None:
    code = "import sys, tactful.app, tactful.cli.shared.logging_setup; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    imported = set(done.stdout.split())
    assert not {"jinja2", "tactful.demo", "rich.progress"} & imported
    mappers = ("tactful.connectors.files", "tactful.connectors.shops", "tactful.connectors.desks")
    assert not [name for name in imported if name.startswith(mappers)]
