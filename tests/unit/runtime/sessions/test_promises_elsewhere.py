"""Which offers of other processes count against the stock, and when the ledger is asked for them."""

from pathlib import Path

from msgspec import structs

from support.bare_shop import NOON, bare_shop
from support.builders import session, stock
from support.ledger_rows import leave, offer, push
from tactful.core.offers.offer import Offer, OfferState
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.sessions.promises_elsewhere import PROMISED_KEPT_MS, PromisesElsewhere
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession

SHELF = ("RUN-42", "DE")


async def shop_with(folder: Path, available: int, *promised: Offer) -> Shop:
    """A shop whose ledger has offers of which its memory knows nothing."""
    shop = bare_shop(folder)
    await shop.ledger.record_facts([fact_row(stock("RUN-42", available), NOON)])
    await shop.settled()
    for one in promised:
        assert await shop.ledger.commit(push(one)) is None
    await shop.state.fact_cache.load(["RUN-42"], [])
    return shop


async def test_offers_of_other_processes_are_read_where_the_stock_is_short(tmp_path: Path) -> None:
    shop = await shop_with(tmp_path, 3, offer(max_qty=4))
    await PromisesElsewhere(shop.state).read_where_stock_is_short(["RUN-42"])
    assert shop.state.stock_commitments.totals == {SHELF: 4}
    await shop.move_clock(shop.clock.now() + PROMISED_KEPT_MS)
    assert shop.state.stock_commitments.totals == {}


async def test_they_are_not_read_where_the_stock_covers_all(tmp_path: Path) -> None:
    shop = await shop_with(tmp_path, 4, offer(max_qty=4))
    await PromisesElsewhere(shop.state).read_where_stock_is_short(["RUN-42"])
    assert shop.state.stock_commitments.totals == {}


async def test_they_are_not_read_where_memory_knows_all(tmp_path: Path) -> None:
    mine = offer(max_qty=4)
    shop = await shop_with(tmp_path, 3, mine)
    shop.state.stock_commitments.update(mine)

    async def unasked(_: object) -> list[Offer]:
        raise AssertionError

    shop.ledger.standing_offers_of = unasked  # type: ignore[method-assign, assignment]
    await PromisesElsewhere(shop.state).read_where_stock_is_short(["RUN-42"])
    assert shop.state.stock_commitments.totals == {SHELF: 4}


async def test_an_item_that_is_not_in_memory_counts_as_short(tmp_path: Path) -> None:
    shop = await shop_with(tmp_path, 9, offer(max_qty=4))
    shop.state.fact_cache.invalidate_item("RUN-42")
    await PromisesElsewhere(shop.state).read_where_stock_is_short(["RUN-42"])
    assert shop.state.stock_commitments.totals == {SHELF: 4}


async def test_an_offer_that_a_session_here_has_ended_does_not_count(tmp_path: Path) -> None:
    ended, kept = offer("of_1"), offer("of_2", session="se_2", max_qty=2)
    shop = await shop_with(tmp_path, 0, ended, kept)
    for one, offers in ((ended, ()), (kept, (kept,))):
        state = structs.replace(session(), id=one.session, offers=offers)
        shop.state.registry.add(LiveSession(state, one.id.encode()))
    await PromisesElsewhere(shop.state).read(["RUN-42"])
    assert shop.state.stock_commitments.totals == {SHELF: 2}


async def test_a_second_read_forgets_what_has_ended(tmp_path: Path) -> None:
    one = offer(max_qty=4)
    shop = await shop_with(tmp_path, 0, one)
    elsewhere = PromisesElsewhere(shop.state)
    await elsewhere.read(["RUN-42"])
    shop.ledger.record(leave(one, OfferState.EXPIRED))
    await elsewhere.read(["RUN-42"])
    assert shop.state.stock_commitments.totals == {}
