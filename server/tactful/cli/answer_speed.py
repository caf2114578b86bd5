"""How fast the server answered, as `tactful report` shows it."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from tactful.cli.shared.output import print_line, print_table

COLUMNS: Final = ("answered", "answers", "half within", "19 in 20 within", "99 in 100 within")
TITLE: Final = "How fast the server answered"


def print_response_times(found: Sequence[Mapping[str, Any]]) -> None:
    """Print response times; nothing where nothing was answered.

    Args:
        found: `response_times` of `GET /v1/report`.
    """
    if found:
        print_line("")
        print_line(f"{TITLE}:")
        print_table(COLUMNS, map(_cells, found))


def response_section(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield response times as HTML; nothing where nothing was answered."""
    if not found:
        return
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in COLUMNS)
    yield (
        f'<section><h2>{TITLE}</h2><div class="scroll" role="region" tabindex="0"'
        f' aria-label="{TITLE}"><table><thead><tr>{head}</tr></thead><tbody>'
    )
    for one in found:
        cells = "".join(f"<td>{escape(text)}</td>" for text in _cells(one))
        yield f"<tr>{cells}</tr>"
    yield (
        '</tbody></table></div><p class="dim">From the receipt of a signal to the frame that answers'
        " it, and from the receipt of a fact to the last shopper notified.</p></section>"
    )


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    times = (f"{one[name]:,.1f} ms" for name in ("p50_ms", "p95_ms", "p99_ms"))
    return (f"{one['of']} {one['kind']}", f"{one['answers']:,}", *times)
