"""Noise with a seed: nothing of it harms the server or whoever comes next."""

import asyncio
import random  # noqa: TID251 -- the fuzz is seeded

import pytest

from journeys.raw_peers import VIEW
from support.raw_connections import HELLO, RawClient, eventually, text, upgrade

SEED = 20_261_121


async def fuzz_once(port: int, dice: random.Random) -> None:
    """Send something broken, and take whatever comes."""
    stream = upgrade() + text(HELLO) + text(VIEW) * dice.randint(0, 3)
    broken = bytearray(stream)
    for _ in range(dice.randint(1, 12)):
        place = dice.randrange(len(broken))
        kind = dice.randrange(3)
        if kind == 0:
            broken[place] = dice.randrange(256)
        elif kind == 1:
            del broken[place : place + dice.randint(1, 20)]
        else:
            broken[place:place] = dice.randbytes(dice.randint(1, 40))
    if dice.random() < 0.5:  # leave the handshake whole, so that the frames are reached
        broken[: len(upgrade())] = upgrade()
    async with RawClient.connect(port) as peer:
        try:
            await peer.send(bytes(broken))
            await asyncio.wait_for(peer.reader.read(65_536), 0.05)
        except (TimeoutError, ConnectionError):
            pass


@pytest.mark.parametrize("rounds", [8, pytest.param(400, marks=pytest.mark.slow)])
async def test_fuzz_with_a_seed_harms_nobody(door, rounds):
    dice = random.Random(SEED)
    memory = []
    for _ in range(3):
        for _ in range(rounds):
            await asyncio.gather(*[fuzz_once(door.port, dice) for _ in range(25)])
        async with RawClient.connect(door.port) as peer:
            await peer.open_session()
        memory.append(door.rss_kib())
    await eventually(lambda: door.descriptors() <= door.descriptors_at_start)
    assert memory[2] - memory[1] < 2_048
