"""The folder of rule files on disk: which of its files are read, and their text.

The server and every command list the files of a folder with `list_rule_files`.
"""

import os
from pathlib import Path
from typing import Final

from msgspec import Struct

from tactful.rulebook.source.tree import RuleSource

SUFFIXES: Final = (".yaml", ".yml")
TEST_SUFFIXES: Final = (".test.yaml", ".test.yml")
READ_ATTEMPTS: Final = 3
"""Attempts to read a folder whose files are being replaced."""


class RulesUnreadableError(Exception):
    """The rules folder is missing or cannot be read; the message says which file, and why."""


class RuleFileListing(Struct, frozen=True):
    """The files of a rules folder; each list is in the order of the paths."""

    rules: tuple[Path, ...]
    tests: tuple[Path, ...]
    passed_over: tuple[tuple[Path, str], ...]
    """Files and linked folders that are not read, each with the reason."""


class RuleSourceFolder:
    """Reads the rule files of one shop. Its methods block, so they run beside the event loop."""

    def __init__(self, folder: Path | None) -> None:
        """Read from `folder`; None: there are no rule files."""
        self._folder = folder

    @property
    def is_configured(self) -> bool:
        """Whether the shop has a rules folder at all."""
        return self._folder is not None

    def sources(self) -> list[RuleSource]:
        """Return the rule files with their text.

        Raises:
            RulesUnreadableError: The folder is missing, or a file in it cannot be read.
        """
        return read_rule_sources(self._folder) if self._folder else []

    def passed_over(self) -> list[str]:
        """Return the files that are not read, each with the reason."""
        if self._folder is None:
            return []
        found = list_rule_files(self._folder).passed_over
        return [f"{path.relative_to(self._folder).as_posix()}: {reason}" for path, reason in found]

    def stamp(self) -> object:
        """Return a value that changes whenever a rule file does: by time, size or file number."""
        stamps = []
        try:
            paths = list_rule_files(self._folder).rules if self._folder else ()
        except RulesUnreadableError as error:
            return str(error)
        for path in paths:
            try:
                stat = path.stat()
            except OSError as error:
                stamps.append((str(path), error.errno or 0, 0, 0))
            else:
                stamps.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return stamps


def list_rule_files(folder: Path) -> RuleFileListing:
    """Return the rule files and rule tests of a folder, and the files that are passed over.

    Linked files are followed, linked folders are not. A path of which a part starts with a dot is
    passed over, so that a folder which Kubernetes mounts from a ConfigMap counts once.

    Raises:
        RulesUnreadableError: The folder does not exist, is no folder, or cannot be read.
    """
    if not folder.is_dir():
        raise RulesUnreadableError(f"The rules folder {folder} does not exist.")
    rules, tests = list[Path](), list[Path]()
    passed_over = list[tuple[Path, str]]()
    for place, folders, files in os.walk(folder, onerror=_refuse, followlinks=False):
        here = Path(place)
        links = [here / name for name in folders if (here / name).is_symlink()]
        passed_over += [(path, "linked folders are not followed") for path in links]
        for path in (here / name for name in files):
            if reason := _reason_to_pass_over(path, folder):
                passed_over.append((path, reason))
            else:
                (tests if path.name.endswith(TEST_SUFFIXES) else rules).append(path)
    return RuleFileListing(tuple(sorted(rules)), tuple(sorted(tests)), tuple(sorted(passed_over)))


def _refuse(error: OSError) -> None:
    raise RulesUnreadableError(f"{error.filename} cannot be read: {error.strerror}.")


def _reason_to_pass_over(path: Path, folder: Path) -> str | None:
    hidden = [part for part in path.relative_to(folder).parts if part.startswith(".")]
    if hidden:
        return f"{hidden[0]} starts with a dot"
    if path.suffix not in SUFFIXES:
        return "the name does not end in .yaml or .yml"
    if not path.exists():
        return "the link leads nowhere"
    return None if path.is_file() else "it is not a file"


def read_rule_sources(folder: Path) -> list[RuleSource]:
    """Return the rule files of a folder with their text; paths are relative to the folder.

    Raises:
        RulesUnreadableError: The folder is missing, or a file in it cannot be read.
    """
    problem = ""
    for _ in range(READ_ATTEMPTS):
        try:
            return [
                RuleSource(path.relative_to(folder).as_posix(), path.read_bytes())
                for path in list_rule_files(folder).rules
            ]
        except OSError as error:  # a file can be deleted between the listing and the reading
            problem = f"{error.filename} cannot be read: {error.strerror}."
    raise RulesUnreadableError(problem)
