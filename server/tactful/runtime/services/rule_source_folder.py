"""The folder of rule files on disk."""

from pathlib import Path
from typing import Final

from tactful.rulebook.source.tree import RuleSource

SUFFIXES: Final = (".yaml", ".yml")


class RuleSourceFolder:
    """Reads the rule files of one shop. Its methods block, so they run beside the event loop."""

    def __init__(self, folder: Path | None) -> None:
        """Read from `folder`; None: there are no rule files."""
        self._folder = folder

    @property
    def exists(self) -> bool:
        """Whether the shop has a rules folder at all."""
        return self._folder is not None

    def sources(self) -> list[RuleSource]:
        """Return the rule files with their text."""
        return read_rule_sources(self._folder) if self._folder else []

    def stamp(self) -> object:
        """Return a value that changes whenever a rule file does: by time, size or file number."""
        stamps = []
        for path in rule_file_paths(self._folder) if self._folder else []:
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            stamps.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return stamps


def rule_file_paths(folder: Path) -> list[Path]:
    """Return the rule files of a folder in a fixed order, without rule tests and hidden files."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in SUFFIXES
        and path.is_file()
        and not path.name.endswith((".test.yaml", ".test.yml"))
        and not path.name.startswith(".")
    )


def read_rule_sources(folder: Path) -> list[RuleSource]:
    """Return the rule files of a folder with their text; paths are relative to the folder."""
    sources = []
    for path in rule_file_paths(folder):
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            continue  # deleted since the listing: the next look at the folder finds that out
        sources.append(RuleSource(path.relative_to(folder).as_posix(), text))
    return sources
