"""Reader of facts as JSON Lines."""

from collections.abc import Iterator
from typing import Final

from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.results import BadRow, ImportTerms, Row, decode_or_error

_ARRAY: Final = "The file is a JSON array. Write one fact on each line, as `jq -c '.[]'` does."
_START: Final = 512
"""Characters in which the file begins, which may be blanks."""


def jsonl_rows(source: ByteSource, _: ImportTerms) -> Iterator[Row]:
    """Yield the fact of each line; empty lines are left out.

    A line is a fact exactly as `POST /v1/facts` accepts it.
    """
    with source.text() as start:
        if start.read(_START).lstrip().startswith("["):
            yield BadRow(1, _ARRAY)
            return
    for number, line in enumerate(_lines(source), 1):
        if line is None:
            yield BadRow(number, source.limits.long_row("line"))
            continue
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if text:
            yield decode_or_error(number, text)


def _lines(source: ByteSource) -> Iterator[bytes | None]:
    """Yield the lines as UTF-8; bytes that are not UTF-8 stay, for the check of the fact."""
    if source.encoding() == "utf-8-sig":
        yield from source.raw_lines()
    else:
        yield from (line if line is None else line.encode() for line in source.lines())
