"""Rule files and tests that the arguments of a `tactful rules` command select."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.options import load_config, parse_instant
from tactful.core.facts import fact_codec
from tactful.core.facts.item import Item
from tactful.rulebook.compiler import CompiledRulebook, compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.fact_set import FactSet

TEST_SUFFIXES: Final = (".test.yaml", ".test.yml")
_SUFFIXES: Final = (".yaml", ".yml")
_FOLDER: Final = Path("rules")


class RuleFiles(Struct, frozen=True):
    """The rule files and test files of a rulebook, and the selected ones among them."""

    rules: tuple[RuleSource, ...]
    tests: tuple[RuleSource, ...]
    selected: frozenset[str]
    """Paths that the arguments name, by themselves or by their folder."""

    @property
    def texts(self) -> dict[str, bytes]:
        """Path of each file → its content."""
        return {source.path: source.text for source in (*self.rules, *self.tests)}


def collect_files(paths: Sequence[Path], options: dict[str, Any]) -> RuleFiles:
    """Read the rulebook that the arguments select.

    A rulebook is read completely or not at all: for a named file, all files of its folder are read.

    Args:
        paths: Files and folders from the command line; none: the folder of the settings.
        options: Options from `setting_options`.

    Raises:
        CommandError: A path does not exist, or the settings cannot be used.
    """
    asked = paths or [_default(options)]
    found: dict[Path, None] = {}
    for path in asked:
        if not path.exists():
            raise CommandError(
                f"{path}: This path does not exist. Name a rule file or a folder of rule files."
            )
        folder = path if path.is_dir() else path.parent
        found.update(dict.fromkeys(_files(folder)))
    named = {path for path in found if any(_is_within(path, one) for one in asked)}
    named |= {path for path in asked if path.is_file()}
    found.update(dict.fromkeys(sorted(named)))
    sources = [RuleSource(path.as_posix(), path.read_bytes()) for path in found]
    return RuleFiles(
        tuple(source for source in sources if not source.path.endswith(TEST_SUFFIXES)),
        tuple(source for source in sources if source.path.endswith(TEST_SUFFIXES)),
        frozenset(path.as_posix() for path in named),
    )


def _default(options: dict[str, Any]) -> Path:
    """Return the folder of the settings, else `rules` where it exists, else this folder."""
    return load_config(options).rules or (_FOLDER if _FOLDER.is_dir() else Path())


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _is_within(path: Path, asked: Path) -> bool:
    return path == asked or (asked.is_dir() and asked in path.parents)


def compile_files(
    files: Sequence[RuleSource],
    options: dict[str, Any],
    at: str | None = None,
    facts: Path | None = None,
) -> CompiledRulebook:
    """Compile rule files under the policy of the settings.

    Args:
        files: The rule files.
        options: Options from `setting_options`.
        at: Instant for which the rules are checked, as RFC 3339; None: now.
        facts: File of facts, one JSON object a line, against which prices are checked.

    Raises:
        CommandError: The facts or the settings cannot be used.
        click.BadParameter: `at` is not an instant.
    """
    return compile_rulebook(
        files,
        now=parse_instant(at),
        policy=load_config(options).policy,
        catalogue=read_catalogue(facts) if facts else None,
    )


def read_catalogue(path: Path) -> dict[str, Item]:
    """Read a file of facts, one JSON object a line, and return the items by SKU.

    Raises:
        CommandError: A line is not a fact.
    """
    facts = FactSet()
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            fact = fact_codec.decode(line)
            if isinstance(fact, fact_codec.FactRejection):
                raise CommandError(f"{path}:{number}: {fact.message}")
            facts.add(fact, 0)
    return facts.items()


def require_rulebook(found: CompiledRulebook) -> CompiledRulebook:
    """Return `found` where it holds a rulebook.

    Raises:
        CommandError: The rule files have errors; it names the first.
    """
    if found.rulebook is None:
        first = next(one for one in found.diagnostics if one.severity == "error")
        raise CommandError(
            f"{first.path}:{first.line}:{first.column}: {first.code} {first.message}",
            "The rule files have errors. `tactful rules check` lists all of them.",
        )
    return found
