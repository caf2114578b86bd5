"""Handshakes a few at a time."""

import asyncio

from support.raw_connections import eventually
from tactful.transports.server.handshake_queue import PER_TURN, HandshakeQueue


async def test_nobody_comes_in_before_the_caller_returns() -> None:
    came = []
    handshakes = HandshakeQueue()
    handshakes.submit(lambda: came.append(1))
    assert came == []
    await asyncio.sleep(0)
    assert came == [1]


async def test_of_a_crowd_the_newest_come_first_a_few_at_a_turn() -> None:
    came = []
    handshakes = HandshakeQueue()
    for number in range(PER_TURN * 3):
        handshakes.submit(lambda number=number: came.append(number))
    for turn in range(1, 4):
        await asyncio.sleep(0)
        assert len(came) == PER_TURN * turn
    assert came == sorted(came, reverse=True)


async def test_others_are_served_between_the_turns() -> None:
    story = []
    handshakes = HandshakeQueue()
    for _ in range(PER_TURN * 2):
        handshakes.submit(lambda: story.append("crowd"))
    asyncio.get_running_loop().call_soon(lambda: story.append("other"))
    await eventually(lambda: len(story) == PER_TURN * 2 + 1)
    assert story.index("other") == PER_TURN


async def test_who_comes_while_the_queue_moves_waits_for_a_turn() -> None:
    came = []
    handshakes = HandshakeQueue()
    handshakes.submit(lambda: handshakes.submit(lambda: came.append("second")))
    await asyncio.sleep(0)
    assert came == []
    await eventually(lambda: came == ["second"])


async def test_one_who_stumbles_does_not_keep_the_others_out() -> None:
    came = []
    handshakes = HandshakeQueue()
    handshakes.submit(lambda: came.append("the next"))
    handshakes.submit(lambda: came[1])
    asyncio.get_running_loop().set_exception_handler(lambda *_: came.append("stumbled"))
    await eventually(lambda: came == ["stumbled", "the next"])
