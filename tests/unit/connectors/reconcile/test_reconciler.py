"""Lists are read when they are due; what they lack is gone, unless it is suspiciously much."""

import asyncio
from typing import Any

import pytest

from support.fake_shop import Answer
from support.fake_woocommerce import FakeWoocommerce
from support.inbox import NOW
from support.raw_connections import eventually
from support.reconciled_shop import ReconciledShop
from tactful.connectors.objects.remote_objects import FetchError
from tactful.connectors.reconcile import reconciler
from tactful.connectors.shops.woocommerce import WOOCOMMERCE

QUARTER_S, DAY_S = 15 * 60, 24 * 3_600
PATIENCE_S = 60


class Shop(ReconciledShop):
    """A WooCommerce shop with products from the id 101 on."""

    shop: FakeWoocommerce

    def __init__(self, count: int) -> None:
        shop = FakeWoocommerce(NOW // 1000)
        shop.hooks.clear()
        for number in range(count):
            shop.add_product(1_000 + number, 5)
        super().__init__(shop, WOOCOMMERCE)

    def lists_asked(self) -> list[str]:
        """Return the lists that were asked for since the last call."""
        asked = [one.partition("?")[0].rpartition("/v3/")[2] for one in self.shop.asked]
        self.shop.asked.clear()
        return list(dict.fromkeys(asked))


async def test_changes_are_read_every_quarter_of_an_hour_and_whole_lists_once_a_day() -> None:
    one = Shop(1)
    every = ["products", "orders", "customers", "products/reviews", "webhooks"]
    await one.reconciler.read_due()
    assert one.lists_asked() == every
    await one.reconciler.read_due()
    assert one.lists_asked() == []
    assert one.reconciler.next_at() == one.clock.at + QUARTER_S * 1000
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert one.lists_asked() == ["products", "orders", "products/reviews", "webhooks"]
    one.later(DAY_S)
    await one.reconciler.read_due()
    assert one.lists_asked() == every


async def test_a_reading_on_request_is_whole_and_happens_once() -> None:
    one = Shop(1)
    await one.reconciler.read_due()
    one.reconciler.ask()
    one.lists_asked()
    await one.reconciler.read_due()
    assert "customers" in one.lists_asked()
    await one.reconciler.read_due()
    assert one.lists_asked() == []


async def test_a_request_outlives_a_reading_that_fails() -> None:
    one = Shop(1)
    await one.reconciler.read_due()
    one.reconciler.ask()
    one.shop.answers = [Answer(503, {})]
    with pytest.raises(FetchError):
        await one.reconciler.read_due()
    one.lists_asked()
    await one.reconciler.read_due()
    assert "customers" in one.lists_asked()


async def test_a_list_that_may_not_be_read_keeps_no_other_from_being_read() -> None:
    one = Shop(2)
    one.shop.review(101, 1)
    right = one.shop.answer
    one.shop.answer = lambda method, path, *rest: (  # type: ignore[method-assign]
        Answer(403, {}) if path.endswith("/customers") else right(method, path, *rest)
    )
    with pytest.raises(FetchError, match="403"):
        await one.reconciler.read_due()
    read = {status.name for status in one.reconciler.statuses() if status.whole_at}
    assert read == {"products", "orders", "reviews"}
    assert "webhooks" in one.lists_asked()


async def test_a_request_during_a_reading_is_not_lost() -> None:
    one = Shop(30)
    await one.reconciler.read_due()
    for ident in range(101, 112):
        one.shop.delete(ident)
    right = one.shop.answer

    def asking(method: str, path: str, query: Any, body: Any) -> Answer:
        one.shop.answer = right  # type: ignore[method-assign]
        one.reconciler.ask(accept_missing=True)
        return Answer(503, {})

    one.shop.answer = asking  # type: ignore[method-assign]
    one.reconciler.ask()
    with pytest.raises(FetchError, match="503"):
        await one.reconciler.read_due()
    await one.reconciler.read_due()
    assert len(await one.facts()) == 19


async def test_the_pause_that_a_system_asks_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []

    async def wait(seconds: int) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    one = Shop(1)
    monkeypatch.setattr(one.reconciler, "_wait", wait)
    one.shop.answers = [Answer(429, {}, {"retry-after": "450"})]
    task = asyncio.create_task(one.reconciler.run())
    await eventually(lambda: len(waits) > 1, PATIENCE_S)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert waits[:2] == [450, 300]


async def test_an_error_of_ours_does_not_end_the_readings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconciler, "LONGEST_PAUSE_S", 0)
    one = Shop(1)
    calls: list[int] = []

    async def broken() -> None:
        calls.append(1)
        raise RuntimeError("broken")

    monkeypatch.setattr(one.reconciler, "read_due", broken)
    task = asyncio.create_task(one.reconciler.run())
    await eventually(lambda: len(calls) > 1, PATIENCE_S)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_a_whole_list_lacks_is_gone_and_comes_back() -> None:
    one = Shop(3)
    await one.reconciler.read_due()
    taken = one.shop.products.pop(102)
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert set(await one.facts()) == {"W-101", "W-103"}
    assert one.installed.drift == {"gone": 1}
    one.shop.products[102] = taken
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert set(await one.facts()) == {"W-101", "W-102", "W-103"}


