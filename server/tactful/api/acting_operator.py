"""The operator or system that a request acts for, for the audit log."""

from typing import Final

from starlette.requests import Request

from tactful.api.problems import ProblemError
from tactful.api.server_key import token_name
from tactful.runtime import operators

NAME_LENGTH: Final = 80
"""Characters of an operator's name that are kept."""


def operator_of(request: Request) -> str:
    """Return who acts: the token of the request, or the operator that the header names.

    A client with the server key may give any name but those that the audit log uses itself.

    Raises:
        ProblemError: The name is reserved.
    """
    token = token_name(request)
    if token is not None:
        return f"{operators.SYSTEM_PREFIX}{token}"
    name = _as_utf8(request.headers.get("tactful-operator", "")).strip()[:NAME_LENGTH]
    if operators.is_reserved(name):
        problem = (
            f"The name `{name}` in `Tactful-Operator` is reserved. Send the operator's own name."
        )
        raise ProblemError(422, "operator.reserved", problem)
    return name or "server key"


def _as_utf8(header: str) -> str:
    """Return a header value that a client wrote in UTF-8; one in Latin-1 stays as it is."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError:
        return header
