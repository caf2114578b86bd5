"""Free ports for programs that choose none themselves."""

import itertools
import os
import socket

_FIRST, _LAST = 10_000, 32_000
"""Below the ports that Linux gives to outgoing connections and to servers that ask for any."""
_candidates = itertools.count(os.getpid() * 97)
"""Processes that run tests side by side begin at different places."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses; this process gets each port once."""
    while True:
        port = _FIRST + next(_candidates) % (_LAST - _FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
