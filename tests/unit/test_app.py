"""The composition root: what a start that fails leaves behind."""

import threading

import pytest

from tactful.app import build
from tactful.config import Config


async def test_a_start_that_fails_leaves_no_thread_that_keeps_the_process_from_ending(
    tmp_path, monkeypatch
):
    async def fails() -> None:
        raise RuntimeError("something is wrong with the rules")

    before = set(threading.enumerate())
    app = build(Config(data=tmp_path / "data")).app
    monkeypatch.setattr(
        "tactful.runtime.services.rulebook_manager.RulebookManager.start", lambda _: fails()
    )
    with pytest.raises(RuntimeError, match="the rules"):
        async with app.router.lifespan_context(app):
            pass
    left = [one for one in threading.enumerate() if one not in before and not one.daemon]
    assert [one for one in left if not one.name.startswith("asyncio")] == []
