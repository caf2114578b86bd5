"""Loading of the settings from all sources, with the origin of each value and every problem.

Rising precedence: the default, the TOML file, the environment, the command line.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tactful.config import policy_settings
from tactful.config.connector_settings import ConnectorSettings, read_connector
from tactful.config.schema import Config
from tactful.config.settings import BY_NAME, SETTINGS, nearest
from tactful.config.startup_checks import startup_errors, startup_warnings
from tactful.config.values import SecretProblem, ValueProblem
from tactful.core.rules.policy import Policy

DEFAULT_FILE: Final = "tactful.toml"
"""Name of the file that is read when none is named, if the working folder has one."""
FILE_VARIABLE: Final = "TACTFUL_CONFIG"
"""Environment variable that names the file."""
DEFAULT: Final = "default"
"""Origin of a value that no source sets."""
_SHOWN_CHARACTERS: Final = 80
"""Characters of a bad value that an error repeats."""


class ConfigError(Exception):
    """The settings cannot be used."""

    def __init__(self, problems: list[str]) -> None:
        """Create the error.

        Args:
            problems: One line for each problem: where it is, what is wrong, and what to do.
        """
        super().__init__("\n".join(problems))
        self.problems = problems


class LoadedConfig(Struct, frozen=True):
    """A configuration with the origin of its values."""

    config: Config
    origins: dict[str, str]
    """Name of a setting, or `policy.` and the name of a policy setting → where its value comes from.

    That is `FILE:LINE`, an environment variable or an option; defaults are left out.
    """
    warnings: tuple[str, ...]
    """One sentence for each setting that works but should be changed before others rely on it."""


def load(
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Config:
    """Load the configuration with which a server may start.

    Args:
        file: TOML file of settings; without it, the one that `TACTFUL_CONFIG` names.
        environ: Environment variables; empty ones count as unset.
        flags: Name of a setting → value from the command line; None counts as unset.

    Raises:
        ConfigError: A value cannot be used, or a server must not start with the settings.
    """
    return load_with_origins(file=file, environ=environ, flags=flags).config


def load_with_origins(
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
    serving: bool = True,
) -> LoadedConfig:
    """Load the configuration as `load` does, with the origin of each value and with warnings.

    Args:
        file: TOML file of settings; without it, the one that `TACTFUL_CONFIG` names.
        environ: Environment variables; empty ones count as unset.
        flags: Name of a setting → value from the command line; None counts as unset.
        serving: Whether to refuse settings with which a server must not start.

    Raises:
        ConfigError: A value cannot be used, or a server must not start with the settings.
    """
    collector = _Collector()
    environ = environ or {}
    if file is None and environ.get(FILE_VARIABLE):
        file = Path(environ[FILE_VARIABLE])
    if file is not None:
        collector.add_file(file, environ)
    collector.add_environment(environ)
    for name, value in (flags or {}).items():
        if value is not None:
            collector.add_setting(name, value, f"--{name.replace('_', '-')}")
    return collector.finish(serving=serving)


class _Collector:
    """Collects values from one source after the other; a later value replaces an earlier one."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.policy = Policy()
        self.mappings: dict[str, dict[str, str]] = {}
        self.connectors: dict[str, ConnectorSettings] = {}
        self.origins: dict[str, str] = {}
        self.problems: list[str] = []

    def add_setting(
        self, name: str, value: object, origin: str, base_folder: Path | None = None
    ) -> None:
        """Set a setting, or note why its value cannot be used; a path is relative to `base_folder`."""
        try:
            parsed = BY_NAME[name].kind.parse(value)
        except ValueProblem as problem:
            shown = "***" if BY_NAME[name].secret else repr(value)[:_SHOWN_CHARACTERS]
            if isinstance(problem, SecretProblem):
                shown = problem.shown
            self.problems.append(f"{origin}: {name} is {shown}. {problem}")
            return
        if base_folder is not None and isinstance(parsed, Path):
            parsed = base_folder / parsed
        self.values[name] = parsed
        self.origins[name] = origin

    def add_policy_setting(self, name: str, value: object, origin: str) -> None:
        """Set a policy setting, or note why its value cannot be used."""
        setting = policy_settings.BY_NAME[name]
        try:
            self.policy = policy_settings.with_value(
                self.policy, setting, setting.kind.parse(value)
            )
        except ValueProblem as problem:
            shown = repr(value)[:_SHOWN_CHARACTERS]
            self.problems.append(f"{origin}: policy.{name} is {shown}. {problem}")
            return
        self.origins[f"policy.{name}"] = origin

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Set every setting whose variable is set and not empty."""
        known = {setting.environment: setting.name for setting in SETTINGS}
        for variable, value in environ.items():
            if variable in known and value:
                self.add_setting(known[variable], value, variable)
            elif variable.startswith("TACTFUL_") and variable not in {*known, FILE_VARIABLE}:
                # Other programs may use this prefix, so only a likely misspelling is refused.
                name = nearest(variable.removeprefix("TACTFUL_").lower(), tuple(BY_NAME))
                if name is not None:
                    meant = BY_NAME[name].environment
                    self.problems.append(
                        f"{variable}: There is no such setting. Did you mean {meant}?"
                    )

    def add_file(self, path: Path, environ: Mapping[str, str]) -> None:
        """Set everything that a TOML file has; secrets of connectors may be in the environment."""
        try:
            source = path.read_text("utf-8")
            table = tomllib.loads(source)
        except OSError as error:
            self.problems.append(
                f"{path}: The file cannot be read: {error.strerror}. Name an existing file."
            )
            return
        except ValueError as error:  # not UTF-8, or not TOML; both errors name the position
            self.problems.append(f"{path}: The file is not TOML: {error}.")
            return
        policy = table.pop("policy", {})
        self._add_mappings(table.pop("mappings", {}), path, source)
        self._add_connectors(table.pop("connectors", {}), path, source, environ)
        for name, value in table.items():
            where = f"{path}:{line_of_setting(source, name)}"
            if name in BY_NAME:
                self.add_setting(name, value, where, path.parent)
            else:
                hint = _did_you_mean(name, (*BY_NAME, "policy", "mappings", "connectors"))
                self.problems.append(f"{where}: There is no setting {name!r}.{hint}")
        if not isinstance(policy, Mapping):
            where = f"{path}:{line_of_setting(source, 'policy')}"
            self.problems.append(f"{where}: policy is not a table. Write it as [policy].")
            return
        for name, value in policy_settings.flatten(policy).items():
            where = f"{path}:{line_of_setting(source, f'policy.{name}')}"
            if name in policy_settings.BY_NAME:
                self.add_policy_setting(name, value, where)
            else:
                hint = _did_you_mean(name, tuple(policy_settings.BY_NAME))
                self.problems.append(f"{where}: There is no policy setting {name!r}.{hint}")

    def _add_mappings(self, mappings: object, path: Path, source: str) -> None:
        """Set the mappings of imported tables; the import checks the names of their fields."""
        named = mappings.items() if isinstance(mappings, Mapping) else [("", None)]
        for name, columns in named:
            if isinstance(columns, Mapping) and all(isinstance(c, str) for c in columns.values()):
                self.mappings[name] = dict(columns)
                self.origins[f"mappings.{name}"] = (
                    f"{path}:{line_of_setting(source, f'mappings.{name}')}"
                )
            else:
                where = f"{path}:{line_of_setting(source, f'mappings.{name}'.rstrip('.'))}"
                self.problems.append(
                    f"{where}: A mapping is a table of columns. "
                    'Write [mappings.NAME], and sku = "Artikelnr" below it.'
                )

    def _add_connectors(
        self, connectors: object, path: Path, source: str, environ: Mapping[str, str]
    ) -> None:
        """Set the connectors; the server checks at its start that it knows their kinds."""
        named = connectors.items() if isinstance(connectors, Mapping) else [("", connectors)]
        for name, table in named:
            place = f"connectors.{name}"
            where = f"{path}:{line_of_setting(source, place.rstrip('.'))}"
            settings, problems = read_connector(name, table, path.parent, environ)
            self.problems += [f"{where}: {place}: {problem}" for problem in problems]
            if settings is not None:
                self.connectors[name] = settings
                self.origins[place] = where

    def finish(self, *, serving: bool) -> LoadedConfig:
        """Return the configuration.

        Raises:
            ConfigError: There are problems; it lists all of them.
        """
        if self.problems:
            raise ConfigError(self.problems)
        config = Config(
            **self.values, mappings=self.mappings, connectors=self.connectors, policy=self.policy
        )
        if serving and (errors := list(startup_errors(config))):
            raise ConfigError(errors)
        return LoadedConfig(config, self.origins, tuple(startup_warnings(config)))


def _did_you_mean(name: str, known: tuple[str, ...]) -> str:
    found = nearest(name, known)
    return f" Did you mean {found}?" if found else ""


_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"' -]+?)\s*=")


def line_of_setting(source: str, name: str) -> int:
    """Return the line that sets a dotted name in TOML source.

    `tomllib` gives no positions, so the lines are scanned for keys and table headers. For a name in
    an inline table, or one that is not set, it is the line of the nearest enclosing table, else 1.
    """
    table, best, depth = "", 1, 0
    for number, line in enumerate(source.splitlines(), 1):
        if header := _HEADER.match(line):
            table = f"{_without_quotes(header[1])}."
            found = _without_quotes(header[1])
        elif key := _KEY.match(line):
            found = table + _without_quotes(key[1])
        else:
            continue
        if (name == found or name.startswith(f"{found}.")) and len(found) > depth:
            best, depth = number, len(found)
    return best


def _without_quotes(key: str) -> str:
    return ".".join(part.strip(" \"'") for part in key.split("."))
