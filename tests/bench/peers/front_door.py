"""The front door with a desk that welcomes and remembers nothing, for benches of the door alone."""

import asyncio
import json
import signal
import sys

import msgspec
import uvloop

from tactful.app import OURSELVES
from tactful.protocol.codec import encode
from tactful.protocol.conversation import Rhythm
from tactful.protocol.messages import ClientMessage, Hello, Welcome, Withdraw
from tactful.transports.admission.access_policy import Policy
from tactful.transports.admission.limits import Limits
from tactful.transports.server.listener import Listener, Place
from tactful.transports.sessions.hub import Reception
from tactful.transports.sessions.ports import Connection

SPREAD_S = 2
WELCOME = encode(Welcome(session="s", resume="r", offers=(), seq=0, heartbeat=15, idle=60))
ANSWER = encode(Withdraw(seq=1, offer="o" * 300))


class Desk:
    """Welcomes, and answers everything else with a message of an offer's size."""

    def open(self, _: Connection) -> None:
        pass

    def receive(self, connection: Connection, message: ClientMessage) -> None:
        connection.send(WELCOME if isinstance(message, Hello) else ANSWER)

    def slow(self, _: Connection) -> None:
        pass

    def caught_up(self, _: Connection) -> None:
        pass

    def closed(self, _: Connection) -> None:
        pass


async def nothing(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def main() -> None:
    rhythm = Rhythm(hello_ms=600_000)  # the load client shakes hands and says nothing
    limits = Limits(unlimited=OURSELVES, rhythm=rhythm)
    policy = Policy(origins=frozenset({"https://shop.example"}), limits=limits)
    place = msgspec.convert(json.loads(sys.argv[1]) if sys.argv[1:] else {"port": 0}, Place)
    listener = Listener(nothing, Reception(Desk(), policy), place)
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await listener.start()
    print(listener.port, flush=True)
    await told.wait()
    await listener.drain(spread_s=SPREAD_S)
    await listener.close()


if __name__ == "__main__":
    uvloop.run(main())
