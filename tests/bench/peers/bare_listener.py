"""The listener with a session handler that only welcomes, for benchmarks of the listener alone."""

import asyncio
import json
import signal
import sys

import msgspec
import uvloop

from tactful.app import UNLIMITED_ADDRESSES
from tactful.protocol.codec import encode
from tactful.protocol.conversation import ProtocolTiming
from tactful.protocol.messages import ClientMessage, Hello, Welcome, Withdraw
from tactful.transports.admission.access_policy import AccessPolicy
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.listener import ListenAddress, Listener
from tactful.transports.sessions.connection_hub import ClientConnection, ConnectionHub

SPREAD_S = 2
WELCOME = encode(Welcome(session="s", resume="r", offers=(), seq=0, heartbeat=15, idle=60))
ANSWER = encode(Withdraw(seq=1, offer="o" * 300))


class WelcomingHandler:
    """Welcomes, and answers everything else with a message of an offer's size."""

    def connection_opened(self, _: ClientConnection) -> None:
        pass

    def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
        connection.send(WELCOME if isinstance(message, Hello) else ANSWER)

    def client_lagging(self, _: ClientConnection) -> None:
        pass

    def client_caught_up(self, _: ClientConnection) -> None:
        pass

    def connection_closed(self, _: ClientConnection) -> None:
        pass


async def nothing(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def main() -> None:
    rhythm = ProtocolTiming(hello_ms=600_000)  # the load client shakes hands and says nothing
    limits = AdmissionLimits(unlimited=UNLIMITED_ADDRESSES, timing=rhythm)
    policy = AccessPolicy(origins=frozenset({"https://shop.example"}), limits=limits)
    place = msgspec.convert(json.loads(sys.argv[1]) if sys.argv[1:] else {"port": 0}, ListenAddress)
    listener = Listener(nothing, ConnectionHub(WelcomingHandler(), policy), place)
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await listener.start()
    print(listener.port, flush=True)
    await told.wait()
    await listener.drain(spread_s=SPREAD_S)
    await listener.close()


if __name__ == "__main__":
    uvloop.run(main())
