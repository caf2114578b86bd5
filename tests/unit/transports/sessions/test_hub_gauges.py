"""Metrics of connections, messages and limits."""

import pytest

from support.raw_connections import HELLO
from tactful.runtime.telemetry import Telemetry
from tactful.transports.sessions import hub_gauges
from tactful.transports.sessions.hub_gauges import register_hub_gauges
from unit.transports.sessions.test_connection_hub import admitted, say


def lines_of(telemetry: Telemetry) -> list[str]:
    return telemetry.exposition().decode().splitlines()


async def test_the_metrics_show_the_hub_as_it_is() -> None:
    telemetry = Telemetry()
    hub, _, connection, _ = admitted(memory_bytes=2**40)
    register_hub_gauges(telemetry, hub)
    say(connection, HELLO, {"t": "view", "sku": "a"})
    before = lines_of(telemetry)
    assert "tactful_connections 1.0" in before
    assert "tactful_send_queue_bytes 42.0" in before
    assert "tactful_messages_total 2.0" in before
    assert any('limit="memory_bytes"' in line for line in before)
    connection.connection_lost(1000)
    after = lines_of(telemetry)
    assert "tactful_connections 0.0" in after
    assert 'tactful_closes_total{code="1000"} 1.0' in after


async def test_without_a_limit_of_memory_and_without_proc_neither_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreadable() -> int:
        raise OSError("no such file")

    monkeypatch.setattr(hub_gauges, "resident_bytes", unreadable)
    telemetry = Telemetry()
    register_hub_gauges(telemetry, admitted()[0])
    shown = lines_of(telemetry)
    assert not any(line.startswith("tactful_memory_bytes") for line in shown)
    assert not any('limit="memory_bytes"' in line for line in shown)
