"""The check of every HTTP request's Host."""

import json

import httpx
import pytest

from doors import hello_app, policy
from tactful.transports.guard import Guard, refuse
from tactful.transports.peers import TrustedProxies
from tactful.transports.policy import Refusal


def client(**changes):
    app = Guard(hello_app, policy(**changes))
    transport = httpx.ASGITransport(app, client=("10.0.0.1", 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")


async def test_a_request_under_our_name_passes():
    async with client() as http:
        found = await http.get("/a")
    assert (found.status_code, found.text) == (200, "hello 10.0.0.1 /a 0")


async def test_a_request_under_a_rebound_name_does_not():
    async with client() as http:
        found = await http.get("/a", headers={"Host": "evil.example"})
    assert found.status_code == 421
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["code"] == "host.unknown"


@pytest.mark.parametrize(
    ("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 421)]
)
async def test_probes_come_by_address(path, status):
    async with client() as http:
        found = await http.get(path, headers={"Host": "10.1.2.3:8000"})
    assert found.status_code == status


async def test_a_trusted_proxy_names_the_client():
    async with client(proxies=TrustedProxies(["10.0.0.0/8"])) as http:
        found = await http.get("/a", headers={"X-Forwarded-For": "192.0.2.5"})
    assert found.text.startswith("hello 192.0.2.5 ")


async def test_what_is_not_http_passes_untouched():
    seen = []

    async def app(scope, *_):
        seen.append(scope)

    await Guard(app, policy())({"type": "websocket"}, None, None)
    assert seen == [{"type": "websocket"}]


async def test_a_refusal_says_when_to_come_back():
    sent = []

    async def send(message):
        sent.append(message)

    await refuse(send, Refusal(503, "server.full", "Full.", retry_s=10))
    assert (b"retry-after", b"10") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["status"] == 503
