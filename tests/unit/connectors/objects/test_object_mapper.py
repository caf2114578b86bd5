"""Objects become facts together with what has to be fetched; stock says when it was counted."""

from typing import Any

import pytest

from support.deliveries import CONTACTS, TERMS
from support.inbox import ITEMS, NOW, SECRET, FakeRemote, SettableClock
from tactful.connectors.connector import Json
from tactful.connectors.inbox.inbox_service import install
from tactful.connectors.objects.object_mapper import Fetched, ObjectMapper
from tactful.connectors.objects.remote_objects import FetchError, RemoteObjects
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


@pytest.mark.parametrize(
    ("version", "seconds", "found"),
    [
        ("2026-03-10T11:59:58Z", 2, "2026-03-10T11:59:58.999999Z"),
        ("2026-03-10T12:59:59+01:00", 1, "2026-03-10T12:59:59.999999+01:00"),
        ("2026-03-10T12:00:00Z", 0, "2026-03-10T12:00:00Z"),
        ("2026-03-10T11:59:58.5Z", 2, "2026-03-10T11:59:58.5Z"),
    ],
)
async def test_what_is_read_is_newer_than_any_delivery_of_its_second(
    version: str, seconds: int, found: str
) -> None:
    fields = {"id": 1, "sku": "S1", "count": 2, "version": version}
    installed = install("shop", ITEMS, secret=SECRET, terms=TERMS)
    mapper = ObjectMapper(installed, nothing, SettableClock(), CONTACTS.key)
    for is_read, wanted in ((True, found), (False, version)):
        (fact,) = await mapper.facts_of("item", fields, NOW, {}, is_read=is_read)
        assert fact["version"] == wanted, seconds


@pytest.mark.parametrize("topic", ["item", "review"])
async def test_what_is_read_without_a_stamp_is_as_new_as_the_reading(topic: str) -> None:
    installed = install("shop", ITEMS, secret=SECRET, terms=TERMS)
    mapper = ObjectMapper(installed, nothing, SettableClock(), CONTACTS.key)
    fields = {"id": 1, "sku": "S1", "count": 2}
    (read,) = await mapper.facts_of(topic, fields, NOW, {}, is_read=True)
    assert read["version"] == "2026-03-10T12:00:00Z"
    (sent,) = await mapper.facts_of(topic, fields, NOW, {})
    assert ("version" in sent) == (topic == "item"), "a delivery is versioned by its arrival"


async def test_requests_without_end_are_refused() -> None:
    with pytest.raises(FetchError, match="More than 200 requests"):
        await facts_of("endless", {"id": 1}, FakeRemote({"/endless": lambda: {"id": 1}}))
