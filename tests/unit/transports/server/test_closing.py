"""A last write on a connection."""

import asyncio
from typing import Any, cast

import pytest

from tactful.transports.server.closing import write_and_close


class Recorded:
    """A transport that records its calls."""

    def __init__(self, *, closing: bool = False, gone: bool = False) -> None:
        self.calls: list[Any] = []
        self._closing = closing
        self._gone = gone

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def write_eof(self) -> None:
        if self._gone:
            raise OSError("the client has gone")
        self.calls.append("eof")

    def abort(self) -> None:
        self.calls.append("abort")


@pytest.mark.parametrize(
    ("transport", "calls"),
    [
        (Recorded(), [b"last", "eof"]),
        (Recorded(closing=True), []),
        (Recorded(gone=True), [b"last", "abort"]),
    ],
    ids=["open", "already closing", "client gone"],
)
def test_the_last_bytes_are_written_before_our_side_ends(
    transport: Recorded, calls: list[Any]
) -> None:
    write_and_close(cast("asyncio.Transport", transport), b"last")
    assert transport.calls == calls


async def test_the_client_reads_the_last_bytes_though_its_own_input_was_not_read() -> None:
    """A full close would reset the connection, and the last bytes would be lost."""

    opened: list[asyncio.Transport] = []

    class Closing(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            stream = cast("asyncio.Transport", transport)
            opened.append(stream)
            stream.pause_reading()
            write_and_close(stream, b"last")

    server = await asyncio.get_running_loop().create_server(Closing, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 1_000)
        assert await asyncio.wait_for(reader.read(), 30) == b"last"
        writer.close()
        await writer.wait_closed()
        opened[0].abort()
