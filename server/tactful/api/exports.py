"""The text of a customer's export, written row by row."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import msgspec

from tactful.api import representations as views
from tactful.api.offer_words import offer_in_words
from tactful.runtime.ports.customer_data import EXPORT_PARTS

CHUNK_BYTES: Final = 16_384
"""Bytes that are sent at once. A write for each row would take longer than the row."""


async def export_text(
    customer: str, first: tuple[str, object], rows: AsyncGenerator[tuple[str, object], None]
) -> AsyncIterator[bytes]:
    """Yield the JSON object of an export, with an array for each part and all instants in RFC 3339.

    Args:
        customer: The shop's id of the customer.
        first: The first (part, row).
        rows: The (part, row) pairs that follow, in the order of `EXPORT_PARTS`.
    """
    async with aclosing(rows):
        gathered = bytearray()
        async for text in _parts(customer, first, rows):
            gathered += text
            if len(gathered) >= CHUNK_BYTES:
                yield bytes(gathered)
                gathered.clear()
        yield bytes(gathered)


async def _parts(
    customer: str, row: tuple[str, object] | None, rows: AsyncGenerator[tuple[str, object], None]
) -> AsyncIterator[bytes]:
    yield b'{"customer":' + msgspec.json.encode(customer)
    for part in EXPORT_PARTS:
        yield b',"%s":' % part.encode()
        is_list = part != "contact"
        comma = b"[" if is_list else b""
        count = 0
        while row is not None and row[0] == part:
            yield comma + msgspec.json.encode(_shown(part, row[1]))
            comma, count = b",", count + 1
            row = await anext(rows, None)
        if is_list:
            yield b"]" if count else b"[]"
        elif not count:
            yield b"null"
    yield b"}"


def _shown(part: str, row: object) -> object:
    """Return a row with instants in RFC 3339; an offer also says in words how it came about."""
    shown = views.export(row)
    if part == "offers" and isinstance(row, dict):
        shown["in_words"] = offer_in_words(row)
    return shown
