"""A lazy group lists its commands unimported, suggests names, and turns failures into one line."""

import click
from click.testing import CliRunner

from support.cli_runner import run
from tactful.cli.shared.lazy_groups import LazyCommand, LazyGroup


@click.command()
def mistake() -> None:
    raise ZeroDivisionError("by nought")


@click.command()
def full() -> None:
    raise OSError(28, "No space left on device", "/var/shop")


def group_of(name: str) -> LazyGroup:
    """A group of one command of this module."""
    return LazyGroup({name: LazyCommand(f"{__name__}:{name}", "Fail.")})


def test_a_list_of_commands_imports_none_of_them() -> None:
    group = LazyGroup({name: LazyCommand("nowhere:nothing", f"Run {name}.") for name in ("b", "a")})
    ctx = click.Context(group)
    assert group.list_commands(ctx) == ["b", "a"]
    assert group.get_command(ctx, "c") is None
    assert "Run b." in CliRunner().invoke(group, ["--help"]).output


def test_a_command_is_imported_when_it_is_asked_for() -> None:
    group = LazyGroup({"demo": LazyCommand("tactful.cli.demo:demo", "Run a demo.")})
    command = group.get_command(click.Context(group), "demo")
    assert command is not None
    assert command.name == "demo"


def test_an_unknown_command_is_refused_with_the_nearest_name() -> None:
    result = run("serv")
    assert result.exit_code == 2
    assert "Did you mean 'serve'?" in result.output


def test_a_bug_in_a_command_ends_in_one_line() -> None:
    result = CliRunner().invoke(group_of("mistake"), ["mistake"])
    assert result.exit_code == 2
    assert result.output.startswith("error: This is a bug in Tactful: ZeroDivisionError")
    assert len(result.output.splitlines()) == 1


def test_a_full_disk_is_reported_with_its_path() -> None:
    result = CliRunner().invoke(group_of("full"), ["full"])
    assert (result.exit_code, result.output) == (2, "error: /var/shop: No space left on device\n")
