"""The bytes of an answer that refuses."""

import json

import h11
import pytest

from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.rejections import (
    ADDRESS_FULL,
    SERVER_FULL,
    SHUTTING_DOWN,
    http_response,
    problem_body,
)


def parse(raw):
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(raw)
    head = client.next_event()
    body = client.next_event()
    assert isinstance(client.next_event(), h11.EndOfMessage)
    return head.status_code, {k.decode(): v.decode() for k, v in head.headers}, bytes(body.data)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 408, 414, 421, 426, 429, 431, 503, 505])
def test_a_refusal_is_a_whole_http_answer_with_problem_details(status):
    refusal = Rejection(status, "some.code", "What is wrong.")
    found, headers, body = parse(http_response(refusal))
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert json.loads(body) == json.loads(problem_body(refusal))
    assert json.loads(body)["code"] == "some.code"


def test_who_must_wait_is_told_how_long():
    for refusal in (ADDRESS_FULL, SERVER_FULL, SHUTTING_DOWN):
        _, headers, _ = parse(http_response(refusal))
        assert int(headers["retry-after"]) == refusal.retry_s


def test_a_wrong_method_and_a_missing_upgrade_are_told_what_to_use():
    assert parse(http_response(Rejection(405, "c", "d")))[1]["allow"] == "GET"
    assert parse(http_response(Rejection(426, "c", "d")))[1]["upgrade"] == "websocket"
