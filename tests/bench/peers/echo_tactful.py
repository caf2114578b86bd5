"""Echo on our own listener: the conformance mode of `tactful serve`."""

import asyncio

import uvloop

from tactful.app import UNLIMITED_ADDRESSES
from tactful.transports.admission.access_policy import AccessPolicy
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.listener import ListenAddress, Listener
from tactful.transports.sessions.connection_hub import ConnectionHub, SessionHandler


async def nothing(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def main() -> None:
    handler: SessionHandler = None  # type: ignore[assignment]  # an echo has no handler
    hub = ConnectionHub(
        handler, AccessPolicy(limits=AdmissionLimits(unlimited=UNLIMITED_ADDRESSES))
    )
    listener = Listener(nothing, hub, ListenAddress(port=0, conformance_echo=True))
    await listener.start()
    print(listener.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
