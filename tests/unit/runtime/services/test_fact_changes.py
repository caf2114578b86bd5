"""Facts and heartbeats of the change log reach the cache, the feeds and the sessions concerned."""

from pathlib import Path

from support.bare_shop import NOON, bare_shop
from support.builders import product, stock
from tactful.core.facts.fact_types import AnyFact, subjects_of
from tactful.runtime.ports.ledger_rows import Change
from tactful.runtime.services.fact_changes import FactChanges
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.shop import Shop


def handler_of(shop: Shop) -> FactChanges:
    return FactChanges(shop.state, shop.turns, shop.fanout)


def change(fact: AnyFact, *, erased: bool = False) -> Change:
    body = b"" if erased else fact_row(fact, NOON).body
    return Change(1, NOON, "fact", tuple(subjects_of(fact)), body)


async def test_a_fact_drops_the_item_and_counts_as_a_heartbeat_of_its_feed(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path)
    await shop.ledger.record_facts([fact_row(product("RUN-42", "run"), NOON)])
    await shop.settled()
    await shop.state.fact_cache.load(["RUN-42"], [])
    handler = handler_of(shop)
    reported = change(stock("RUN-42", 1))
    assert not handler.needs_preparation(reported)
    await handler.prepare(reported)
    handler.apply(reported)
    assert shop.state.fact_cache.item("RUN-42") is None
    assert shop.state.feeds.heartbeats["stock"] == NOON
    work = handler.propagate()
    assert work is not None
    await work
    assert handler.propagate() is None


async def test_a_heartbeat_is_recorded_and_concerns_no_session_of_a_fresh_feed(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path)
    handler = handler_of(shop)
    handler.apply(Change(1, NOON, "heartbeat", (("feed", "prices"),)))
    assert shop.state.feeds.heartbeats["prices"] == NOON


async def test_a_fact_that_was_erased_since_still_drops_what_it_was_about(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    await shop.state.fact_cache.load([], ["c1"])
    handler = handler_of(shop)
    handler.apply(Change(1, NOON, "fact", (("customer", "c1"),)))
    assert shop.state.fact_cache.customer("c1") is None


async def test_starting_over_drops_every_item(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    await shop.ledger.record_facts([fact_row(product("RUN-42", "run"), NOON)])
    await shop.settled()
    await shop.state.fact_cache.load(["RUN-42"], [])
    await handler_of(shop).start_over()
    assert shop.state.fact_cache.item("RUN-42") is None
