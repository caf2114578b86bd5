"""Writes the last words on a connection and ends our side of it."""

import asyncio


def write_and_close(transport: asyncio.Transport, words: bytes) -> None:
    """Write and half-close, so that the peer can still read: a reset would lose the words."""
    if transport.is_closing():
        return
    transport.write(words)
    try:
        transport.write_eof()
    except OSError:  # the peer has gone already; nobody will read them
        transport.abort()
