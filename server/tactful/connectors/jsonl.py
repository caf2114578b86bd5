"""Reader of facts as JSON Lines."""

from collections.abc import Iterator

from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import BadRow, ImportTerms, Row, decode_or_error


def jsonl_rows(source: ByteSource, _: ImportTerms) -> Iterator[Row]:
    """Yield the fact of each line; empty lines are left out.

    A line is a fact exactly as `POST /v1/facts` accepts it.
    """
    for number, line in enumerate(_lines(source), 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if number == 1 and text.startswith(b"["):
            yield BadRow(
                1, "The file is a JSON array. Write one fact on each line, as `jq -c '.[]'` does."
            )
            return
        if text:
            yield decode_or_error(number, text)


def _lines(source: ByteSource) -> Iterator[bytes]:
    """Yield the lines as UTF-8; bytes that are not UTF-8 stay, for the check of the fact."""
    if source.encoding() == "utf-8-sig":
        yield from source.stream()
        return
    with source.text() as text:
        yield from (line.encode() for line in text)
