"""How is the body of a request read, within limits?"""

from typing import Final, TypeVar

import msgspec
from starlette.requests import Request

from tactful.transports.problems import ProblemError

LARGEST: Final = 16 * 1024 * 1024
"""A batch of some 50,000 facts; more is sent in more batches."""


async def body_of(request: Request, largest: int = LARGEST) -> bytes:
    """The whole body; 413 beyond the limit, before it is in memory."""
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


async def read(request: Request, kind: type[T], largest: int = 65_536) -> T:
    """The body as a value of `kind`; 400 or 422 with what is wrong otherwise."""
    body = await body_of(request, largest)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise ProblemError(422, "body.invalid", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProblemError(400, "body.malformed", "The body is not JSON.") from None


def split(body: bytes, content_type: str) -> list[msgspec.Raw | bytes]:
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
        raise ProblemError(400, "body.malformed", f"The body is not JSON: {error}.") from None
