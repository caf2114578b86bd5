"""Keys are fetched once in five minutes, and again for a key that is not known."""

import json

import pytest

from support.vectors import vectors
from tactful_bridge.client import TactfulClient
from tactful_bridge.errors import OutcomeUnknownError, TokenRefusedError
from tactful_bridge.key_cache import MAX_AGE_MS, PAUSE_MS, KeyCache
from tactful_bridge.transport import Response

VECTORS = vectors("tokens.json")
TOKEN = VECTORS["token"]
NEWER = next(one["token"] for one in VECTORS["tokens"] if "replaced" in one["name"])
FOREIGN = next(one["token"] for one in VECTORS["tokens"] if one["want"] == "token.key")
NOW = VECTORS["tokens"][0]["now"]


class Keys:
    """A server that publishes keys."""

    def __init__(self, *kids: int) -> None:
        self.keys = [VECTORS["jwks"]["keys"][kid] for kid in kids]
        self.fetches = 0
        self.now = NOW
        self.is_away = False
        self.cache = KeyCache(TactfulClient(self, clock=self.clock), self.clock)

    def clock(self) -> int:
        return int(self.now)

    def send(self, method: str, path: str, body: object = None) -> Response:
        assert (method, path, body) == ("GET", "/.well-known/jwks.json", None)
        self.fetches += 1
        if self.is_away:
            raise OutcomeUnknownError("away")
        return Response(200, json.dumps({"keys": self.keys}).encode())


def test_keys_are_fetched_once_for_many_tokens() -> None:
    keys = Keys(0, 1)
    for _ in range(3):
        assert keys.cache.verify(TOKEN).sku == "RUN-42"
    assert keys.fetches == 1


def test_keys_are_fetched_again_after_five_minutes() -> None:
    keys = Keys(0, 1)
    keys.cache.verify(TOKEN)
    keys.now += MAX_AGE_MS
    keys.cache.verify(TOKEN)
    assert keys.fetches == 2


def test_a_new_key_is_fetched_when_its_first_token_comes() -> None:
    keys = Keys(0)
    keys.cache.verify(TOKEN)
    keys.keys = [*VECTORS["jwks"]["keys"]]
    keys.now += PAUSE_MS
    assert keys.cache.verify(NEWER).currency
    assert keys.fetches == 2


def test_forged_tokens_do_not_flood_the_server() -> None:
    keys = Keys(0, 1)
    for _ in range(50):
        with pytest.raises(TokenRefusedError, match=r"token\.key"):
            keys.cache.verify(FOREIGN)
    assert keys.fetches == 1


def test_known_keys_stay_in_use_while_the_server_is_away() -> None:
    keys = Keys(0, 1)
    keys.cache.verify(TOKEN)
    keys.is_away = True
    keys.now += MAX_AGE_MS
    assert keys.cache.verify(TOKEN).sku == "RUN-42"


def test_without_any_keys_nothing_is_known_and_the_next_page_asks_again() -> None:
    keys = Keys(0, 1)
    keys.is_away = True
    with pytest.raises(OutcomeUnknownError, match="keys are not known"):
        keys.cache.verify(TOKEN)
    keys.is_away = False
    assert keys.cache.verify(TOKEN).sku == "RUN-42"


def test_a_document_that_is_no_key_set_is_an_unknown_outcome() -> None:
    keys = Keys(0)
    keys.keys = [{"crv": "Ed25519", "kid": "k", "x": "AA"}]
    with pytest.raises(OutcomeUnknownError, match="keys are not known"):
        keys.cache.verify(TOKEN)
