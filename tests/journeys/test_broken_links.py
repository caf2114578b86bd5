"""Links that break: messages are handled once, lost ones are sent again, the state is restored."""

import random  # noqa: TID251 -- the cuts are seeded
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import ORIGIN, LiveServer, live_server
from support.raw_connections import RawClient, frame, text, within

HELLO = {"t": "hello", "consent": "anonymous", "page": {"url": f"{ORIGIN}/"}, "territory": "DE"}


class Client:
    """A client that keeps unacknowledged messages and sends them again, as the manual asks."""

    def __init__(self, port: int, first: int = 1) -> None:
        self._port = port
        self.next = first
        self.resume: str | None = None
        self.unacknowledged: dict[int, dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[RawClient]:
        """Connect, resume, and send unacknowledged messages again."""
        async with RawClient.connect(self._port) as peer:
            await peer.handshake()
            hello = HELLO | {"n": self.next} | ({"resume": self.resume} if self.resume else {})
            self.next += 1
            await peer.send(text(hello))
            welcome = await peer.message()
            assert welcome["t"] == "welcome"
            self.resume = welcome["resume"]
            for message in self.unacknowledged.values():
                await peer.send(text(message))
            yield peer

    def number(self, **message: Any) -> bytes:
        """A message with the next number."""
        numbered = message | {"n": self.next}
        self.unacknowledged[self.next] = numbered
        self.next += 1
        return text(numbered)

    async def read_until_acknowledged(self, peer: RawClient) -> None:
        """Read until nothing is unacknowledged."""
        while self.unacknowledged:
            message = await peer.message()
            self.seen.append(message)
            if message["t"] == "ack":
                for n in [n for n in self.unacknowledged if n <= message["n"]]:
                    del self.unacknowledged[n]


def taken(one: LiveServer) -> list[Any]:
    """Every message that the session handler receives from now on."""
    desk = one.parts.hub.handler
    handed: list[Any] = []
    receive = desk.message_received

    def record(connection: Any, message: Any) -> None:
        handed.append(message)
        receive(connection, message)

    desk.message_received = record  # type: ignore[method-assign]
    return handed


@pytest.mark.parametrize("seed", range(5))
async def test_over_twenty_cuts_at_any_byte_each_message_is_handled_once_and_in_order(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        handed = taken(one)
        client = Client(one.listener.port)
        said = 0
        for _ in range(20):
            async with client.connected() as peer:
                batch = b"".join(
                    client.number(t="view", sku=f"S{said + extra}") for extra in range(3)
                )
                said += 3
                await peer.send(batch[: dice.randrange(len(batch))])
        async with client.connected() as peer:
            await client.read_until_acknowledged(peer)
        views = [message.sku for message in handed if hasattr(message, "sku")]
        assert views == [f"S{number}" for number in range(said)]


async def test_messages_handled_before_a_cut_are_acknowledged_at_once_after_it(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        client = Client(one.listener.port)
        async with client.connected() as peer:
            await peer.send(client.number(t="view", sku="A"))
            message = await peer.message()
            while message["t"] != "ack" or message["n"] < 2:
                message = await peer.message()
        async with RawClient.connect(one.listener.port) as peer:
            await peer.handshake()
            await peer.send(text(HELLO | {"resume": client.resume, "n": 5}))
            assert (await peer.message())["t"] == "welcome"
            assert await peer.message() == {"t": "ack", "n": 2}
            await peer.send(text({"t": "view", "sku": "B", "n": 3}))
            assert await peer.message() == {"t": "ack", "n": 3}
            await peer.send(text({"t": "view", "sku": "C", "n": 4}))
            assert await peer.message() == {"t": "ack", "n": 5}


async def test_tabs_with_equal_message_numbers_do_not_hide_each_others_messages(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        handed = taken(one)
        first = Client(one.listener.port)
        async with first.connected() as one_peer:
            second = Client(one.listener.port)
            second.resume = first.resume
            async with second.connected() as other_peer:
                await one_peer.send(first.number(t="view", sku="A"))
                await other_peer.send(second.number(t="view", sku="B"))
                await first.read_until_acknowledged(one_peer)
                await second.read_until_acknowledged(other_peer)
        assert sorted(m.sku for m in handed if hasattr(m, "sku")) == ["A", "B"]


async def test_a_repeated_accept_gets_the_lost_response_again(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        answers = []
        for _ in range(3):
            async with RawClient.connect(one.listener.port) as peer:
                await peer.handshake()
                await peer.send(text(HELLO | {"resume": shopper.resume}))
                await peer.send(text({"t": "accept", "offer": offer["id"]}))
                found = await peer.message()
                while found["t"] != "accepted":
                    found = await peer.message()
                answers.append(found["token"])
                await peer.send(frame((1000).to_bytes(2), 8))
                await within(peer.rest())
        assert len(set(answers)) == 1
