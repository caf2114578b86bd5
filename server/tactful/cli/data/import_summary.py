"""Report of an import, as text and as JSON."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.cli.data.fact_spool import FactSpool
from tactful.cli.data.import_changes import ImportChanges
from tactful.cli.data.import_completeness import Absence
from tactful.cli.shared.output import print_line
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.formats import FileFormat
from tactful.connectors.files.results import BadRow
from tactful.core.values.counts import counted

MAX_BAD_ROWS: Final = 1_000
"""Bad rows of a file that are named; the others are counted. It bounds memory for a file of bad rows."""
_MAX_LINES: Final = 20
"""Bad rows and messages of a file, and refused facts, that are printed; `--json` has more of them."""
_NAMED_LINES: Final = 3
"""Lines that are named for each message."""
_MAX_MESSAGES: Final = 1_000
"""Different messages that are counted one by one; bounds memory for a file of unknown words."""


class MessageCount(Struct):
    """How often a message applies, and the first lines to which the message applies."""

    count: int = 0
    lines: list[int] = []


class MessageCounts:
    """Counts of equal messages, in the order of their first line."""

    def __init__(self) -> None:
        self.total = 0
        self._counts: dict[str, MessageCount] = {}

    def add(self, line: int, message: str) -> None:
        """Count a message that applies to a line."""
        self.total += 1
        if message not in self._counts and len(self._counts) >= _MAX_MESSAGES:
            message = "Further messages are not named one by one."
        found = self._counts.setdefault(message, MessageCount())
        found.count += 1
        if len(found.lines) < _NAMED_LINES:
            found.lines.append(line)

    def texts(self) -> list[str]:
        """Return one line of text for each message."""
        return [
            f"{each.count:,} × {message} ({_lines_text(each)})"
            for message, each in self._counts.items()
        ]

    def to_json(self) -> list[dict[str, Any]]:
        """Return the messages with `count` and the first `lines`."""
        return [
            {"message": message, "count": each.count, "lines": each.lines}
            for message, each in self._counts.items()
        ]


def _lines_text(found: MessageCount) -> str:
    shown = ", ".join(f"{line:,}" for line in found.lines)
    label = "line" if found.count == 1 else "lines"
    return f"{label} {shown}" + (", …" if found.count > len(found.lines) else "")


class CheckedFile(Struct, frozen=True):
    """A file that was read and checked completely."""

    source: ByteSource
    form: FileFormat
    bad: tuple[BadRow, ...]
    """The first bad rows, at most `MAX_BAD_ROWS`."""
    bad_count: int
    """How many bad rows the file has."""
    skipped: MessageCounts
    """Why rows are left out."""
    notes: MessageCounts
    """Values that were unknown, assumed or left out."""
    kinds: dict[str, int]
    """Type of fact → how many the file holds."""
    spool: FactSpool
    """The facts."""


class ImportResult(Struct):
    """How many facts the receiver accepted, ignored and rejected."""

    accepted: int = 0
    ignored: int = 0
    """Facts that were stored already, or older than the stored ones."""
    unchanged: int = 0
    """Those of the ignored facts whose content was in force already."""
    ended: int = 0
    """Facts that a complete file does not contain any more, and that are reported as gone."""
    rejected: list[str] = []
    """One line for each rejected fact: file, line and reason."""
    erased: list[str] = []
    """One line for each fact about an erased customer. Such facts do not fail an import."""


def print_findings(checked: list[CheckedFile]) -> None:
    """Print the bad rows of all files, and the files without facts, to standard error."""
    for each in checked:
        for bad in each.bad[:_MAX_LINES]:
            print_line(f"{each.source.name}:{bad.line}: {bad.message}", err=True)
        if each.bad_count > _MAX_LINES:
            more = each.bad_count - _MAX_LINES
            print_line(f"{each.source.name}: and {counted(more, 'more bad row')}.", err=True)
        if not each.kinds:
            message = f"No facts were found. The file was read as {each.form.title}."
            print_line(f"{each.source.name}: {message}", err=True)


def json_report(
    checked: list[CheckedFile],
    sent: ImportResult,
    absences: list[Absence],
    changes: ImportChanges | None,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    """Return the whole report as plain data; `changes` is null where they are not known."""
    shown = [
        {
            "file": each.source.name,
            "format": each.form.name,
            "facts": each.kinds,
            "skipped": each.skipped.total,
            "left_out": each.skipped.to_json(),
            "notes": each.notes.to_json(),
            "bad": [{"line": bad.line, "message": bad.message} for bad in each.bad],
            "bad_count": each.bad_count,
        }
        for each in checked
    ]
    missing = msgspec.to_builtins(absences)
    report = {"dry_run": dry_run, "files": shown, "missing": missing, **msgspec.to_builtins(sent)}
    return report | ({"changes": msgspec.to_builtins(changes)} if dry_run else {})


def print_summary(
    checked: list[CheckedFile],
    sent: ImportResult,
    absences: list[Absence],
    changes: ImportChanges | None,
    *,
    dry_run: bool,
    seconds: float,
) -> None:
    """Print a summary of each file and the outcome of the import.

    Args:
        checked: The files.
        sent: What the receiver answered.
        absences: What complete files do not contain any more.
        changes: What a dry run found out about the receiver; None: nothing.
        dry_run: Whether nothing should be sent.
        seconds: How long the import took.
    """
    for each in checked:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in each.kinds.items()) or "no facts"
        skipped = f", {counted(each.skipped.total, 'row')} left out" if each.skipped.total else ""
        print_line(f"{each.source.name}: {each.form.title}: {kinds}{skipped}")
        _print_messages(each)
    empty = not all(each.kinds for each in checked)
    bad = sum(each.bad_count for each in checked)
    for absence in absences:
        print_line(f"Not sold any more: {absence.text()}")
    for line in (sent.rejected + sent.erased)[:_MAX_LINES]:
        print_line(line, err=True)
    if dry_run:
        if changes is not None:
            print_line(changes.text())
        rows = counted(bad, "bad row") if bad else "All rows are valid"
        print_line(f"{'No facts were found' if empty and not bad else rows}. Nothing was sent.")
    elif empty and not bad and not sent.accepted + sent.ignored:
        print_line("A file without facts stops the import. Nothing was imported.")
    elif bad and not sent.accepted + sent.ignored:
        print_line(
            f"{counted(bad, 'bad row')}. Nothing was imported. Correct the rows, or add --skip-bad."
        )
    else:
        erased = f"{len(sent.erased):,} about erased customers, " if sent.erased else ""
        print_line(
            f"{counted(sent.accepted, 'fact')} accepted, {sent.ignored:,} already known, {erased}"
            f"{len(sent.rejected):,} rejected, {counted(bad, 'bad row')} left out, in {seconds:.1f} s."
        )


def _print_messages(file: CheckedFile) -> None:
    texts = [f"left out: {text}" for text in file.skipped.texts()] + file.notes.texts()
    for text in texts[:_MAX_LINES]:
        print_line(f"  {text}")
    if len(texts) > _MAX_LINES:
        print_line(
            f"  and {counted(len(texts) - _MAX_LINES, 'more message')}; --json has all of them."
        )
