"""How is the body of a request read, within limits?"""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from tactful.api.problems import ProblemError
from tactful.protocol.codec import DuplicateKeysError, reject_duplicate_keys


def json_response(body: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON object that nobody may cache."""
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")


LARGEST: Final = 16 * 1024 * 1024
"""A batch of some 50,000 facts; more is sent in more batches."""


async def read_bytes(request: Request, largest: int = LARGEST) -> bytes:
    """The whole body; 413 beyond the limit, before it is in memory."""
    packed = request.headers.get("content-encoding", "identity")
    if packed.strip().lower() != "identity":
        raise ProblemError(
            415, "body.encoding", "Send the body as it is, without a Content-Encoding."
        )
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > largest:
        raise _too_large(largest)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        parts.append(part)
    return b"".join(parts)


def _too_large(largest: int) -> ProblemError:
    return ProblemError(413, "body.too_large", f"Send at most {largest} bytes at a time.")


T = TypeVar("T")


async def read_body(request: Request, kind: type[T], largest: int = 65_536) -> T:
    """The body as a value of `kind`; 400 or 422 with what is wrong otherwise."""
    body = await read_bytes(request, largest)
    try:
        found = msgspec.json.decode(body, type=kind)
        reject_duplicate_keys(body)
    except msgspec.ValidationError as error:
        raise ProblemError(422, "body.invalid", f"{error}.") from None
    except DuplicateKeysError as error:
        raise ProblemError(422, "body.invalid", str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProblemError(400, "body.malformed", "The body is not JSON.") from None
    return found


def split_facts(body: bytes, content_type: str) -> list[msgspec.Raw | bytes]:
    """The facts of a body: a JSON array, or JSON Lines, each still to be read."""
    if content_type.partition(";")[0].strip().lower() in {
        "application/x-ndjson",
        "application/jsonl",
        "application/ndjson",
    }:
        return [line for line in body.split(b"\n") if line.strip()]
    try:
        return list(msgspec.json.decode(body, type=list[msgspec.Raw]))
    except msgspec.ValidationError:
        raise ProblemError(
            400,
            "facts.not_a_list",
            "Send a JSON array of facts, or JSON Lines as application/x-ndjson.",
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _with_halves(body, error)


def _with_halves(body: bytes, problem: Exception) -> list[msgspec.Raw | bytes]:
    """The facts of an array that holds half a character somewhere: JSON allows it, no UTF-8 can.

    JavaScript writes such escapes where a text was cut inside an emoji; it is its fact's fault alone.
    """
    try:
        facts = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ProblemError(400, "body.malformed", f"The body is not JSON: {problem}.") from None
    return [json.dumps(fact).encode() for fact in facts]


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and its like are Python's, not JSON
