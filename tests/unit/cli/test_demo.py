"""`tactful demo` starts the demo where its options say, and ends with its exit code."""

import pytest

from support.cli_runner import run
from tactful import demo
from tactful.transports.server.listener import ListenError


def test_the_options_reach_the_demo_and_its_exit_code_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[tuple[str, int, bool]] = []

    def start(host: str, port: int, *, open_browser: bool) -> int:
        started.append((host, port, open_browser))
        return 3

    monkeypatch.setattr(demo, "run", start)
    assert run("demo", "--port", "9000", "--open").exit_code == 3
    assert started == [("127.0.0.1", 9000, True)]


def test_an_address_that_cannot_be_listened_on_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(host: str, port: int, *, open_browser: bool) -> int:
        raise ListenError(f"{host}:{port} is in use ({open_browser}).")

    monkeypatch.setattr(demo, "run", start)
    result = run("demo")
    assert (result.exit_code, result.output) == (
        2,
        "error: 127.0.0.1:8000 is in use (False).\n",
    )
