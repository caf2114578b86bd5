"""Which facts are in a file of JSON Lines?"""

from collections.abc import Iterator

from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import BadRow, ImportTerms, Row, decode_or_error


def jsonl_rows(source: ByteSource, _: ImportTerms) -> Iterator[Row]:
    """A fact a line; empty lines are nothing."""
    for number, line in enumerate(source.stream(), 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if number == 1 and text.startswith(b"["):
            yield BadRow(1, "This is a JSON array; write a fact a line, as `jq -c '.[]'` does")
            return
        if text:
            yield decode_or_error(number, text)
