"""The server's public keys, fetched when they are needed and kept for five minutes."""

from collections.abc import Callable
from threading import Lock
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tactful_bridge.client import TactfulClient, now_ms
from tactful_bridge.errors import BridgeError, OutcomeUnknownError, TokenRefusedError
from tactful_bridge.offer_tokens import OfferClaims, keys_of, verify

MAX_AGE_MS: Final = 300_000
"""Milliseconds after which the keys are fetched again."""
PAUSE_MS: Final = 5_000
"""Milliseconds between two fetches because of unknown keys: forged tokens must not flood the server."""


class KeyCache:
    """Verifies tokens offline; safe to share between threads."""

    def __init__(self, client: TactfulClient, clock: Callable[[], int] = now_ms) -> None:
        """Start without keys.

        Args:
            client: The server that issues the tokens.
            clock: Returns milliseconds since the Unix epoch, UTC.
        """
        self._client: Final = client
        self._clock: Final = clock
        self._lock: Final = Lock()
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched: int | None = None
        self._tried: int | None = None

    def verify(self, token: str) -> OfferClaims:
        """Return the claims of a valid token.

        A key that is not known may be new, so the keys are fetched again before a token is refused
        for it. Keys whose age is over stay in use while the server does not answer: the redemption
        itself is always decided online.

        Raises:
            TokenRefusedError: The text is no valid token, or its offer has ended.
            OutcomeUnknownError: No keys could be fetched yet.
        """
        now = self._clock()
        if self._fetched is None or now - self._fetched >= MAX_AGE_MS:
            self._fetch(now)
        try:
            return verify(token, self._keys, now)
        except TokenRefusedError as refused:
            if refused.code != "token.key" or not self._fetch(now):
                raise
        return verify(token, self._keys, now)

    def _fetch(self, now: int) -> bool:
        """Fetch the keys unless that was just tried; return whether there are newer ones."""
        with self._lock:
            if self._tried is not None and now - self._tried < PAUSE_MS:
                return False
            self._tried = now
            try:
                # One attempt: a page waits, and the next page tries again.
                document = self._client.ask("GET", "/.well-known/jwks.json", patience=0)
                self._keys = keys_of(document)
            except (BridgeError, ValueError) as error:
                if self._fetched is None:
                    self._tried = None
                    raise OutcomeUnknownError(
                        f"The server's keys are not known: {error}"
                    ) from error
                return False
            self._fetched = now
            return True
