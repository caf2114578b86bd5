"""`tactful config`: which settings hold, where each comes from, and may the server start with them?"""

from typing import Any

import click

from tactful.cli.shared.errors import FOUND, CommandError, NegativeAnswerError
from tactful.cli.shared.options import reading_of, settings
from tactful.cli.shared.output import as_json, as_table, json_option, warn
from tactful.config.loading import DEFAULT
from tactful.config.settings import SETTINGS

_NAMES = tuple(setting.name for setting in SETTINGS if not setting.secret)


@click.group()
def config() -> None:
    """Show and check the settings."""


@config.command(epilog="\b\nExample:\n  tactful config show --config shop.toml")
@settings()
@json_option
def show(*, as_json_: bool, **given: Any) -> None:
    """Every setting: its value, where that comes from, its environment variable and meaning."""
    reading = reading_of(given)
    rows = [
        {
            "name": setting.name,
            "value": setting.show(getattr(reading.config, setting.name)),
            "origin": reading.origins.get(setting.name, DEFAULT),
            "environment": setting.environment,
            "takes": setting.kind.wanted,
            "meaning": setting.meaning,
        }
        for setting in SETTINGS
    ]
    if as_json_:
        as_json(rows)
    else:
        head = ("name", "value", "origin", "environment", "meaning")
        as_table(head, ([row[name] for name in head] for row in rows))


@config.command(epilog="\b\nExample:\n  tactful config check --config shop.toml && tactful serve")
@settings(*_NAMES)
@click.option("--strict", is_flag=True, help="Let warnings count, too.")
def check(*, strict: bool, **given: Any) -> None:
    """Read all settings as `serve` would; exit 0 if it could start, 1 if not, or with warnings if --strict."""
    try:
        reading = reading_of(given, serving=True)
    except CommandError as failure:
        raise NegativeAnswerError(failure.message) from failure
    for warning in reading.warnings:
        warn(warning)
    if strict and reading.warnings:
        raise click.exceptions.Exit(FOUND)
    click.echo("The settings are good.")
