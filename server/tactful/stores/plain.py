"""What does a stored body say, as plain data for a person to read?"""

from contextlib import suppress
from typing import Any

import msgspec


def plain(body: bytes) -> Any:
    """JSON or MessagePack as data; anything else as text, so that an export never fails."""
    for decode in (msgspec.json.decode, msgspec.msgpack.decode):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.to_builtins(decode(body))
    return body.decode("utf-8", "replace")
