"""Sessions that a shop takes over from another one, on one ledger in memory."""

from pathlib import Path

from support.bare_shop import NOON, bare_shop
from support.shared_ledger import Browsing, connect, item_facts, report, two_shops
from tactful.runtime.services.session_restoration import SessionRestoration


def restoration(shop: object) -> SessionRestoration:
    found = shop._restoration  # type: ignore[attr-defined]
    assert isinstance(found, SessionRestoration)
    return found


async def test_the_sessions_of_another_shop_are_adopted_with_their_offers(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (first, second):
        await report(first, *item_facts("S0"))
        await second.state.changes.catch_up()
        connection, _ = await connect(first)
        live = connection.live
        assert live is not None
        browsing = Browsing(first)
        pushed = browsing.session("S0")
        await browsing.check(pushed)
        await first.ledger.flush()
        assert await restoration(second).adopt() == 1
        adopted = second.state.registry.by_id[pushed.state.id]
        assert adopted.state.offers == pushed.state.offers
        assert second.state.stock_commitments.totals == {("S0", "DE"): 1}
        await first.state.changes.catch_up()
        assert pushed.state.id not in first.state.registry.by_id


async def test_every_session_is_let_go_at_once(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (shop, _):
        connection, recorder = await connect(shop)
        assert connection.live is not None
        restoration(shop).leave_all()
        assert recorder.moved
        assert len(shop.state.registry) == 0


async def test_a_stop_ends_the_checks_of_restored_sessions(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    await shop.start()
    await connect(shop)
    checks = restoration(shop)
    checks.stop()
    await checks.recheck(list(shop.state.registry))
    assert shop.clock.now() == NOON
    await shop.stop()
