"""After the last journey, every byte that any widget was sent is scanned for what it may never be told."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def nothing_leaked() -> Iterator[None]:
    yield
    from journeys.stage import EVERY_BYTE  # noqa: PLC0415 - the one copy that the journeys filled
    from journeys.test_canaries import scan  # noqa: PLC0415

    assert scan(EVERY_BYTE) == []
