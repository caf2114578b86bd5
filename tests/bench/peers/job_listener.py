"""The whole job without a decision: our listener, its decoding and its acknowledgements."""

import asyncio

import uvloop
from bare_listener import WelcomingHandler, nothing

from tactful.app import UNLIMITED_ADDRESSES
from tactful.protocol.conversation import ProtocolTiming
from tactful.protocol.messages import ClientMessage, Hello
from tactful.transports.admission.access_policy import AccessPolicy
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.listener import ListenAddress, Listener
from tactful.transports.sessions.connection_hub import ClientConnection, ConnectionHub


class Silent(WelcomingHandler):
    """Welcomes, and takes everything else in."""

    def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
        if isinstance(message, Hello):
            super().message_received(connection, message)


async def main() -> None:
    rhythm = ProtocolTiming(per_second=10**9, burst=10**9)
    origins = frozenset({"https://shop.example"})
    policy = AccessPolicy(
        origins=origins, limits=AdmissionLimits(unlimited=UNLIMITED_ADDRESSES, timing=rhythm)
    )
    listener = Listener(nothing, ConnectionHub(Silent(), policy), ListenAddress(port=0))
    await listener.start()
    print(listener.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
