"""Mappings of tables: which column gives which field, by a name in the settings or a file."""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Final

import click

from tactful.cli.shared.errors import CommandError
from tactful.config import Config
from tactful.connectors.files import column_words

READY_MADE: Final = ("bigcommerce", "lightspeed", "magento", "prestashop", "shopware", "square")
"""Mappings that come with Tactful, from the documentation of the platforms."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
"""Names that TOML reads as a key without quotation marks."""


def check_column(field: str, column: object) -> None:
    """Check one pair of a mapping.

    Raises:
        click.BadParameter: There is no such field, or no column is named.
    """
    if field not in column_words.FIELDS:
        near = get_close_matches(field, column_words.FIELDS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Use {', '.join(column_words.FIELDS)}."
        raise click.BadParameter(f"{field!r} is no field of an import. {hint}")
    if not isinstance(column, str) or not column:
        raise click.BadParameter(f"{field!r} names no column. Write {field}=NAME.")


def read_mapping(name: str, config: Config) -> Mapping[str, str]:
    """Return field → column of a mapping.

    Args:
        name: Name of a mapping in the settings, or else of a ready-made one, or else a TOML file
            with a table `[columns]`.
        config: The settings.

    Raises:
        click.BadParameter: There is no such mapping, or it cannot be used.
    """
    columns = config.mappings.get(name)
    if columns is None and name in READY_MADE:
        text = resources.files("tactful.connectors.files").joinpath("mappings", f"{name}.toml")
        columns = tomllib.loads(text.read_text("utf-8"))["columns"]
    if columns is None:
        columns = _read_file(Path(name), config)
    for field, column in columns.items():
        check_column(field, column)
    return columns


def _read_file(path: Path, config: Config) -> dict[str, str]:
    if not path.is_file():
        near = get_close_matches(str(path), [*config.mappings, *READY_MADE], n=1)
        ready = ", ".join(READY_MADE)
        hint = f"Save one with --save, name a TOML file, or use a ready-made one: {ready}."
        if near:
            hint = f"Did you mean {near[0]}?"
        message = f"The settings have no mapping {str(path)!r}, and there is no such file. {hint}"
        raise click.BadParameter(message, param_hint="--mapping")
    try:
        columns = tomllib.loads(path.read_text("utf-8")).get("columns")
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{path} cannot be read: {error}.") from error
    if not isinstance(columns, dict):
        raise click.BadParameter(f"{path} has no table [columns]. Write sku = 'NAME' below it.")
    return columns


def save_mapping(name: str, columns: Mapping[str, str], file: Path) -> Path:
    """Append a mapping to a settings file, which is created where it does not exist.

    Returns:
        The file.

    Raises:
        CommandError: The name cannot be a key, is in use, or there are no columns to save.
    """
    if _NAME.fullmatch(name) is None:
        raise CommandError(f"--save: {name!r} is no name. Use letters, digits, - and _.")
    if not columns:
        raise CommandError("--save: There are no columns. Add --guess, or --column FIELD=NAME.")
    text = file.read_text("utf-8") if file.exists() else ""
    if name in tomllib.loads(text).get("mappings", {}):
        raise CommandError(
            f"{file}: There is a mapping {name} already. Edit it there, or choose another name."
        )
    lines = [f"{field} = {_quoted(column)}" for field, column in columns.items()]
    block = "\n".join([f"[mappings.{name}]", *lines])
    gap = "\n" if not text or text.endswith("\n") else "\n\n"
    file.write_text(text + (gap if text else "") + block + "\n", "utf-8")
    return file


def _quoted(text: str) -> str:
    """Return a text as a basic string of TOML, in which control characters are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
    )
