"""Echo of bytes on uvloop without any protocol: the most that Python can do on this machine."""

import asyncio

import uvloop

MASK_BYTES = 4  # an answer of the load client's frames is shorter by its mask


class Raw(asyncio.Protocol):
    def __init__(self, size: int) -> None:
        self.size = size
        self.shaken = False
        self.seen = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.shaken:
            self.shaken = True
            self.transport.write(b"HTTP/1.1 101 Raw\r\n\r\n")  # type: ignore[attr-defined]
            return
        self.seen += len(data)
        frames, self.seen = divmod(self.seen, self.size)
        answer = data[: frames * (self.size - MASK_BYTES)]
        if frames:
            self.transport.write(answer.ljust(frames * (self.size - MASK_BYTES), b"x"))  # type: ignore[attr-defined]


async def main() -> None:
    loop = asyncio.get_running_loop()
    frame = 8 + 250
    server = await loop.create_server(lambda: Raw(frame), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