async def test_what_a_delivery_said_is_gone_is_no_drift() -> None:
    one = Shop(3)
    await one.reconciler.read_due()
    one.later(1)
    one.shop.bin(102)
    await one.deliver(one.shop.sent[-1])
    await one.map_all()
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert set(await one.facts()) == {"W-101", "W-103"}
    assert one.installed.drift == {}


async def test_a_product_that_only_a_delivery_named_is_missed_after_a_restart() -> None:
    before = Shop(1)
    await before.reconciler.read_due()
    before.shop.add_product(900, 1)
    await before.deliver(before.shop.sent[-1])
    await before.map_all()
    assert set(await before.facts()) == {"W-101", "W-102"}
    before.shop.delete(102)
    before.later(QUARTER_S)
    after = ReconciledShop(before.shop, WOOCOMMERCE, before.ledger, before.clock)
    await after.reconciler.read_due()
    assert set(await after.facts()) == {"W-101"}


async def test_much_that_is_missing_is_gone_only_when_a_person_says_so() -> None:
    one = Shop(30)
    await one.reconciler.read_due()
    for ident in range(101, 112):
        one.shop.delete(ident)
    for _ in range(2):
        one.later(QUARTER_S)
        await one.reconciler.read_due()
        assert one.installed.missing == 11
        assert len(await one.facts()) == 30
    one.later(1)
    one.reconciler.ask(accept_missing=True)
    await one.reconciler.read_due()
    assert one.installed.missing is None
    assert len(await one.facts()) == 19


async def test_a_list_that_moved_while_it_was_read_says_nothing_is_gone() -> None:
    one = Shop(7)
    await one.reconciler.read_due()
    right = one.shop.answer

    def moving(method: str, path: str, query: object, body: object) -> Answer:
        answer = right(method, path, query, body)  # type: ignore[arg-type]
        if path.endswith("/products"):
            one.shop.products.pop(101, None)  # the second page lacks an object that is there
        return answer

    one.shop.answer = moving  # type: ignore[method-assign]
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert len(await one.facts()) == 7
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert len(await one.facts()) == 6


async def test_an_object_that_cannot_be_mapped_is_not_gone() -> None:
    one = Shop(3)
    await one.reconciler.read_due()
    status = one.shop.products[102].pop("status")
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert len(await one.facts()) == 3
    one.shop.products[102]["status"] = status
    one.shop.delete(101)
    one.later(QUARTER_S)
    await one.reconciler.read_due()
    assert set(await one.facts()) == {"W-102", "W-103"}


async def test_own_subscriptions_that_were_switched_off_are_switched_on() -> None:
    one = Shop(0)
    own = "https://tactful.example/v1/in/shop"
    one.shop.hooks |= {
        1: {"id": 1, "status": "active", "delivery_url": own},
        2: {"id": 2, "status": "disabled", "delivery_url": own},
        3: {"id": 3, "status": "disabled", "delivery_url": "https://tactful.example/v1/in/other"},
    }
    await one.reconciler.read_due()
    assert [hook["status"] for hook in one.shop.hooks.values()] == ["active", "active", "disabled"]
    assert one.installed.activated == {"2": 1}
    kinds = [(cause.kind, cause.evidence) for cause in one.service.causes()]
    assert kinds == [("connector.disabled", {"hooks": 1})]


async def test_a_subscription_that_may_not_be_changed_is_named() -> None:
    one = Shop(0)
    own = "https://tactful.example/v1/in/shop"
    one.shop.hooks[2] = {"id": 2, "status": "disabled", "delivery_url": own}
    right = one.shop.answer
    one.shop.answer = lambda method, *rest: (  # type: ignore[method-assign]
        Answer(401, {}) if method == "PUT" else right(method, *rest)
    )
    await one.reconciler.read_due()
    (cause,) = one.service.causes()
    assert cause.kind == "connector.unreadable"
    assert "The subscription 2 is switched off" in str(cause.evidence["message"])


async def test_missing_items_and_much_drift_are_causes_of_alerts() -> None:
    one = Shop(0)
    one.installed.missing = 40
    assert [cause.kind for cause in one.service.causes()] == ["connector.mass_gone"]
    one.installed.missing = None
    await one.reconciler.read_due()
    for count, kinds in ((6, []), (7, ["connector.drift"]), (1, [])):
        for _ in range(count):
            one.shop.add_product(1_000, 1)
        one.later(QUARTER_S)
        await one.reconciler.read_due()
        assert [cause.kind for cause in one.service.causes()] == kinds
    assert one.installed.drift == {"product": 14, "price": 14, "stock": 14}


async def test_it_runs_when_it_is_asked_and_repeats_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconciler, "FIRST_PAUSE_S", 0)
    one = Shop(1)
    one.shop.answers = [Answer(503, {})]
    task = asyncio.create_task(one.reconciler.run())
    await eventually(lambda: one.reconciler.next_at() > 0, PATIENCE_S)
    assert one.installed.fetch_problem is None
    one.later(1)
    one.shop.add_product(500, 1)
    one.reconciler.ask()
    await eventually(lambda: one.reconciler.statuses()[0].rows == 2, PATIENCE_S)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
