"""The whole job without the job: our front door, its decoding and its acknowledgements, and no desk."""

import asyncio

import uvloop
from front_door import Desk, nothing

from tactful.app import OURSELVES
from tactful.protocol.conversation import Rhythm
from tactful.protocol.messages import ClientMessage, Hello
from tactful.transports.admission.access_policy import Policy
from tactful.transports.admission.limits import Limits
from tactful.transports.server.listener import Listener, Place
from tactful.transports.sessions.hub import Reception
from tactful.transports.sessions.ports import Connection


class Silent(Desk):
    """Welcomes, and takes everything else in."""

    def receive(self, connection: Connection, message: ClientMessage) -> None:
        if isinstance(message, Hello):
            super().receive(connection, message)


async def main() -> None:
    rhythm = Rhythm(per_second=10**9, burst=10**9)
    origins = frozenset({"https://shop.example"})
    policy = Policy(origins=origins, limits=Limits(unlimited=OURSELVES, rhythm=rhythm))
    listener = Listener(nothing, Reception(Silent(), policy), Place(port=0))
    await listener.start()
    print(listener.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
