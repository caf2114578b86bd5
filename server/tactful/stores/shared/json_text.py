"""Stored bodies as plain data, and the replacement of one id in them."""

from contextlib import suppress
from typing import Any

import msgspec


def as_plain_data(body: bytes) -> Any:
    """Return JSON or MessagePack as data, and anything else as text. An export never fails on it."""
    for decode in (msgspec.json.decode, msgspec.msgpack.decode):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.to_builtins(decode(body))
    return body.decode("utf-8", "replace")


def replace_id(body: bytes, ident: str, alias: str) -> bytes:
    """Return a JSON text in which every string and key equal to `ident` is `alias`.

    Raises:
        msgspec.DecodeError: The body is not JSON.
    """
    return msgspec.json.encode(_with_id_replaced(msgspec.json.decode(body), ident, alias))


def replace_packed_id(body: bytes, ident: str, alias: str) -> bytes:
    """Return an encoded value in which every string and key equal to `ident` is `alias`.

    The value is MessagePack, or any bytes that do not contain the id. Bytes that contain the id and
    cannot be decoded are dropped, because an erased id must not be written.
    """
    if ident.encode() not in body:
        return body
    try:
        value = msgspec.msgpack.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b""
    return msgspec.msgpack.encode(_with_id_replaced(value, ident, alias))


def _with_id_replaced(value: Any, ident: str, alias: str) -> Any:
    match value:
        case str():
            return alias if value == ident else value
        case list():
            return [_with_id_replaced(item, ident, alias) for item in value]
        case dict():
            return {
                _with_id_replaced(key, ident, alias): _with_id_replaced(item, ident, alias)
                for key, item in value.items()
            }
        case _:
            return value
