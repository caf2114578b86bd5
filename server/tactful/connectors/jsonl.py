"""Which facts are in a file of JSON Lines?"""

from collections.abc import Iterator

from tactful.connectors.byte_sources import Source
from tactful.connectors.results import Bad, Row, Terms, judge_raw


def rows(source: Source, _: Terms) -> Iterator[Row]:
    """A fact a line; empty lines are nothing."""
    for number, line in enumerate(source.stream(), 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if number == 1 and text.startswith(b"["):
            yield Bad(1, "This is a JSON array; write a fact a line, as `jq -c '.[]'` does")
            return
        if text:
            yield judge_raw(number, text)
