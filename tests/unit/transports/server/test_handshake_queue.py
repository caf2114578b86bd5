"""Batches of handshakes."""

import asyncio
from functools import partial
from typing import Any

from support.raw_connections import eventually
from tactful.transports.server.handshake_queue import PER_TURN, HandshakeQueue


async def test_no_handshake_is_completed_before_submit_returns() -> None:
    came: list[Any] = []
    handshakes = HandshakeQueue()
    handshakes.submit(lambda: came.append(1))
    assert came == []
    await asyncio.sleep(0)
    assert came == [1]


async def test_the_newest_handshakes_are_completed_first_in_batches() -> None:
    came: list[Any] = []
    handshakes = HandshakeQueue()
    for number in range(PER_TURN * 3):
        handshakes.submit(partial(came.append, number))
    for turn in range(1, 4):
        await asyncio.sleep(0)
        assert len(came) == PER_TURN * turn
    assert came == sorted(came, reverse=True)


async def test_other_callbacks_run_between_the_batches() -> None:
    story: list[str] = []
    handshakes = HandshakeQueue()
    for _ in range(PER_TURN * 2):
        handshakes.submit(lambda: story.append("crowd"))
    asyncio.get_running_loop().call_soon(lambda: story.append("other"))
    await eventually(lambda: len(story) == PER_TURN * 2 + 1)
    assert story.index("other") == PER_TURN


async def test_a_handshake_submitted_during_a_batch_waits_for_the_next() -> None:
    came: list[Any] = []
    handshakes = HandshakeQueue()
    handshakes.submit(lambda: handshakes.submit(lambda: came.append("second")))
    await asyncio.sleep(0)
    assert came == []
    await eventually(lambda: came == ["second"])


def fail() -> None:
    raise ValueError("this handshake fails")


async def test_a_failing_handshake_does_not_stop_the_others() -> None:
    came: list[Any] = []
    handshakes = HandshakeQueue()
    handshakes.submit(lambda: came.append("the next"))
    handshakes.submit(fail)
    asyncio.get_running_loop().set_exception_handler(lambda *_: came.append("stumbled"))
    await eventually(lambda: came == ["stumbled", "the next"])
