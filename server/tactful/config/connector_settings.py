"""Settings of connectors: the tables `[connectors.NAME]` of the file of settings."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import fields

from tactful.config import values as v
from tactful.config.values import SettingType, ValueProblem
from tactful.core.values.money import EXPONENTS

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_HIDDEN: Final = frozenset({"secret", "key"})
LARGEST_SECRET: Final = 4_096
"""Bytes of a file with a secret."""


class ConnectorSettings(Struct, frozen=True, kw_only=True):
    """One system that sends deliveries to `/v1/in/NAME`."""

    kind: str
    """The name of a connector, such as `woocommerce`."""
    secret: str
    """The secret under which the system signs its deliveries."""
    key: str | None = None
    """The credentials for the system's API; `None`: nothing is fetched."""
    address: str | None = None
    """The URL of the system; `None`: nothing is fetched."""
    mapping: Path | None = None
    """The mapping file of a kind that has one."""
    territory: str | None = None
    currency: str | None = None
    tax_included: bool = True
    tax_rate_bp: int = 0
    sku_from_id: bool = False
    reconcile: bool = True
    """Whether the lists of the system are read, where it has an address and a key."""
    locations: Mapping[str, str] = {}
    regions: Mapping[str, str] = {}
    words: Mapping[str, str] = {}

    def __repr__(self) -> str:
        shown = (
            f"{field.name}={'***' if field.name in _HIDDEN else repr(getattr(self, field.name))}"
            for field in fields(self)
        )
        return f"ConnectorSettings({', '.join(shown)})"


def _currency() -> SettingType:
    expected = "an ISO 4217 code such as EUR"

    def parse(value: object) -> str:
        if value not in EXPONENTS:
            raise ValueProblem(f"Write {expected}.")
        return str(value)

    return SettingType(expected, parse)


def _texts() -> SettingType:
    expected = "a table of texts"

    def parse(value: object) -> Mapping[str, str]:
        if isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values()):
            return {str(name): str(one) for name, one in value.items()}
        raise ValueProblem(f"Write {expected}.")

    return SettingType(expected, parse)


FIELDS: Final[Mapping[str, SettingType]] = {
    "kind": v.text("the kind of system, such as woocommerce"),
    "secret_file": v.file(),
    "key_file": v.file(),
    "address": v.url(),
    "mapping": v.file(),
    "territory": v.territory(),
    "currency": _currency(),
    "tax_included": v.boolean(),
    "tax_rate": v.percent(),
    "sku_from_id": v.boolean(),
    "reconcile": v.boolean(),
    "locations": _texts(),
    "regions": _texts(),
    "words": _texts(),
}
"""Name in the file → its type."""
_RENAMED: Final = {"tax_rate": "tax_rate_bp"}


def variable_of(name: str, what: str) -> str:
    """Return the environment variable with the secret or key of a connector.

    Args:
        name: The name of the connector.
        what: `secret` or `key`.
    """
    return f"TACTFUL_CONNECTOR_{name.replace('-', '_').upper()}_{what.upper()}"


def read_connector(
    name: str, table: object, folder: Path, environ: Mapping[str, str]
) -> tuple[ConnectorSettings | None, list[str]]:
    """Return the settings of a connector, or what is wrong with them.

    Args:
        name: The name of the table, which is the last part of the address of deliveries.
        table: The table.
        folder: What relative paths are relative to.
        environ: The environment, which may hold the secret and the key.

    Returns:
        The settings, `None` if there are problems, and the problems, one sentence or two each.
    """
    if not _NAME.fullmatch(name):
        return None, [f"{name[:40]!r} is no name. Write small letters, digits and hyphens."]
    if not isinstance(table, Mapping):
        return None, [f"It is not a table. Write it as [connectors.{name}]."]
    found: dict[str, Any] = {}
    problems = list(_read_fields(table, folder, found))
    for what in ("secret", "key"):
        problems += _read_secret(name, what, found, environ)
    if not problems and "secret" not in found:
        variable = variable_of(name, "secret")
        problems.append(f"It has no secret. Set secret_file, or the variable {variable}.")
    if "kind" not in found:
        problems.append("It has no kind. Write one such as kind = 'woocommerce'.")
    return (None if problems else ConnectorSettings(**found)), problems


def _read_fields(table: Mapping[str, Any], folder: Path, found: dict[str, Any]) -> Iterator[str]:
    for field, value in table.items():
        kind = FIELDS.get(field)
        if kind is None:
            yield f"It has no setting {field[:40]!r}. It takes {', '.join(FIELDS)}."
            continue
        try:
            parsed = kind.parse(value)
        except ValueProblem as problem:
            yield f"{field}: {problem}"
            continue
        found[_RENAMED.get(field, field)] = folder / parsed if isinstance(parsed, Path) else parsed


def _read_secret(
    name: str, what: str, found: dict[str, Any], environ: Mapping[str, str]
) -> Iterator[str]:
    """Read a secret from the environment, or else from its file."""
    file: Path | None = found.pop(f"{what}_file", None)
    if text := environ.get(variable_of(name, what)):
        found[what] = text
    elif file is not None:
        try:
            with file.open(encoding="utf-8") as opened:
                found[what] = opened.read(LARGEST_SECRET).strip()
        except (OSError, UnicodeError) as error:
            yield f"{what}_file: {file} cannot be read: {error}. Name a readable text file."
            return
        if not found[what]:
            yield f"{what}_file: {file} is empty. Write the {what} into it."
