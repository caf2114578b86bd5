"""One JSON request to a program on this machine or to a shop."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import gaierror
from ssl import SSLError
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

TIMEOUT_S: Final = 60
"""Seconds to wait for an answer: a shop may repeat its own requests for a while before it answers."""


class NoAnswerError(Exception):
    """A request got no answer, or one that is no JSON."""


class Answer(Struct, frozen=True):
    """An HTTP response: its status and decoded JSON body."""

    status: int
    body: Any


def request_json(url: str, method: str, path: str, body: object = None, *, key: str = "") -> Answer:
    """Send a request and return the answer.

    Args:
        url: The address of the server; its path stands before `path`.
        method: The HTTP method.
        path: The path, with its query.
        body: The JSON body; `None`: the request has none.
        key: The bearer key; empty: none is sent.

    Raises:
        NoAnswerError: No complete answer came, or it is no JSON.
    """
    split = urlsplit(url)
    kind = HTTPSConnection if split.scheme == "https" else HTTPConnection
    connection = kind(split.hostname or "", split.port, timeout=TIMEOUT_S)
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    payload = None if body is None else msgspec.json.encode(body)
    try:
        connection.request(method, split.path.rstrip("/") + path, payload, headers)
        answer = connection.getresponse()
        raw = answer.read()
        return Answer(answer.status, msgspec.json.decode(raw) if raw else None)
    except (OSError, HTTPException, msgspec.DecodeError) as error:
        raise NoAnswerError(f"{method} {url}{path}: {_in_words(error)}.") from error
    finally:
        connection.close()


def _in_words(error: Exception) -> str:
    """Return what is wrong, and what to look at."""
    if isinstance(error, ConnectionRefusedError):
        return "no program listens at this address; start it, or correct the address"
    if isinstance(error, TimeoutError):
        return f"no answer came within {TIMEOUT_S} s"
    if isinstance(error, gaierror):
        return "the name of the host is unknown; correct the address"
    if isinstance(error, SSLError):
        return "the connection is not TLS, or its certificate is not accepted"
    if isinstance(error, msgspec.DecodeError):
        return "the answer is not JSON"
    if isinstance(error, ConnectionError | HTTPException):
        return "the connection was closed before a complete HTTP answer"
    reason = error.strerror if isinstance(error, OSError) else None
    return reason[:1].lower() + reason[1:] if reason else "the address cannot be reached"
