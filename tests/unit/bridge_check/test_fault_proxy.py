"""The proxy records every request, and each fault is what its name says."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tactful.bridge_check.fault_proxy import Fault, FaultProxy, step_of
from tactful.bridge_check.json_requests import Answer, NoAnswerError, request_json

HOLD = "/v1/redemptions"


@contextmanager
def proxied() -> Iterator[tuple[FaultProxy, list[str]]]:
    """A proxy before a server, and the paths that the server was asked for."""
    paths: list[str] = []

    class Upstream(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"done": true}')

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with FaultProxy(0, server.server_port) as proxy:
                yield proxy, paths
        finally:
            server.shutdown()
            thread.join()


def ask(proxy: FaultProxy, path: str = HOLD) -> Answer:
    """The answer to a request through the proxy."""
    return request_json(proxy.url, "POST", path, {})


def test_a_request_without_a_fault_is_passed_on_and_recorded() -> None:
    with proxied() as (proxy, paths):
        assert ask(proxy) == Answer(200, {"done": True})
        assert paths == [HOLD]
        assert [str(one) for one in proxy.exchanges] == ["POST /v1/redemptions: 200"]


@pytest.mark.parametrize(
    ("fault", "carried_out", "status"),
    [
        (Fault.CUT_REQUEST, False, None),
        (Fault.CUT_ANSWER, True, None),
        (Fault.TOO_MANY, False, 429),
        (Fault.ERROR, False, 500),
        (Fault.ERROR_AFTER, True, 500),
    ],
)
def test_a_fault_meets_the_next_request_of_its_step_once(
    fault: Fault, carried_out: bool, status: int | None
) -> None:
    with proxied() as (proxy, paths):
        proxy.plan("hold", fault)
        assert ask(proxy, f"{HOLD}/o1/cancel").status == 200
        if status is None:
            with pytest.raises(NoAnswerError):
                ask(proxy)
        else:
            assert ask(proxy).status == status
        assert (HOLD in paths) == carried_out
        assert str(proxy.exchanges[-1]) == f"POST /v1/redemptions: {fault}"
        assert proxy.unused_faults == []
        assert ask(proxy).status == 200


def test_a_server_that_is_away_answers_nothing() -> None:
    with proxied() as (proxy, paths):
        with proxy.away(), pytest.raises(NoAnswerError):
            ask(proxy, "/v1/facts")
        assert paths == []
        assert ask(proxy, "/v1/facts").status == 200


def test_a_reset_forgets_plans_and_records() -> None:
    with proxied() as (proxy, _):
        ask(proxy)
        proxy.plan("refund", Fault.ERROR)
        proxy.reset()
        assert (proxy.exchanges, proxy.unused_faults) == ([], [])


@pytest.mark.parametrize(
    ("method", "path", "step"),
    [
        ("POST", "/v1/redemptions", "hold"),
        ("POST", "/v1/redemptions/a%2Fb/confirm", "confirm"),
        ("POST", "/v1/redemptions/o1/cancel?x=1", "cancel"),
        ("POST", "/v1/redemptions/o1/refund", "refund"),
        ("GET", "/v1/redemptions?state=held", ""),
        ("POST", "/v1/facts", ""),
    ],
)
def test_the_step_of_a_request_follows_from_its_path(method: str, path: str, step: str) -> None:
    assert step_of(method, path) == step
