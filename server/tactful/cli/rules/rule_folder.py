"""Rule files and tests that the arguments of a `tactful rules` command select."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.options import load_config, parse_instant
from tactful.core.facts import fact_codec
from tactful.rulebook.compiler import CompiledRulebook, compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.fact_set import FactSet
from tactful.runtime.services.rule_source_folder import (
    TEST_SUFFIXES,
    RulesUnreadableError,
    list_rule_files,
)

_FOLDER: Final = Path("rules")


class RuleFiles(Struct, frozen=True):
    """The rule files and test files of a rulebook, and the selected ones among them."""

    rules: tuple[RuleSource, ...]
    tests: tuple[RuleSource, ...]
    selected: frozenset[str]
    """Paths that the arguments name, by themselves or by their folder."""
    passed_over: tuple[str, ...] = ()
    """Files that are not read, each with the reason."""

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
        CommandError: A path does not exist or cannot be read, no path is named and there is no rules
            folder, or the settings cannot be used.
    """
    asked = paths or [_default(options)]
    found: dict[Path, None] = {}
    passed_over: dict[str, None] = {}
    for path in asked:
        if not path.exists():
            raise CommandError(
                f"{path}: This path does not exist. Name a rule file or a folder of rule files."
            )
        try:
            listing = list_rule_files(path if path.is_dir() else path.parent)
        except RulesUnreadableError as error:
            raise CommandError(str(error)) from None
        found.update(dict.fromkeys(sorted((*listing.rules, *listing.tests))))
        passed_over.update((f"{one.as_posix()}: {why}", None) for one, why in listing.passed_over)
    named = {path for path in found if any(_is_within(path, one) for one in asked)}
    named |= {path for path in asked if path.is_file()}
    found.update(dict.fromkeys(sorted(named)))
    sources = [RuleSource(path.as_posix(), path.read_bytes()) for path in found]
    return RuleFiles(
        tuple(source for source in sources if not source.path.endswith(TEST_SUFFIXES)),
        tuple(source for source in sources if source.path.endswith(TEST_SUFFIXES)),
        frozenset(path.as_posix() for path in named),
        tuple(passed_over),
    )


def _default(options: dict[str, Any]) -> Path:
    """Return the folder of the settings, else `rules` in the working folder.

    Raises:
        CommandError: There is neither.
    """
    if folder := load_config(options).rules:
        return folder
    if not _FOLDER.is_dir():
        raise CommandError(
            f"There is no rules folder: the setting `rules` is not set, and {Path().absolute()} has no"
            " folder `rules`. Name the rule file or the folder of rule files."
        )
    return _FOLDER


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
        facts: File of facts, one JSON object a line, against which prices and names are checked.

    Raises:
        CommandError: The facts or the settings cannot be used.
        click.BadParameter: `at` is not an instant.
    """
    known = read_facts(facts) if facts else FactSet()
    return compile_rulebook(
        files,
        now=parse_instant(at),
        policy=load_config(options).policy,
        catalogue=known.items(),
        customers=known.customers(),
    )


def read_facts(path: Path) -> FactSet:
    """Read a file of facts, one JSON object a line.

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
    return facts


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
