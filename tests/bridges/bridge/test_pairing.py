"""A shop uses a one-time code, and learns all that it needs."""

import json

import pytest

from tactful_bridge.errors import OutcomeUnknownError, RefusedError
from tactful_bridge.pairing import Pairing, pair
from tactful_bridge.transport import Response

URL = "https://offers.shop.example"
ANSWER = {
    "key": "tft_0123456789ab_x", "id": "0123456789ab", "scopes": ["facts:write", "redeem"],
    "server": URL, "jwks": f"{URL}/.well-known/jwks.json", "widget": f"{URL}/widget/v1.js",
    "territory": None, "identity_key": None, "origin_allowed": False,
}  # fmt: skip


class Server:
    """Gives one answer, and remembers what was asked."""

    def __init__(self, status: int, answer: object) -> None:
        self.answer = Response(status, json.dumps(answer).encode())
        self.asked: list[object] = []

    def connect(self, url: str, key: str) -> "Server":
        self.asked += [url, key]
        return self

    def send(self, method: str, path: str, body: object = None) -> Response:
        self.asked += [method, path, body]
        return self.answer


def test_a_code_is_sent_to_the_address_in_it() -> None:
    server = Server(200, ANSWER)
    found = pair(f" 5f0c@{URL}\n", "https://shop.example", connect=server.connect)
    assert server.asked == [
        URL, "", "POST", "/v1/pair", {"code": "5f0c", "shop": "https://shop.example"},
    ]  # fmt: skip
    assert found == Pairing(URL, "tft_0123456789ab_x", "0123456789ab", "", "", False)


@pytest.mark.parametrize("code", ["", "5f0c", "5f0c@", f"@{URL}", "5f0c@offers.shop.example"])
def test_a_text_that_is_no_code_is_named(code: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        pair(code)


def test_a_refusal_and_a_stranger_are_told_apart() -> None:
    refused = Server(403, {"code": "pairing.refused", "detail": "The code was used."})
    with pytest.raises(RefusedError, match="The code was used") as caught:
        pair(f"5f0c@{URL}", connect=refused.connect)
    assert caught.value.code == "pairing.refused"
    with pytest.raises(OutcomeUnknownError, match="no answer of a Tactful server"):
        pair(f"5f0c@{URL}", connect=Server(200, ["hello"]).connect)
