"""Links as on phones and trains: slow, late, lossy, and suddenly dead."""

import asyncio
import random  # noqa: TID251 -- the losses are seeded
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

RETRANSMISSION_S = 0.25
"""What a lost packet costs whoever waits for it."""


class Link:
    """A proxy in front of a port, which forwards bytes late, slowly or not at all."""

    def __init__(self, *, delay_s: float, bytes_per_s: float, lost: float, seed: int) -> None:
        self._delay_s = delay_s
        self._bytes_per_s = bytes_per_s
        self._lost = lost
        self._dice = random.Random(seed)
        self._dead = False
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    def die(self) -> None:
        """Lose everything from now on, in both directions, without closing either side."""
        self._dead = True

    async def serve(
        self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        self._writers += [writer, back]
        async with asyncio.TaskGroup() as both:
            both.create_task(self._carry(reader, back))
            both.create_task(self._carry(there, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        due = 0.0
        try:
            while data := await reader.read(1_400):
                late = RETRANSMISSION_S if self._dice.random() < self._lost else 0.0
                due = max(due, loop.time() + self._delay_s + late) + len(data) / self._bytes_per_s
                loop.call_at(due, self._deliver, writer, data)
        except ConnectionError:
            writer.transport.abort()
        else:
            loop.call_at(max(due, loop.time()), self._deliver, writer, b"")

    def _deliver(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self._dead or writer.is_closing():
            return
        if data:
            writer.write(data)
        else:
            writer.close()

    def end(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def bad_link(
    target: int,
    *,
    delay_s: float = 0.0,
    bytes_per_s: float = 1e9,
    lost: float = 0.0,
    seed: int = 1,
) -> AsyncIterator[Link]:
    """A link to a port of this machine; `delay_s` one way, `lost` the share of packets sent again."""
    link = Link(delay_s=delay_s, bytes_per_s=bytes_per_s, lost=lost, seed=seed)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await link.serve(target, reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        link.end()
        server.close()
        await server.wait_closed()
