"""Reports of facts, split into single facts while they arrive.

A report of 100,000 facts has 15 MB. Splitting all of it at once would block the event loop for 20 ms, in
which no shopper is served; a piece takes 0.1 ms.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.requests import Request

from tactful.api.bodies import read_parts, split_array

PIECE_BYTES: Final = 65_536
"""Bytes that are split at once."""
MOST_FAILURES: Final = 4
"""Pieces of an array that could not be split, after which all of it is split at its end."""
JSON_LINES: Final = frozenset({"application/x-ndjson", "application/jsonl", "application/ndjson"})
"""The three media types that are in use for JSON Lines."""
_SPACE: Final = b" \t\n\r"
_BEGINNING: Final = re.compile(rb"[ \t\n\r]*\[[ \t\n\r]*(\{[ \t\n\r]*\"[^\"\\]{1,64}\")")
"""The beginning of an array of objects, and the first key of its first object."""

EncodedFact = msgspec.Raw | bytes


async def read_facts(request: Request, pause: Callable[[], Awaitable[None]]) -> list[EncodedFact]:
    """Return the facts of a report, still encoded, so that one bad fact does not reject the others.

    Args:
        request: The request; its body is a JSON array, or JSON Lines.
        pause: Called after each piece of the body.

    Raises:
        ProblemError: 400: the body is neither of the two. 413: it is too large. 415: it is compressed.
        ClientDisconnect: The client closed the connection before the end of the body.
    """
    content_type = request.headers.get("content-type", "")
    is_lines = content_type.partition(";")[0].strip().lower() in JSON_LINES
    splitter = LineSplitter() if is_lines else ArraySplitter()
    async for part in read_parts(request):
        for start in range(0, len(part), PIECE_BYTES):
            splitter.add(part[start : start + PIECE_BYTES])
            await pause()
    return splitter.finish()


class LineSplitter:
    """Splits JSON Lines."""

    def __init__(self) -> None:
        self._facts: list[EncodedFact] = []
        self._rest = b""
        """The beginning of a line whose end has not arrived yet."""

    def add(self, part: bytes) -> None:
        """Split the lines that end in the next part of the body."""
        before, newline, after = part.rpartition(b"\n")
        if newline:
            self._facts += _lines(self._rest + before)
            self._rest = after
        else:
            self._rest += part

    def finish(self) -> list[EncodedFact]:
        """Return all facts; the body is complete."""
        return self._facts + _lines(self._rest)


def _lines(text: bytes) -> list[EncodedFact]:
    return [line for line in text.split(b"\n") if line.strip()]


class ArraySplitter:
    """Splits a JSON array into its elements, which are objects that begin with the same key.

    The array is cut before an object that begins as the first one does. A piece that ends there is a
    JSON array of its own only if the cut is between two elements: a cut within an element would leave a
    string or a bracket open. So the result is that of the whole array. An array that cannot be cut is
    split at its end.
    """

    def __init__(self) -> None:
        self._facts: list[EncodedFact] = []
        self._done: list[bytes] = []
        """The bytes before the rest; they are needed again if the rest is no JSON."""
        self._rest = bytearray()
        self._head: bytes | None = None
        """How each object begins; None: not known yet, or the array cannot be cut."""
        self._is_begun = False
        self._failures = 0
        """Pieces that could not be split since the last one that could."""

    def add(self, part: bytes) -> None:
        """Split the elements that end before the last object of the next part of the body."""
        self._rest += part
        if len(self._rest) < PIECE_BYTES:
            return
        if not self._is_begun:
            self._begin()
        if self._head is not None:
            self._cut(self._head)

    def finish(self) -> list[EncodedFact]:
        """Return all facts; the body is complete.

        Raises:
            ProblemError: See `split_array`.
        """
        if self._facts:
            try:
                return self._facts + _elements(b"[" + self._rest)
            except _NO_JSON:
                pass
        return split_array(b"".join((*self._done, self._rest)))

    def _begin(self) -> None:
        """Find out how the objects of the array begin."""
        self._is_begun = True
        found = _BEGINNING.match(self._rest)
        if found is not None:
            self._head = bytes(found[1])
            self._move(found.start(1))

    def _cut(self, head: bytes) -> None:
        """Split what precedes the last object that begins like the first one."""
        start = self._rest.rfind(head, 1)
        before = bytes(self._rest[: max(start, 0)]).rstrip(_SPACE)
        try:
            if before.endswith(b","):
                self._facts += _elements(b"[" + before[:-1] + b"]")
                self._move(start)
                self._failures = 0
                return
        except _NO_JSON:
            pass
        self._failures += 1
        if self._failures == MOST_FAILURES:
            self._head = None

    def _move(self, size: int) -> None:
        """Move bytes from the beginning of the rest to those that are done."""
        self._done.append(bytes(self._rest[:size]))
        del self._rest[:size]


_NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _elements(array: bytes) -> list[EncodedFact]:
    return list(msgspec.json.decode(array, type=list[msgspec.Raw]))
