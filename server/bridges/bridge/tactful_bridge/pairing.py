"""The exchange of a one-time code for a key of the shop's own."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from tactful_bridge.errors import OutcomeUnknownError, RefusedError
from tactful_bridge.transport import HttpTransport, Transport


@dataclass(frozen=True, slots=True)
class Pairing:
    """What a shop needs to know of its Tactful server."""

    url: str
    """The server's address."""
    key: str
    """The shop's own key. The server cannot show it again, so store it."""
    key_id: str
    """The id by which the operator of the server revokes the key."""
    identity_key: str
    """Signs customers for the widget; empty: the server takes no identities."""
    territory: str
    """The server's default territory; empty: it has none."""
    is_origin_allowed: bool | None
    """Whether the shop's pages may open sessions; `None`: the shop named no origin."""


def pair(
    code: str, shop: str = "", *, connect: Callable[[str, str], Transport] = HttpTransport
) -> Pairing:
    """Use a code of `tactful keys pair`, and return what it stands for.

    Args:
        code: The code: a secret, `@`, and the server's address.
        shop: The origin of the shop's pages, such as `https://shop.example`; empty: not named.
        connect: Makes a transport from the server's address and a key.

    Raises:
        ValueError: The text is no code.
        RefusedError: The code is wrong, has ended, or was used.
        OutcomeUnknownError: No answer came. The code may have been used: make a new one.
    """
    secret, _, url = code.strip().partition("@")
    if not secret or not url:
        raise ValueError(f"{code!r} is no code. Copy the whole line of `tactful keys pair`.")
    body = {"code": secret, **({"shop": shop} if shop else {})}
    answer = connect(url, "").send("POST", "/v1/pair", body)
    found = answer.json()
    if not isinstance(found, dict):
        raise OutcomeUnknownError(f"{url} gave no answer of a Tactful server.")
    if answer.status != HTTPStatus.OK:
        raise RefusedError(answer.status, str(found.get("code")), str(found.get("detail")))
    return Pairing(
        url=str(found["server"]),
        key=str(found["key"]),
        key_id=str(found["id"]),
        identity_key=str(found["identity_key"] or ""),
        territory=str(found["territory"] or ""),
        is_origin_allowed=found["origin_allowed"],
    )
