"""What a connection is answered, and what it leaves behind: nothing that the collector must find."""

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


async def test_a_refusal_names_the_message_it_answers_where_it_was_asked(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        asking = await one.shopper()
        other = await one.shopper(resume=asking.resume)
        await asking.say("accept", offer="of_unknown")
        refused = {"t": "refused", "code": "not_yours", "offer": "of_unknown"}
        assert await asking.expect("refused") == {**refused, "n": 2}
        assert await other.expect("refused") == refused


async def test_an_identity_that_proves_nothing_leaves_the_shopper_connected_and_unknown(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        for claim in ("", "c8", {"customer": "c8"}, {"customer": "c8", "hmac": None}):
            shopper = await one.shopper(consent="personal", identity=claim)
            await shopper.say("identify", identity=claim)
            await shopper.nothing()
            why = await one.http.get(
                "/v1/why", params={"sku": "RUN-42", "session": shopper.session}
            )
            assert "customer" not in why.json()
