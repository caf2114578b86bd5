"""The backend signs identities, verifies tokens offline, and repeats a redemption of unknown outcome."""

import jwt
import pytest

from tactful.demo.backend import ATTEMPTS, IDENTITY_LIFETIME_S, ServerReply, ShopBackend
from tactful.demo.clock import DriftClock
from tactful.runtime.timers import TestClock

SECRET = "s" * 32
NOW = 1_773_144_000_000


class ScriptedBackend(ShopBackend):
    """A backend whose requests get prepared replies."""

    def __init__(self, *statuses: int) -> None:
        clock = DriftClock(TestClock(NOW))
        super().__init__(port=9, server_key="k", identity_secret=SECRET, clock=clock)
        self.statuses = list(statuses)
        self.requests: list[tuple[str, str]] = []

    async def request(self, method: str, path: str, body: object = None) -> ServerReply:
        self.requests.append((method, path))
        return ServerReply(self.statuses.pop(0), {"keys": []} if body is None else body)


def test_an_identity_is_signed_for_a_short_time() -> None:
    token = ScriptedBackend().sign_identity("omar")
    claims = jwt.decode(
        token, SECRET, algorithms=["HS256"], audience="tactful", options={"verify_exp": False}
    )
    times = {"iat": NOW // 1000, "exp": NOW // 1000 + IDENTITY_LIFETIME_S}
    assert claims == {"sub": "omar", "aud": "tactful", **times}


@pytest.mark.parametrize(
    ("statuses", "status", "requests"),
    [((200,), 200, 1), ((409,), 409, 1), ((503, 500, 200), 200, 3), ((503,) * 9, 503, ATTEMPTS)],
)
async def test_a_redemption_is_repeated_until_its_outcome_is_known(
    statuses: tuple[int, ...], status: int, requests: int
) -> None:
    backend = ScriptedBackend(*statuses)
    reply = await backend.redeem("t", "o1", [], "c1")
    assert (reply.status, len(backend.requests)) == (status, requests)
    assert reply.ok is (status < 400)


async def test_an_order_is_named_in_the_path_of_its_cancellation() -> None:
    backend = ScriptedBackend(200)
    await backend.cancel_redemption("K 1")
    assert backend.requests == [("POST", "/v1/redemptions/K%201/cancel")]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_token_without_a_published_key_is_refused(token: str) -> None:
    assert await ScriptedBackend(200).verify_token(token) is None
