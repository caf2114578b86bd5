"""Options for settings carry their meaning, and beat the environment and the file."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.options import load_config, load_settings, parse_instant, setting_options


def options_of(*arguments: str) -> dict[str, Any]:
    """What a command with three settings receives."""
    received: dict[str, Any] = {}

    @click.command()
    @setting_options("port", "metrics", "data")
    def command(**options: Any) -> None:
        received.update(options)

    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return received


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, without a settings file and without the variable that names one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TACTFUL_CONFIG", raising=False)
    return tmp_path


def test_an_option_that_is_not_given_leaves_the_setting_to_other_sources(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACTFUL_PORT", "1002")
    assert load_config(options_of()).port == 1002
    assert load_config(options_of("--port", "1003")).port == 1003
    assert empty_folder.is_dir()


def test_a_setting_that_is_on_or_off_has_an_option_for_each() -> None:
    assert options_of()["metrics"] is None
    assert options_of("--metrics")["metrics"] is True
    assert options_of("--no-metrics")["metrics"] is False


def test_the_help_of_an_option_is_the_meaning_and_the_default_of_the_setting() -> None:
    @click.command()
    @setting_options("port")
    def command(**_: Any) -> None:
        """Nothing."""

    shown = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert "The port to listen on" in shown
    assert "Default: 8000." in shown
    assert "--config FILE" in shown


def test_the_file_of_the_working_folder_is_read_unless_one_is_named(empty_folder: Path) -> None:
    (empty_folder / "tactful.toml").write_text("port = 1001")
    (empty_folder / "other.toml").write_text("port = 1004")
    loaded = load_settings(options_of())
    assert (loaded.config.port, loaded.origins["port"]) == (1001, "tactful.toml:1")
    assert load_config(options_of("--config", "other.toml")).port == 1004


def test_every_problem_of_the_settings_is_a_line_of_the_error(empty_folder: Path) -> None:
    (empty_folder / "tactful.toml").write_text("prot = 1\nmetrics = 3\n")
    with pytest.raises(CommandError) as caught:
        load_config(options_of())
    assert len(caught.value.message.splitlines()) == 2


def test_settings_with_which_a_server_must_not_start_are_refused_only_for_a_server(
    empty_folder: Path,
) -> None:
    (empty_folder / "tactful.toml").write_text("seed = 1")
    assert load_settings(options_of()).config.seed == 1
    with pytest.raises(CommandError, match="seed"):
        load_settings(options_of(), serving=True)


def test_an_instant_is_read_from_an_option_and_is_now_without_one() -> None:
    assert parse_instant("2026-03-10T12:00:00Z") == 1_773_144_000_000
    assert parse_instant(None) > 1_700_000_000_000
    with pytest.raises(click.BadParameter) as caught:
        parse_instant("yesterday", "--until")
    assert caught.value.param_hint == "--until"
