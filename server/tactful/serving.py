"""A server process: listen, drain on a signal, and tune the interpreter."""

import asyncio
import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from tactful.app import ServerParts, build
from tactful.config import Config
from tactful.runtime.disk_room import wait_for_room
from tactful.stores.shared.folder_lock import open_lock
from tactful.transports.server.listener import ListenAddress, Listener

log = structlog.get_logger("tactful.app")

OLDEST_GENERATION_THRESHOLD: Final = 10_000
"""Collections of the middle generation before the garbage collector walks the oldest."""
THREAD_SWITCH_S: Final = 0.001
"""Seconds that a thread may hold the interpreter lock while another thread waits for it.

While rules are compiled or records are written, the event loop waits that long each time it returns
from the network. At the default of 5 ms the loop was 5 ms late, now it is 1 ms late.
"""


def tune_interpreter() -> None:
    """Reduce how long the garbage collector and other threads delay the event loop.

    Objects created at the start live as long as the process, so they are frozen. Sessions and connections
    leave no reference cycles, so they are freed without the collector. Walking 5,000 sessions takes
    50 ms, which at the default thresholds happens every few seconds.
    """
    # Starlette imports it with the first streamed response, which takes some 100 ms.
    importlib.import_module("anyio._backends._asyncio")
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, OLDEST_GENERATION_THRESHOLD)
    sys.setswitchinterval(THREAD_SWITCH_S)


def _inherited_socket() -> int | None:
    """Return the descriptor of the socket that a service manager passed on (sd_listen_fds(3))."""
    for_this_process = os.environ.get("LISTEN_PID") == str(os.getpid())
    return 3 if for_this_process and os.environ.get("LISTEN_FDS") == "1" else None


async def _build(config: Config) -> ServerParts:
    """Build the server, which writes a first signing key, and make the lock file."""
    parts = build(config)
    if config.data is not None:
        os.close(open_lock(config.data))
    return parts


async def serve(config: Config, *, started: Callable[[Listener], None] | None = None) -> int:
    """Serve one shop until SIGTERM or SIGINT, then drain and close.

    On a full disk this waits until there is room.

    Args:
        config: The settings of the shop.
        started: Called with the listener once it accepts connections.

    Returns:
        The number of records of browsing that the stop gave up, because the disk took no more.

    Raises:
        ListenError: The address is not available, or the application does not start.
    """
    parts = await wait_for_room(partial(_build, config))
    place = ListenAddress(
        host=config.host,
        port=config.port,
        inherited=_inherited_socket(),
        shared_port=config.shared_port,
        conformance_echo=config.conformance_echo,
    )
    listener = Listener(parts.app, parts.hub, place)
    await listener.start()  # a signal before this point ends the process at once
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tune_interpreter()
    if started:
        started(listener)
    await stop.wait()
    log.info("server.draining", sessions=len(parts.hub.connections))
    before = parts.shop.ledger.records_lost
    await listener.drain()
    await listener.close()
    return parts.shop.ledger.records_lost - before
