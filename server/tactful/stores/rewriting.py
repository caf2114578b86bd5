"""What is left of a JSON text when one id in it is replaced by another?"""

from typing import Any

import msgspec


def without(body: bytes, ident: str, alias: str) -> bytes:
    """The text with every string and key that is `ident` replaced by `alias`."""
    return msgspec.json.encode(_replaced(msgspec.json.decode(body), ident, alias))


def _replaced(value: Any, ident: str, alias: str) -> Any:
    match value:
        case str():
            return alias if value == ident else value
        case list():
            return [_replaced(item, ident, alias) for item in value]
        case dict():
            return {
                _replaced(key, ident, alias): _replaced(item, ident, alias)
                for key, item in value.items()
            }
        case _:
            return value
