"""Diagnostics: what is wrong in a rule file, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from tactful.rulebook.source.codes import CODES, Severity


class Span(Struct, frozen=True):
    """A range of a file. Lines and columns count from 0; the end is exclusive."""

    path: str
    """The path as the caller named it."""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


class Diagnostic(Struct, frozen=True, order=True):
    """One finding. Lines and columns count from 1, as editors show them; the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    """A key of `source.codes.CODES`."""
    message: str
    """What is wrong: a clause that begins in lower case."""
    help: str = ""
    """What to do: an imperative, or `did you mean …?`."""

    @property
    def severity(self) -> Severity:
        """The severity of the code: an error prevents activation, a warning does not."""
        return CODES[self.code].severity


class Findings:
    """Collects the findings of a pass over rule files, each once."""

    def __init__(self) -> None:
        self.found: dict[Diagnostic, None] = {}
        """The findings as keys, in the order in which they were added."""

    def add(self, code: str, span: Span, message: str, help_text: str = "") -> None:
        """Add one finding.

        Args:
            code: a registered code.
            span: where the mistake is.
            message: what is wrong.
            help_text: what to do.

        Raises:
            KeyError: the code is not registered.
        """
        found = Diagnostic(
            span.path,
            span.line + 1,
            span.column + 1,
            span.end_line + 1,
            span.end_column + 1,
            CODES[code].id,
            message,
            help_text,
        )
        self.found[found] = None

    def merge(self, other: "Findings") -> None:
        """Add all findings of another collection."""
        self.found |= other.found

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return all findings by file, line and column."""
        return tuple(sorted(self.found))

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error."""
        return any(found.severity == "error" for found in self.found)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean 'x'?`, or "" when no known word is close."""
    names = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean '{names[close[0]]}'?" if close else ""
