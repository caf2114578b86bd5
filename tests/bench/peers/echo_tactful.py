"""Echo on the product's own front door: the conformance mode of `tactful serve`."""

import asyncio

import uvloop

from tactful.app import OURSELVES
from tactful.transports.admission.access_policy import Policy
from tactful.transports.admission.limits import Limits
from tactful.transports.server.listener import Listener, Place
from tactful.transports.sessions.hub import Reception
from tactful.transports.sessions.ports import Desk


async def nothing(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def main() -> None:
    desk: Desk = None  # type: ignore[assignment]  # an echo asks nobody
    reception = Reception(desk, Policy(limits=Limits(unlimited=OURSELVES)))
    listener = Listener(nothing, reception, Place(port=0, conformance_echo=True))
    await listener.start()
    print(listener.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
