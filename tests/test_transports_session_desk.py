"""What a connection leaves behind when it is gone: nothing that the garbage collector must find."""

import gc
from pathlib import Path

from doors import eventually
from journeys.fixture import CATALOGUE, rules
from journeys.stage import stage
from tactful.protocol.connection import Conversation
from tactful.runtime.live import Seat
from tactful.transports.frames import FrameLink
from tactful.transports.reception import Exchange

OURS = (FrameLink, Exchange, Conversation, Seat)


def theirs() -> set[type]:
    """Of which of our kinds there is something in memory, reachable or not."""
    return {type(one) for one in gc.get_objects() if type(one) in OURS}


async def test_a_connection_that_is_gone_leaves_no_cycle(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        gc.collect()
        gc.disable()
        try:
            shopper = await one.shopper()
            await shopper.view("RUN-42", 30)
            await shopper.offered()
            assert theirs() == set(OURS)
            await shopper.leave()
            await eventually(lambda: not theirs())
        finally:
            gc.enable()
