"""Five restarts under load: every session moves over, and no connection is refused.

Once with the listening socket handed on, once with a port that both processes bind.
"""

import asyncio
import json
import socket
import time
from collections import Counter
from typing import Any

import harness
from good_client import HELLO, HOST, UPGRADE

RESTARTS = 5


class Session:
    """A client that holds one connection and does what `bye` tells it, new before old."""

    def __init__(self, port: int, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts

    async def live(self) -> None:
        """Stay connected until cancelled."""
        current = await self._connect()
        while current is not None:
            try:
                await asyncio.sleep(await self._until_bye(current[0]))
                following = await self._connect()
            finally:
                current[1].close()
            current = following

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            reader, writer = await asyncio.open_connection(HOST, self._port)
            writer.write(UPGRADE + HELLO)
            await reader.readuntil(b"\r\n\r\n")
            await self._message(reader)
        except (OSError, asyncio.IncompleteReadError) as problem:
            self._counts[f"refused: {type(problem).__name__}"] += 1
            return None
        self._counts["connected"] += 1
        return reader, writer

    async def _until_bye(self, reader: asyncio.StreamReader) -> int:
        """Read until told to come back later, and when; at once if the link is lost."""
        try:
            while (message := await self._message(reader)).get("t") != "bye":
                pass
        except (OSError, asyncio.IncompleteReadError):
            self._counts["lost"] += 1
            return 0
        return int(message["retry"])

    async def _message(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        head = await reader.readexactly(2)
        size = head[1] if head[1] < 126 else int.from_bytes(await reader.readexactly(2))
        payload = await reader.readexactly(size)
        return dict(json.loads(payload)) if head[0] == 0x81 else {}


def start(place: dict[str, Any], handed_on: socket.socket | None) -> harness.Server:
    """The next process, listening before the one before it is told to stop."""
    descriptors = [] if handed_on is None else [handed_on.fileno()]
    given = place | ({} if handed_on is None else {"inherited": handed_on.fileno()})
    return harness.Server(harness.python("front_door.py", json.dumps(given)), descriptors)


async def restarts(sessions: int, *, hand_on: bool) -> dict[str, Any]:
    """Restart five times under these many sessions."""
    handed_on = None
    if hand_on:
        handed_on = socket.create_server((HOST, 0), backlog=4_096)
    place: dict[str, Any] = {"port": 0} if hand_on else {"port": 0, "shared_port": True}
    server = start(place, handed_on)
    place["port"] = server.port
    counts: Counter[str] = Counter()
    living = [asyncio.ensure_future(Session(server.port, counts).live()) for _ in range(sessions)]
    began = time.perf_counter()
    for restart in range(1, RESTARTS + 1):
        await all_connected(counts, sessions * restart)
        successor = start(place, handed_on)
        server.tell_to_stop()
        await asyncio.to_thread(server.stop)
        server = successor
    await all_connected(counts, sessions * (RESTARTS + 1))
    found = dict(counts)
    for each in living:
        each.cancel()
    await asyncio.gather(*living, return_exceptions=True)
    await asyncio.to_thread(server.stop)
    if handed_on is not None:
        handed_on.close()
    return {"seconds": round(time.perf_counter() - began, 1)} | found


async def all_connected(counts: Counter[str], number: int) -> None:
    """Wait until so many connections have been made, for a while."""
    deadline = time.perf_counter() + 20
    while counts["connected"] < number and time.perf_counter() < deadline:  # noqa: ASYNC110 -- a count
        await asyncio.sleep(0.05)


async def main() -> None:
    asked = harness.options(__doc__, sessions=1_000)
    ways = {"socket handed on": True, "port shared": False}
    figures = {
        way: await restarts(asked.sessions, hand_on=hand_on) for way, hand_on in ways.items()
    }
    goals = []
    for way, counts in figures.items():
        refused = sum(number for name, number in counts.items() if name.startswith("refused"))
        moved = counts["connected"] - asked.sessions
        goals += [
            harness.goal(f"refused, {way}", refused, 0, at_most=True),
            harness.goal(f"lost, {way}", counts.get("lost", 0), 0, at_most=True),
            harness.goal(f"sessions moved, {way}", moved, asked.sessions * RESTARTS),
        ]
    harness.report("restart", figures, goals)


if __name__ == "__main__":
    harness.run(main)
