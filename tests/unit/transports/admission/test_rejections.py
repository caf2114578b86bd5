"""HTTP responses that reject a connection or request."""

import json

import h11
import pytest

from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.rejections import (
    ADDRESS_FULL,
    SERVER_FULL,
    SHUTTING_DOWN,
    http_response,
    rejection_body,
)


def parse(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(raw)
    head = client.next_event()
    assert isinstance(head, h11.Response)
    body = client.next_event()
    assert isinstance(body, h11.Data)
    assert isinstance(client.next_event(), h11.EndOfMessage)
    return head.status_code, {k.decode(): v.decode() for k, v in head.headers}, bytes(body.data)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 408, 414, 421, 426, 429, 431, 503, 505])
def test_a_rejection_is_a_whole_http_response_with_problem_details(status: int) -> None:
    rejection = Rejection(status, "some.code", "What is wrong.")
    found, headers, body = parse(http_response(rejection))
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert json.loads(body) == json.loads(rejection_body(rejection))
    assert json.loads(body)["code"] == "some.code"


def test_a_temporary_rejection_says_how_long_to_wait() -> None:
    for rejection in (ADDRESS_FULL, SERVER_FULL, SHUTTING_DOWN):
        _, headers, _ = parse(http_response(rejection))
        assert int(headers["retry-after"]) == rejection.retry_s


def test_a_wrong_method_and_a_missing_upgrade_name_what_to_use() -> None:
    assert parse(http_response(Rejection(405, "c", "d")))[1]["allow"] == "GET"
    assert parse(http_response(Rejection(426, "c", "d")))[1]["upgrade"] == "websocket"
