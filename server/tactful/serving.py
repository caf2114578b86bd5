"""Runs one shop's server: listen, drain, and the interpreter settings of a server process."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

import structlog

from tactful.app import build
from tactful.config import Config
from tactful.transports.server.listener import ListenAddress, Listener

log = structlog.get_logger("tactful.app")

OLDEST_GENERATION_THRESHOLD: Final = 10_000
"""So many times the middle generation is looked at before the oldest is."""
THREAD_SWITCH_S: Final = 0.001
"""Seconds for which one thread may keep the interpreter to itself while another wants it.

At the usual 5 ms the loop waits so long each time it comes back from the network, while rules are
compiled or records written: then it was 5 ms late, and now is one.
"""


def tune_interpreter() -> None:
    """Have the interpreter hold up the event loop as little as it can.

    The garbage collector need not look at what lives long: what a start has made lives as long as
    the process, and sessions end without it, for nothing that they or their connections leave is a
    cycle. Walking all of 5,000 of them takes 50 ms, and at the usual pace that comes every few
    seconds.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, OLDEST_GENERATION_THRESHOLD)
    sys.setswitchinterval(THREAD_SWITCH_S)


def _inherited_socket() -> int | None:
    """The listening socket that a service manager passed on (sd_listen_fds(3)); None: it did not."""
    mine = os.environ.get("LISTEN_PID") == str(os.getpid())
    return 3 if mine and os.environ.get("LISTEN_FDS") == "1" else None


async def serve(config: Config, *, started: Callable[[Listener], None] | None = None) -> None:
    """Listen until SIGTERM or SIGINT, then see everybody off. `started` is told once it listens."""
    parts = build(config)
    place = ListenAddress(
        host=config.host,
        port=config.port,
        inherited=_inherited_socket(),
        shared_port=config.shared_port,
        conformance_echo=config.conformance_echo,
    )
    listener = Listener(parts.app, parts.hub, place)
    await listener.start()  # a signal meanwhile ends the process: nobody is here to be seen off
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tune_interpreter()
    if started:
        started(listener)
    await stop.wait()
    log.info("server.draining", sessions=len(parts.hub.connections))
    await listener.drain()
    await listener.close()
