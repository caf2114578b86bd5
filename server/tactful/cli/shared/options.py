"""Which settings did somebody give on the command line, and what configuration follows from all sources?"""

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
from tactful.core.values.calendar import CalendarError, parse_rfc3339

F = TypeVar("F", bound=Callable[..., Any])
_CONFIG: Final = "config_file"


def setting_options(*names: str) -> Callable[[F], F]:
    """Options for these settings, and `--config`; the command takes them as `**given`."""

    def decorate(command: F) -> F:
        for setting in reversed([BY_NAME[name] for name in names]):
            command = _option(setting)(command)
        return click.option(
            "--config",
            _CONFIG,
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help=f"Settings as TOML; default: {DEFAULT_FILE} in this folder, if there is one.",
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
    """The configuration from the file, the environment and what was given, with its origins.

    `serving`: also refuse what a server must not be started with.
    """
    flags = dict(options)
    file = flags.pop(_CONFIG, None)
    if file is None and not os.environ.get("TACTFUL_CONFIG") and Path(DEFAULT_FILE).is_file():
        file = Path(DEFAULT_FILE)
    with exit_on(ConfigError):
        return load_with_origins(file=file, environ=os.environ, flags=flags, serving=serving)


def load_config(options: dict[str, Any]) -> Config:
    """The configuration alone."""
    return load_settings(options).config


def parse_instant(at: str | None, option: str = "--at") -> int:
    """An instant that was given (ms), or now."""
    if at is None:
        return round(time.time() * 1000)
    try:
        return parse_rfc3339(at)
    except CalendarError as error:
        raise click.BadParameter(str(error), param_hint=option) from error
