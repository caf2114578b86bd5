"""Servers for raw peers, and a scan of every byte that widgets received for confidential values."""

from collections.abc import Iterator

import pytest

from journeys.raw_peers import PACE, Served, served


@pytest.fixture(scope="session", autouse=True)
def nothing_leaked() -> Iterator[None]:
    yield
    from journeys.test_canaries import scan  # noqa: PLC0415
    from support.live_server import EVERY_BYTE  # noqa: PLC0415 - the one copy that the journeys filled

    assert scan(EVERY_BYTE) == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served(
        tmp_path_factory, "door", linger_ms=300, sweep_ms=200, stalled_ms=2_000, timing=PACE
    )


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with short deadlines, for the cases about slow clients.

    They are longer than a loaded machine keeps a client waiting that is not slow.
    """
    rhythm = {"hello_ms": 800, "heartbeat_ms": 100, "silent_ms": 1_200}
    yield from served(
        tmp_path_factory, "hasty", head_ms=800, linger_ms=200, sweep_ms=80, stalled_ms=500,
        body_grace_ms=200, timing=rhythm,
    )  # fmt: skip


@pytest.fixture(scope="module")
def echo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served(tmp_path_factory, "echo", echo=True, linger_ms=300, sweep_ms=200)
