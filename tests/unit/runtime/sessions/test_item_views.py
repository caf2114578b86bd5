"""Views by SKU and by address; `test_session_handler.py` has them on a connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.bare_shop import bare_shop, recorded_connection
from tactful.core.session.signals import PageViewed
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import SessionConnection


def viewed(connection: SessionConnection) -> list[str]:
    assert connection.live is not None
    return [item.sku for item in connection.live.state.viewed_items]


async def report_product(shop: Shop) -> None:
    fact = b'{"type":"product","sku":"RUN-42","product":"run","title":"Shoe","url":"/run"}'
    await shop.ingest.ingest([fact])
    await shop.state.fact_cache.read_catalogue()


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Shop]:
    shop = bare_shop(folder)
    await shop.start()
    yield shop
    await shop.stop()


def connected(shop: Shop) -> SessionConnection:
    connection, _ = recorded_connection()
    shop.lifecycle.open(connection, SessionGreeting(consent="anonymous"))
    return connection


@pytest.mark.parametrize(
    ("sku", "url", "seen"),
    [
        ("RUN-42", None, ["RUN-42"]),
        ("RUN-42", "/elsewhere", ["RUN-42"]),
        (None, "/run", ["RUN-42"]),
        ("its own id", "/run", ["RUN-42"]),
        ("its own id", "/elsewhere", ["its own id"]),
        (None, "/elsewhere", []),
    ],
)
async def test_a_page_shows_the_item_that_it_names_or_that_is_sold_there(
    sku: str | None, url: str | None, seen: list[str], tmp_path: Path
) -> None:
    async with started(tmp_path) as shop:
        await report_product(shop)
        connection = connected(shop)
        shop.lifecycle.item_views.view(connection, sku, url)
        await shop.settled()
        assert viewed(connection) == seen


async def test_another_page_ends_the_search(tmp_path: Path) -> None:
    async with started(tmp_path) as shop:
        await report_product(shop)
        connection = connected(shop)
        shop.lifecycle.item_views.view(connection, None, "/run")
        shop.lifecycle.submit(connection, PageViewed("cart"))
        await shop.settled()
        assert viewed(connection) == []


async def test_a_ledger_that_cannot_be_read_loses_one_view(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with started(tmp_path) as shop:
        connection = connected(shop)

        async def fail(*_: Any) -> None:
            raise LedgerError("no disk")

        monkeypatch.setattr(shop.ledger, "facts_about", fail)
        shop.lifecycle.item_views.view(connection, None, "/run")
        await shop.lifecycle.wait_until_idle()
        assert viewed(connection) == []


async def test_many_pages_of_a_connection_are_looked_up_one_at_a_time_and_only_the_last_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with started(tmp_path) as shop:
        await report_product(shop)
        connection = connected(shop)
        looked_up: list[Any] = []
        facts_about = shop.ledger.facts_about

        async def counted(*asked: Any) -> Any:
            looked_up.append(asked)
            return await facts_about(*asked)

        monkeypatch.setattr(shop.ledger, "facts_about", counted)
        for number in range(200):
            shop.lifecycle.item_views.view(connection, None, f"/page/{number}")
        shop.lifecycle.item_views.view(connection, None, "/run")
        await shop.lifecycle.wait_until_idle()
        assert len([asked for asked in looked_up if asked[1] == ("product",)]) == 1
        await shop.settled()
        assert viewed(connection) == ["RUN-42"]
        assert not shop.lifecycle.item_views._looking


async def test_nothing_is_looked_up_for_a_connection_that_closed(tmp_path: Path) -> None:
    async with started(tmp_path) as shop:
        await report_product(shop)
        connection = connected(shop)
        shop.lifecycle.item_views.view(connection, None, "/run")
        shop.lifecycle.disconnect(connection)
        await shop.settled()
        assert viewed(connection) == []
        assert not shop.lifecycle.item_views._looking
