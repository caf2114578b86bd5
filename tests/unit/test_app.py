"""The composition root: what it builds, and what a failed start leaves behind."""

import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from tactful.app import (
    NO_RATE_LIMIT,
    _access_policy,
    build,
    create_app,
)
from tactful.config import Config
from tactful.runtime.services.rulebook_manager import RulebookManager
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_an_application_serves_its_shop_while_its_lifespan_lasts(tmp_path: Path) -> None:
    app = create_app(Config(data=tmp_path / "data"))
    assert isinstance(app, Starlette)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        assert (await http.get("/readyz")).json()["status"] == "ok"


async def test_a_draft_that_cannot_be_deleted_does_not_keep_the_shop_from_starting(
    tmp_path: Path,
) -> None:
    (tmp_path / "data" / "drafts" / "lock").mkdir(parents=True)
    app = create_app(Config(data=tmp_path / "data"))
    with capture_logs() as logs:
        async with app.router.lifespan_context(app):
            pass
    warnings = [line["event"] for line in logs if line["log_level"] == "warning"]
    # A new shop has no backup yet, which is an alert from the first minute on.
    assert [event for event in warnings if event != "alert.raised"] == ["drafts.left"]


def test_the_test_clock_has_an_endpoint_in_test_mode_only(tmp_path: Path) -> None:
    def paths(config: Config) -> set[str]:
        return {getattr(route, "path", "") for route in build(config).app.routes}

    assert "/v1/test/clock" not in paths(Config(data=tmp_path / "a"))
    assert "/v1/test/clock" in paths(Config(data=tmp_path / "b", test_mode=True))


async def test_without_a_data_folder_nothing_is_stored_on_disk(tmp_path: Path) -> None:
    assert isinstance(build(Config(data=tmp_path / "data")).shop.ledger, SqliteLedger)
    temporary = build(Config())
    assert isinstance(temporary.shop.ledger, MemoryLedger)
    async with temporary.app.router.lifespan_context(temporary.app):
        pass


def test_the_limits_follow_the_settings() -> None:
    limits = _access_policy(Config(max_connections_per_address=400, heartbeat_s=7)).limits
    assert (limits.per_address, limits.request_burst, limits.requests_per_s) == (400, 400, 100)
    assert limits.timing.heartbeat_ms == 7_000
    assert _access_policy(Config(max_memory_mib=512)).limits.memory_bytes == 512 * 2**20
    assert _access_policy(Config(test_mode=True)).limits.timing.per_second == NO_RATE_LIMIT


async def test_a_start_that_fails_leaves_no_thread_that_keeps_the_process_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise RuntimeError("something is wrong with the rules")

    def start(_: Any) -> Coroutine[Any, Any, None]:
        return fails()

    before = set(threading.enumerate())
    app = build(Config(data=tmp_path / "data")).app
    monkeypatch.setattr(RulebookManager, "start", start)
    with pytest.raises(RuntimeError, match="the rules"):
        async with app.router.lifespan_context(app):
            pass
    left = [one for one in threading.enumerate() if one not in before and not one.daemon]
    assert [one for one in left if not one.name.startswith("asyncio")] == []
