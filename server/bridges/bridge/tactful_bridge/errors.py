"""Exceptions of the bridge; every one that leaves it is a `BridgeError`.

BridgeError
    TokenRefusedError: a text is no valid offer token.
    RefusedError: Tactful refused a request for good.
    OutcomeUnknownError: nobody can say yet whether a request had its effect.
"""

from typing import Final

_SHOWN: Final = 200
"""The most characters of a foreign text that an error repeats."""


class BridgeError(Exception):
    """The common base of the bridge's exceptions."""


class TokenRefusedError(BridgeError):
    """A text is no offer token, or its offer has ended."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The offer's token is refused: {code}.")
        self.code: Final = code
        """`token.malformed`, `token.key`, `token.signature` or `token.expired`."""


class RefusedError(BridgeError):
    """Tactful refused a request, and would refuse it again."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"Tactful refused the request: {status} {code}. {detail}"[:_SHOWN])
        self.status: Final = status
        """The HTTP status, 400 to 499."""
        self.code: Final = code
        """The stable code of the problem document, such as `redemption.used`."""

    @property
    def is_about_the_key(self) -> bool:
        """Whether the server key is wrong or has too small a scope: the shop's setting is at fault."""
        return self.code.startswith("key.")


class OutcomeUnknownError(BridgeError):
    """A request may have had its effect, because its answer never came or was not clear.

    The same request must be repeated until its outcome is known. Nobody may be charged another
    price in the meantime.
    """
