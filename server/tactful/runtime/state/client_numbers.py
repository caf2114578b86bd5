"""The numbers of the client messages that a session took, over connections and restarts.

Each connection counts for itself (`server/PROTOCOL.md`, 3.7 to 3.10). A client that resumes sends the
messages again that were not acknowledged. The numbers say which of them are known already. They are
stored with the session, in the same transaction as the state that the messages led to.
"""

from bisect import bisect_left
from typing import Final

import msgspec

Taken = tuple[int, ...]
"""The highest number of each earlier connection, the last one last."""
MAX_EARLIER: Final = 8
"""Earlier connections that are remembered per session."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Taken).decode


def with_earlier(taken: Taken, highest_n: int) -> Taken:
    """Return the numbers with one more earlier connection; the oldest of too many is forgotten.

    Args:
        taken: The numbers so far.
        highest_n: The highest number that the connection received; 0: it used none.
    """
    return (*taken, highest_n)[-MAX_EARLIER:] if highest_n else taken


def highest_below(taken: Taken, hello_n: int) -> int:
    """Return the highest number that was taken from the client whose `hello` has a number.

    The `hello` of a client has a higher number than all its earlier messages, and each client has its
    own numbers. So the result is the highest known number below `hello_n`, or 0.
    """
    known = sorted(taken)
    index = bisect_left(known, hello_n)
    return known[index - 1] if index else 0


def encode_taken(taken: Taken) -> bytes:
    """Return the stored form of the numbers of all connections, the open ones included."""
    return _encode(taken)


def decode_taken(stored: bytes | None) -> Taken:
    """Return the numbers that `encode_taken` stored; after a restart, no connection is open.

    Raises:
        msgspec.DecodeError: The bytes are damaged.
    """
    return _decode(stored) if stored else ()
