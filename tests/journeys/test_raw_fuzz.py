"""Seeded random bytes harm neither the server nor the next client."""

import asyncio
import random  # noqa: TID251 -- the fuzz is seeded

import pytest

from journeys.raw_peers import VIEW, Served
from support.raw_connections import HELLO, RawClient, eventually, text, upgrade

SEED = 20_261_121


async def fuzz_once(port: int, rng: random.Random) -> None:
    """Send something broken, and take whatever comes."""
    stream = upgrade() + text(HELLO) + text(VIEW) * rng.randint(0, 3)
    broken = bytearray(stream)
    for _ in range(rng.randint(1, 12)):
        place = rng.randrange(len(broken))
        kind = rng.randrange(3)
        if kind == 0:
            broken[place] = rng.randrange(256)
        elif kind == 1:
            del broken[place : place + rng.randint(1, 20)]
        else:
            broken[place:place] = rng.randbytes(rng.randint(1, 40))
    if rng.random() < 0.5:  # leave the handshake whole, so that the frames are reached
        broken[: len(upgrade())] = upgrade()
    async with RawClient.connect(port) as peer:
        try:
            await peer.send(bytes(broken))
            await asyncio.wait_for(peer.reader.read(65_536), 0.05)
        except (TimeoutError, ConnectionError):
            pass


@pytest.mark.parametrize("rounds", [8, pytest.param(400, marks=pytest.mark.slow)])
async def test_seeded_fuzzing_harms_neither_server_nor_next_client(
    server: Served, rounds: int
) -> None:
    rng = random.Random(SEED)
    memory = []
    for _ in range(3):
        for _ in range(rounds):
            await asyncio.gather(*[fuzz_once(server.port, rng) for _ in range(25)])
        async with RawClient.connect(server.port) as peer:
            await peer.open_session()
        memory.append(server.rss_kib())
    await eventually(lambda: server.descriptors() <= server.descriptors_at_start)
    assert memory[2] - memory[1] < 2_048
