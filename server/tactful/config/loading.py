"""Which value does each setting get from a file, the environment and the command line, and from where?

Rising precedence: the default, the TOML file, the environment, the command line.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tactful.config import policy_settings as limits
from tactful.config.schema import Config
from tactful.config.settings import BY_NAME, SETTINGS, nearest
from tactful.config.startup_checks import startup_errors, startup_warnings
from tactful.config.values import ValueProblem
from tactful.core.rules.policy import Policy

DEFAULT_FILE: Final = "tactful.toml"
"""The file that is read when none is named, if the working folder has one."""
FILE_VARIABLE: Final = "TACTFUL_CONFIG"
DEFAULT: Final = "default"


class ConfigError(Exception):
    """The settings cannot be used; `problems` has a line for each: what, where, what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LoadedConfig(Struct, frozen=True):
    """A configuration, and where each of its values comes from; `policy.<name>` for limits."""

    config: Config
    origins: dict[str, str]
    warnings: tuple[str, ...]


def load(
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Config:
    """The configuration from all sources; ConfigError with every problem otherwise."""
    return load_with_origins(file=file, environ=environ, flags=flags).config


def load_with_origins(
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
    serving: bool = True,
) -> LoadedConfig:
    """The same, with where each value comes from; what only a server must not do is no matter otherwise."""
    gathered = _Collector()
    environ = environ or {}
    if file is None and environ.get(FILE_VARIABLE):
        file = Path(environ[FILE_VARIABLE])
    if file is not None:
        gathered.add_file(file)
    gathered.add_environment(environ)
    for name, value in (flags or {}).items():
        if value is not None:
            gathered.add_setting(name, value, f"--{name.replace('_', '-')}")
    return gathered.finish(serving=serving)


class _Collector:
    """Values as they come in, the later over the earlier, and what was wrong with some."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.policy = Policy()
        self.origins: dict[str, str] = {}
        self.problems: list[str] = []

    def add_setting(self, name: str, value: object, origin: str, below: Path | None = None) -> None:
        """One setting."""
        try:
            meant = BY_NAME[name].kind.parse(value)
        except ValueProblem as problem:
            given = "***" if BY_NAME[name].secret else repr(value)[:80]
            self.problems.append(f"{origin}: {name} is {given}: {problem}")
            return
        if below is not None and isinstance(meant, Path):
            meant = below / meant
        self.values[name] = meant
        self.origins[name] = origin

    def add_policy_setting(self, name: str, value: object, origin: str) -> None:
        """One limit of the policy."""
        limit = limits.BY_NAME[name]
        try:
            self.policy = limits.with_value(self.policy, limit, limit.kind.parse(value))
        except ValueProblem as problem:
            self.problems.append(f"{origin}: policy.{name} is {repr(value)[:80]}: {problem}")
            return
        self.origins[f"policy.{name}"] = origin

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """`TACTFUL_*`; an empty one counts as unset."""
        known = {setting.environment: setting.name for setting in SETTINGS}
        for variable, value in environ.items():
            if variable in known and value:
                self.add_setting(known[variable], value, variable)
            elif variable.startswith("TACTFUL_") and variable not in {*known, FILE_VARIABLE}:
                # Others may put variables with this prefix there; only what looks misspelt is refused.
                hint = nearest(variable.removeprefix("TACTFUL_").lower(), tuple(BY_NAME))
                if hint:
                    meant = hint.removeprefix("; did you mean ").removesuffix("?")
                    wanted = BY_NAME[meant].environment
                    self.problems.append(f"{variable}: no such setting; did you mean {wanted}?")

    def add_file(self, path: Path) -> None:
        """A TOML file: settings at the top, limits under `[policy]`."""
        try:
            source = path.read_text("utf-8")
            table = tomllib.loads(source)
        except OSError as error:
            self.problems.append(
                f"{path}: cannot be read: {error.strerror}; name a file that is there"
            )
            return
        except ValueError as error:  # not UTF-8, or not TOML: both say where
            self.problems.append(f"{path}: is not TOML: {error}")
            return
        given = table.pop("policy", {})
        for name, value in table.items():
            where = f"{path}:{line_of_setting(source, name)}"
            if name in BY_NAME:
                self.add_setting(name, value, where, path.parent)
            else:
                known = (*BY_NAME, "policy")
                self.problems.append(f"{where}: no setting {name!r}{nearest(name, known)}")
        if not isinstance(given, Mapping):
            self.problems.append(
                f"{path}:{line_of_setting(source, 'policy')}: policy is a table: [policy]"
            )
            return
        for name, value in limits.flatten(given).items():
            where = f"{path}:{line_of_setting(source, f'policy.{name}')}"
            if name in limits.BY_NAME:
                self.add_policy_setting(name, value, where)
            else:
                hint = nearest(name, tuple(limits.BY_NAME))
                self.problems.append(f"{where}: no limit {name!r} in the policy{hint}")

    def finish(self, *, serving: bool) -> LoadedConfig:
        """The configuration, or every problem at once."""
        if self.problems:
            raise ConfigError(self.problems)
        config = Config(**self.values, policy=self.policy)
        if serving and (refused := list(startup_errors(config))):
            raise ConfigError(refused)
        return LoadedConfig(config, self.origins, tuple(startup_warnings(config)))


_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"' -]+?)\s*=")


def line_of_setting(source: str, name: str) -> int:
    """The line on which a dotted name, or the nearest table above it, is set; 1 if none is."""
    table, best, depth = "", 1, 0
    for number, line in enumerate(source.splitlines(), 1):
        if header := _HEADER.match(line):
            table = f"{_bare(header[1])}."
            found = _bare(header[1])
        elif key := _KEY.match(line):
            found = table + _bare(key[1])
        else:
            continue
        if (name == found or name.startswith(f"{found}.")) and len(found) > depth:
            best, depth = number, len(found)
    return best


def _bare(key: str) -> str:
    return ".".join(part.strip(" \"'") for part in key.split("."))
