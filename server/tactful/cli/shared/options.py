"""Command-line options for settings, and the configuration that follows from all sources."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tactful.cli.shared.errors import exit_on
from tactful.config import Config, ConfigError, LoadedConfig, load_with_origins
from tactful.config.loading import DEFAULT_FILE
from tactful.config.settings import BY_NAME, Setting
from tactful.config.values import SettingType, ValueProblem
from tactful.core.values.calendar import CalendarError, parse_rfc3339

F = TypeVar("F", bound=Callable[..., Any])
_CONFIG: Final = "config_file"


def setting_options(*names: str) -> Callable[[F], F]:
    """Return a decorator that adds an option for each named setting, and `--config`.

    The command receives them as `**options` and passes them on to `load_config` or `load_settings`.
    """

    def decorate(command: F) -> F:
        for setting in reversed([BY_NAME[name] for name in names]):
            command = _option(setting)(command)
        return click.option(
            "--config",
            _CONFIG,
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help=f"TOML file of settings. Default: {DEFAULT_FILE} in this folder, if there is one.",
        )(command)

    return decorate


def _option(setting: Setting) -> Callable[[F], F]:
    flag = str(setting.flag)
    default = setting.format(setting.default)
    text = f"{setting.meaning}{f' Default: {default}.' if default else ''}"
    if isinstance(setting.default, bool):
        return click.option(f"{flag}/--no-{flag[2:]}", setting.name, default=None, help=text)
    return click.option(flag, setting.name, metavar="VALUE", help=text)


def load_settings(options: dict[str, Any], *, serving: bool = False) -> LoadedConfig:
    """Load the configuration from the options, the environment and the file, with origins.

    Args:
        options: What a command received from `setting_options`.
        serving: Whether to refuse settings with which a server must not start.

    Raises:
        CommandError: The settings cannot be used; it has a line for each problem.
    """
    flags = dict(options)
    file = flags.pop(_CONFIG, None)
    if file is None and not os.environ.get("TACTFUL_CONFIG") and Path(DEFAULT_FILE).is_file():
        file = Path(DEFAULT_FILE)
    with exit_on(ConfigError):
        return load_with_origins(file=file, environ=os.environ, flags=flags, serving=serving)


def settings_file(options: dict[str, Any]) -> Path:
    """Return the settings file that a command reads, whether or not it exists.

    Args:
        options: What the command received from `setting_options`.
    """
    return Path(options.get(_CONFIG) or os.environ.get("TACTFUL_CONFIG") or DEFAULT_FILE)


def load_config(options: dict[str, Any]) -> Config:
    """Load the configuration as `load_settings` does, without the origins.

    Raises:
        CommandError: The settings cannot be used.
    """
    return load_settings(options).config


def read_as(kind: SettingType) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return a click callback that parses an option as a setting's value."""

    def read(_: click.Context, __: click.Parameter, value: str | None) -> Any:
        if value is None:
            return None
        try:
            return kind.parse(value)
        except ValueProblem as problem:
            raise click.BadParameter(str(problem)) from problem

    return read


def parse_instant(text: str | None, option: str = "--at") -> int:
    """Return the instant that an option names, or now where it is not given.

    Args:
        text: Value of the option, as RFC 3339.
        option: Name of the option, for the error.

    Returns:
        Milliseconds since the Unix epoch, UTC.

    Raises:
        click.BadParameter: `text` is not an instant.
    """
    if text is None:
        return round(time.time() * 1000)
    try:
        return parse_rfc3339(text)
    except CalendarError as error:
        raise click.BadParameter(str(error), param_hint=option) from error
