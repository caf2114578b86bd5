"""Host, rate and client address of HTTP requests."""

import json
from typing import Any

import httpx
import pytest

from support.raw_connections import RecordingSessionHandler, hello_app, policy
from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.client_address import TrustedProxies
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_middleware import AccessMiddleware, send_rejection
from tactful.transports.sessions.connection_hub import ConnectionHub


def client(**changes: Any) -> httpx.AsyncClient:
    app = AccessMiddleware(hello_app, ConnectionHub(RecordingSessionHandler(), policy(**changes)))
    transport = httpx.ASGITransport(app, client=("10.0.0.1", 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")


async def test_a_request_under_our_name_is_served() -> None:
    async with client() as http:
        found = await http.get("/a")
    assert (found.status_code, found.text) == (200, "hello 10.0.0.1 /a 0")


async def test_a_request_under_a_rebound_name_is_rejected() -> None:
    async with client() as http:
        found = await http.get("/a", headers={"Host": "evil.example"})
    assert found.status_code == 421
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["code"] == "host.unknown"


@pytest.mark.parametrize(
    ("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 421)]
)
async def test_probes_are_served_under_any_host(path: str, status: int) -> None:
    async with client() as http:
        found = await http.get(path, headers={"Host": "10.1.2.3:8000"})
    assert found.status_code == status


async def test_a_trusted_proxy_names_the_client() -> None:
    async with client(proxies=TrustedProxies(["10.0.0.0/8"])) as http:
        found = await http.get("/a", headers={"X-Forwarded-For": "192.0.2.5"})
    assert found.text.startswith("hello 192.0.2.5 ")


async def never(*_: Any) -> Any:
    raise AssertionError("a WebSocket is passed on untouched")


async def test_a_websocket_is_passed_on_unchanged() -> None:
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope)

    await AccessMiddleware(app, ConnectionHub(RecordingSessionHandler(), policy()))(
        {"type": "websocket"}, never, never
    )
    assert seen == [{"type": "websocket"}]


async def test_a_rejection_says_when_to_try_again() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await send_rejection(send, Rejection(503, "server.full", "Full.", retry_s=10))
    assert (b"retry-after", b"10") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["status"] == 503


@pytest.mark.usefixtures("no_refill")
async def test_an_address_above_its_rate_is_rejected_and_disconnected() -> None:
    async with client(limits=AdmissionLimits(request_burst=2, requests_per_s=1)) as http:
        found = [await http.get(path) for path in ("/a", "/healthz", "/b")]
    assert [each.status_code for each in found] == [200, 200, 429]
    assert found[2].json()["code"] == "address.hurried"
    assert (found[2].headers["connection"], found[2].headers["retry-after"]) == ("close", "5")


@pytest.mark.usefixtures("no_refill")
async def test_behind_a_proxy_each_client_has_a_rate_and_the_proxy_has_none() -> None:
    proxies = TrustedProxies(["10.0.0.1"])
    async with client(
        proxies=proxies, limits=AdmissionLimits(request_burst=1, requests_per_s=1)
    ) as http:
        for address in ("192.0.2.1", "192.0.2.2"):
            assert (await http.get("/a", headers={"X-Forwarded-For": address})).status_code == 200
        again = await http.get("/a", headers={"X-Forwarded-For": "192.0.2.1"})
        assert again.status_code == 429
        assert "connection" not in again.headers, "other clients use it too"
        assert [(await http.get("/a")).status_code for _ in range(3)] == [200] * 3
