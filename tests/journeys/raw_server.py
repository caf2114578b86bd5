"""A listener in a process of its own, with a handler whose responses raw clients can check."""

import asyncio
import json
import logging
import os
import resource
import sys

import msgspec
import uvloop

from support.raw_connections import hello_app, policy
from tactful.protocol.codec import encode
from tactful.protocol.messages import ClientMessage, Hello, View, Welcome, Withdraw
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.listener import ListenAddress, Listener
from tactful.transports.sessions.connection_hub import ClientConnection, ConnectionHub


class AnsweringHandler:
    """Welcomes, answers each view with a withdrawal of the same name, and floods when asked to."""

    def connection_opened(self, _: ClientConnection) -> None:
        pass

    def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
        if isinstance(message, Hello):
            welcome = Welcome(session="s", resume="r", offers=(), seq=0, heartbeat=20, idle=60)
            connection.send(encode(welcome))
        elif isinstance(message, View):
            sku = message.sku or ""
            count = 400 if sku == "flood" else 1
            for seq in range(count):
                connection.send(encode(Withdraw(seq=seq, offer=sku * 8)))

    def client_lagging(self, _: ClientConnection) -> None:
        pass

    def client_caught_up(self, _: ClientConnection) -> None:
        pass

    def connection_closed(self, _: ClientConnection) -> None:
        pass


async def main() -> None:
    logging.basicConfig(level=logging.INFO)
    if descriptors := os.environ.get("DESCRIPTORS"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(descriptors), int(descriptors)))
    limits = msgspec.convert(json.loads(sys.argv[1]), AdmissionLimits)
    echo = len(sys.argv) > 2
    hub = ConnectionHub(AnsweringHandler(), policy(limits=limits))
    listener = Listener(
        hello_app, hub, ListenAddress(host=os.environ["HOST"], port=0, conformance_echo=echo)
    )
    await listener.start()
    print(listener.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
