"""The server process: start, inherited sockets, interpreter settings and the end on a signal."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.raw_connections import within
from tactful.config import Config
from tactful.serving import (
    OLDEST_GENERATION_THRESHOLD,
    THREAD_SWITCH_S,
    _inherited_socket,
    serve,
    tune_interpreter,
)
from tactful.transports.server.listener import Listener


@pytest.fixture(autouse=True)
def untuned() -> Iterator[None]:
    """Restore what `tune_interpreter` changes for the whole process."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    sys.setswitchinterval(interval)


def test_tuning_freezes_the_start_and_shortens_the_thread_switch() -> None:
    young, middle, _ = gc.get_threshold()
    tune_interpreter()
    assert gc.get_threshold() == (young, middle, OLDEST_GENERATION_THRESHOLD)
    assert gc.get_freeze_count() > 0
    assert sys.getswitchinterval() == pytest.approx(THREAD_SWITCH_S)


@pytest.mark.parametrize(
    ("pid", "sockets", "found"),
    [
        (str(os.getpid()), "1", 3),
        (str(os.getpid()), "2", None),
        ("1", "1", None),
        (None, None, None),
    ],
    ids=["for this process", "several sockets", "for another process", "no manager"],
)
def test_a_socket_is_inherited_only_if_it_is_for_this_process(
    monkeypatch: pytest.MonkeyPatch, pid: str | None, sockets: str | None, found: int | None
) -> None:
    for name, value in (("LISTEN_PID", pid), ("LISTEN_FDS", sockets)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert _inherited_socket() == found


async def test_a_server_answers_until_a_signal_ends_it(tmp_path: Path) -> None:
    started: asyncio.Future[Listener] = asyncio.get_running_loop().create_future()
    config = Config(data=tmp_path / "data", port=0)
    serving = asyncio.ensure_future(serve(config, started=started.set_result))
    listener = await within(started, 30)
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{listener.port}/healthz")
        assert answer.json() == {"status": "ok"}
    os.kill(os.getpid(), signal.SIGTERM)
    await within(serving, 30)
    assert listener.state.hub.closed
