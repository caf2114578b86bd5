"""What is wrong with a rule file, where, and what would mend it?"""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from tactful.rulebook.source.codes import CODES, Severity


class Span(Struct, frozen=True):
    """A place in a file; lines and columns count from 0, the end is exclusive."""

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


class Diagnostic(Struct, frozen=True, order=True):
    """One finding; `line` and `column` count from 1, as editors show them."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    help: str = ""

    @property
    def severity(self) -> Severity:
        """`error`, or `warning` for what does not keep a rulebook from being used."""
        return CODES[self.code].severity


class Findings:
    """Collects every finding of one pass, once each."""

    def __init__(self) -> None:
        self.found: dict[Diagnostic, None] = {}
        """In the order of the pass."""

    def add(self, code: str, span: Span, message: str, help_text: str = "") -> None:
        """Notes one finding; `code` must be registered."""
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
        """Takes over what another pass found."""
        self.found |= other.found

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings, by place."""
        return tuple(sorted(self.found))

    @property
    def has_errors(self) -> bool:
        """Whether anything was found that keeps the rulebook from being used."""
        return any(found.severity == "error" for found in self.found)


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or nothing when no known word is close."""
    close = get_close_matches(word.lower(), {name.lower(): name for name in known}, n=1, cutoff=0.6)
    names = {name.lower(): name for name in known}
    return f"did you mean '{names[close[0]]}'?" if close else ""
