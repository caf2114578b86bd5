"""Objects become facts together with what has to be fetched; stock says when it was counted."""

from typing import Any

import pytest

from support.deliveries import CONTACTS, TERMS
from support.inbox import ITEMS, NOW, SECRET, FakeRemote, SettableClock
from tactful.connectors.connector import Json
from tactful.connectors.inbox.inbox_service import install
from tactful.connectors.inbox.object_mapper import Fetched, ObjectMapper
from tactful.connectors.inbox.remote_objects import FetchError, RemoteObjects
from tactful.core.facts.fact_types import AnyFact


async def nothing(_: Any) -> tuple[AnyFact, ...]:
    return ()


async def facts_of(
    topic: str, fields: Json, remote: RemoteObjects | None = None, fetched: Fetched | None = None
) -> list[Json]:
    installed = install("shop", ITEMS, secret=SECRET, terms=TERMS)
    installed.remote = remote
    mapper = ObjectMapper(installed, nothing, SettableClock(), CONTACTS.key)
    kept = mapper.kept(topic, fields)
    return await mapper.facts_of(topic, kept, NOW - 5_000, {} if fetched is None else fetched)


async def test_stock_without_a_version_has_the_instant_of_its_object() -> None:
    (fact,) = await facts_of("item", {"id": 1, "sku": "S1", "count": 2, "secret": "x"})
    assert (fact["available"], fact["version"]) == (2, "2026-03-10T11:59:55Z")


async def test_fetched_stock_has_the_instant_of_the_request_and_one_response_serves_many() -> None:
    remote = FakeRemote({"/items/1": lambda: {"sku": "S1", "count": 9}})
    fetched: Fetched = {}
    for _ in range(2):
        (fact,) = await facts_of("thin", {"id": 1}, remote, fetched)
        assert fact["version"] == "2026-03-10T12:00:00Z"
    assert remote.asked == ["/items/1"]


async def test_what_stands_without_a_fetch_has_the_instant_of_its_object() -> None:
    (fact,) = await facts_of("lonely", {"id": 1})
    assert (fact["sku"], fact["version"]) == ("ALONE", "2026-03-10T11:59:55Z")


async def test_requests_without_end_are_refused() -> None:
    with pytest.raises(FetchError, match="More than 200 requests"):
        await facts_of("endless", {"id": 1}, FakeRemote({"/endless": lambda: {"id": 1}}))
