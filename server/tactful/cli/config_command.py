"""The commands `tactful config show`, `tactful config check` and `tactful config policy`."""

from typing import Any

import click

from tactful.cli.policy_command import policy
from tactful.cli.shared.errors import EXIT_NEGATIVE, CommandError, NegativeAnswerError
from tactful.cli.shared.options import load_settings, setting_options
from tactful.cli.shared.output import (
    json_option,
    print_json,
    print_table,
    print_text,
    print_warning,
)
from tactful.config.loading import DEFAULT
from tactful.config.settings import SETTINGS

_NAMES = tuple(setting.name for setting in SETTINGS if not setting.secret)


@click.group()
def config() -> None:
    """Show and check the settings and the policy."""


config.add_command(policy)


@config.command(epilog="\b\nExample:\n  tactful config show --config shop.toml")
@setting_options()
@json_option
def show(*, json_output: bool, **options: Any) -> None:
    """Print every setting with its value, its origin, its environment variable and its meaning."""
    loaded = load_settings(options)
    rows = [
        {
            "name": setting.name,
            "value": setting.format(getattr(loaded.config, setting.name)),
            "origin": loaded.origins.get(setting.name, DEFAULT),
            "environment": setting.environment,
            "takes": setting.kind.expected,
            "meaning": setting.meaning,
        }
        for setting in SETTINGS
    ]
    if json_output:
        print_json(rows)
    else:
        head = ("name", "value", "origin", "environment", "meaning")
        print_table(head, ([row[name] for name in head] for row in rows))


@config.command(epilog="\b\nExample:\n  tactful config check --config shop.toml && tactful serve")
@setting_options(*_NAMES)
@click.option("--strict", is_flag=True, help="Exit with code 1 also where there are warnings.")
def check(*, strict: bool, **options: Any) -> None:
    """Check all settings as `serve` does at its start.

    Exit code 0: the server can start. 1: it cannot, or with --strict there are warnings.
    """
    try:
        loaded = load_settings(options, serving=True)
    except CommandError as failure:
        raise NegativeAnswerError(failure.message) from failure
    for warning in loaded.warnings:
        print_warning(warning)
    if strict and loaded.warnings:
        raise click.exceptions.Exit(EXIT_NEGATIVE)
    print_text("The settings are valid.")
