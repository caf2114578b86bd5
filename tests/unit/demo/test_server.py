"""The demo listens on this machine only, finds a free port, and can be reset."""

import asyncio
import socket

import pytest

from tactful.demo import run
from tactful.demo.server import DemoServer
from tactful.transports.server.listener import ListenError


def test_the_demo_listens_on_this_machine_only() -> None:
    with pytest.raises(ListenError, match=r"does not listen on 0\.0\.0\.0"):
        run(host="0.0.0.0", port=0)  # noqa: S104


async def test_a_port_in_use_is_left_for_the_next_free_one() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with DemoServer(port=port) as demo:
            assert port < demo.port < port + 20


class ObservedDemo(DemoServer):
    """A demo that tells when it has started anew."""

    def __init__(self) -> None:
        super().__init__(port=0)
        self.started = asyncio.Event()

    async def _restart(self) -> None:
        await super()._restart()
        self.started.set()


async def test_a_reset_begins_a_new_demo_in_a_new_folder() -> None:
    async with ObservedDemo() as demo:
        first, stop = demo.demo_shop, asyncio.Event()
        running = asyncio.create_task(demo.run_until(stop))
        demo.started.clear()
        demo._reset.set()
        async with asyncio.timeout(20):
            await demo.started.wait()
        assert demo.demo_shop is not first
        assert demo.demo_shop.server_key == first.server_key, "it was printed at the start"
        assert not first.rules.exists()
        stop.set()
        await running
