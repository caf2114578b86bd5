"""A last write on a connection, followed by a half-close."""

import asyncio


def write_and_close(transport: asyncio.Transport, data: bytes) -> None:
    """Write `data` and end our side of the stream, so that the client can still read it.

    A full close with unread input would reset the connection, and the client would lose `data`.
    """
    if transport.is_closing():
        return
    transport.write(data)
    try:
        transport.write_eof()
    except OSError:  # the client has gone already
        transport.abort()
