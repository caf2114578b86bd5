"""Reading request bodies within limits, and writing JSON responses."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from tactful.api.problems import ProblemError
from tactful.protocol.codec import DuplicateKeysError, reject_duplicate_keys


def json_response(body: Mapping[str, Any], status: int = 200) -> Response:
    """Return a JSON object that must not be cached."""
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")


LARGEST: Final = 16 * 1024 * 1024
"""Maximum bytes of a body: some 50,000 facts. Larger reports are sent in several batches."""


async def read_bytes(request: Request, largest: int = LARGEST) -> bytes:
    """Return the whole body.

    Args:
        request: The request.
        largest: The most bytes that are read.

    Raises:
        ProblemError: See `read_parts`.
        ClientDisconnect: The client closed the connection before the end of the body.
    """
    return b"".join([part async for part in read_parts(request, largest)])


async def read_parts(request: Request, largest: int = LARGEST) -> AsyncIterator[bytes]:
    """Yield the body in the parts in which it arrives.

    Args:
        request: The request.
        largest: The most bytes that are read.

    Raises:
        ProblemError: 413: the body is larger; it is rejected before all of it is in memory. 415: it is compressed.
        ClientDisconnect: The client closed the connection before the end of the body.
    """
    # A compressed body could expand to a thousand times the limit.
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise ProblemError(
            415, "body.encoding", "Send the body as it is, without a Content-Encoding."
        )
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > largest:
        raise _too_large(largest)
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        yield part


def _too_large(largest: int) -> ProblemError:
    return ProblemError(413, "body.too_large", f"Send at most {largest} bytes at a time.")


T = TypeVar("T")


async def read_body(request: Request, kind: type[T], largest: int = 65_536) -> T:
    """Return the body as a value of `kind`.

    Args:
        request: The request.
        kind: The type of the body, a Struct.
        largest: The most bytes that are read.

    Raises:
        ProblemError: 400: the body is not JSON. 413: it is too large. 415: it is compressed. 422: it has another
            shape, or two values under one key.
    """
    return _decode(await read_bytes(request, largest), kind)


async def read_optional_body(request: Request, kind: type[T], largest: int = 65_536) -> T:
    """Return the body as `read_body` does; an empty body counts as `{}`.

    Args:
        request: The request.
        kind: The type of the body, a Struct whose fields all have defaults.
        largest: The most bytes that are read.

    Raises:
        ProblemError: See `read_body`.
    """
    return _decode(await read_bytes(request, largest) or b"{}", kind)


async def read_lenient_body(request: Request, kind: type[T], largest: int = 65_536) -> T:
    """Return the body as `read_body` does; one that is no JSON object counts as `{}`.

    It serves endpoints that ignored their body in release 0.1.0, where clients send what their libraries send
    for "nothing", such as `[]`.

    Args:
        request: The request.
        kind: The type of the body, a Struct whose fields all have defaults.
        largest: The most bytes that are read.

    Raises:
        ProblemError: See `read_body`.
    """
    body = await read_bytes(request, largest)
    return _decode(body if body.lstrip().startswith(b"{") else b"{}", kind)


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        found = msgspec.json.decode(body, type=kind)
        # A proxy in front of this server may have read the other value of a repeated key.
        reject_duplicate_keys(body)
    except msgspec.ValidationError as error:
        raise ProblemError(422, "body.invalid", f"{error}.") from None
    except DuplicateKeysError as error:
        raise ProblemError(422, "body.invalid", str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProblemError(400, "body.malformed", "The body is not JSON.") from None
    return found


def split_array(body: bytes) -> list[msgspec.Raw | bytes]:
    """Return the facts of a JSON array, still encoded, so that one bad fact does not reject the others.

    Raises:
        ProblemError: 400: the body is no JSON array.
    """
    try:
        return list(msgspec.json.decode(body, type=list[msgspec.Raw]))
    except msgspec.ValidationError:
        raise ProblemError(
            400,
            "facts.not_a_list",
            "Send a JSON array of facts, or JSON Lines as application/x-ndjson.",
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _with_half_characters(body, error)


def _with_half_characters(body: bytes, problem: Exception) -> list[msgspec.Raw | bytes]:
    """Return the facts of an array in which an escape is half of a surrogate pair.

    JSON allows such an escape (RFC 8259, section 8.2), and UTF-8 cannot encode it. JavaScript writes one where a
    text was cut inside an emoji. Only the fact that contains it is rejected.
    """
    try:
        facts = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ProblemError(400, "body.malformed", f"The body is not JSON: {problem}.") from None
    return [json.dumps(fact).encode() for fact in facts]


def _refuse_constant(name: str) -> None:
    # Python accepts NaN and Infinity, which are not JSON.
    raise ValueError(name)
