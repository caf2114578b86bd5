"""Requests are repeated until their outcome is known, and refusals are final."""

import json
from collections import deque

import pytest

from tactful_bridge.client import PATIENCE_MS, TactfulClient, now_ms, path_of, sleep_ms
from tactful_bridge.errors import OutcomeUnknownError, RefusedError
from tactful_bridge.transport import Response


class Script:
    """A transport that answers as it is told: a status, a response, or an error; then with 200."""

    def __init__(self, *answers: int | Response | Exception) -> None:
        self.answers = deque(answers)
        self.sent: list[tuple[str, str, object]] = []
        self.slept: list[int] = []
        self.now = 0

    def send(self, method: str, path: str, body: object = None) -> Response:
        self.sent.append((method, path, body))
        answer = self.answers.popleft() if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return Response(answer, b'{"code": "of.test"}') if isinstance(answer, int) else answer

    def sleep(self, pause: int) -> None:
        self.slept.append(pause)
        self.now += pause

    def client(self) -> TactfulClient:
        return TactfulClient(self, clock=lambda: self.now, sleep=self.sleep)


def test_an_unknown_outcome_is_asked_for_again_with_growing_pauses() -> None:
    script = Script(OutcomeUnknownError("lost"), 500, 503, 429, 302)
    assert script.client().redeem({"order": "o1"}) == {"code": "of.test"}
    assert script.sent == [("POST", "/v1/redemptions", {"order": "o1"})] * 6
    assert script.slept == [100, 200, 400, 800, 1600]


def test_the_pause_that_a_server_asks_for_is_kept() -> None:
    script = Script(Response(429, b"{}", retry_after=3))
    script.client().ask("GET", "/x")
    assert script.slept == [3000]


def test_patience_ends_and_the_outcome_stays_unknown() -> None:
    script = Script(*[500] * 50)
    with pytest.raises(OutcomeUnknownError, match="status 500"):
        script.client().ask("GET", "/x")
    assert PATIENCE_MS - 2_000 <= script.now < PATIENCE_MS


def test_without_patience_a_request_is_sent_once() -> None:
    script = Script(503)
    with pytest.raises(OutcomeUnknownError):
        script.client().ask("GET", "/x", patience=0)
    assert len(script.sent) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422])
def test_a_refusal_is_final_and_names_its_code(status: int) -> None:
    script = Script(status)
    with pytest.raises(RefusedError, match=r"of\.test") as refused:
        script.client().ask("GET", "/x")
    assert (refused.value.status, refused.value.code) == (status, "of.test")
    assert len(script.sent) == 1


@pytest.mark.parametrize(("code", "is_about"), [("key.wrong", True), ("redemption.used", False)])
def test_a_refused_key_is_told_apart(code: str, is_about: bool) -> None:
    assert RefusedError(401, code).is_about_the_key is is_about


def test_an_answer_that_is_no_json_is_an_unknown_outcome() -> None:
    script = Script(Response(200, b"<html>"))
    assert script.client().ask("GET", "/x") == {"code": "of.test"}
    assert len(script.sent) == 2


def test_facts_are_reported_in_parts_and_rejections_keep_their_place() -> None:
    facts = [{"type": "stock", "sku": str(number)} for number in range(1_001)]
    rejected = {"rejected": [{"index": 0, "code": "fact.invalid", "message": "no"}]}
    script = Script(200, 200, Response(200, json.dumps(rejected).encode()))
    assert script.client().report(facts) == [
        {"index": 1_000, "code": "fact.invalid", "message": "no"}
    ]
    assert [len(body) for _, _, body in script.sent if isinstance(body, list)] == [500, 500, 1]


def test_redemptions_are_asked_for_by_order_or_by_state() -> None:
    rows = Response(200, b'{"redemptions": [{"order": "a/b"}, 7]}')
    script = Script(rows, 200)
    assert script.client().redemptions(order="a/b") == [{"order": "a/b"}]
    assert script.client().redemptions(state="held") == []
    assert [path for _, path, _ in script.sent] == [
        "/v1/redemptions?order=a%2Fb",
        "/v1/redemptions?state=held",
    ]


def test_all_pages_of_redemptions_are_read() -> None:
    first = Response(200, b'{"redemptions": [{"order": "o1"}], "next": "r-1"}')
    second = Response(200, b'{"redemptions": [{"order": "o2"}], "next": null}')
    script = Script(first, second)
    assert script.client().redemptions(state="held") == [{"order": "o1"}, {"order": "o2"}]
    assert script.sent[1][1] == "/v1/redemptions?state=held&after=r-1"


def test_an_order_id_is_one_segment_of_the_path() -> None:
    assert path_of("2026/17 b", "confirm") == "/v1/redemptions/2026%2F17%20b/confirm"


def test_the_clock_counts_milliseconds() -> None:
    before = now_ms()
    sleep_ms(2)
    assert before + 2 <= now_ms() < before + 60_000
