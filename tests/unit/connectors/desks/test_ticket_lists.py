"""Help desks without deliveries are read: their tickets become cases within a minute."""

from support.fake_desk import FakeRequestTracker, FakeRoundup
from support.fake_shop import FakeShop
from support.fake_tickets import FakeDjangoHelpdesk
from support.inbox import NOW
from support.reconciled_shop import ReconciledShop
from tactful.connectors.registry import connector_of
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Case


def desk(shop: FakeShop, kind: str) -> ReconciledShop:
    return ReconciledShop(shop, connector_of(kind))


async def cases(one: ReconciledShop) -> dict[str, Case]:
    """Return the cases by id."""
    stored = await one.ledger.facts_of_kind("case", "", 99)
    found = [decode_stored(row.body) for row in stored]
    return {case.case: case for case in found if isinstance(case, Case)}


async def test_the_issues_of_roundup_are_read_page_by_page_and_then_by_their_activity() -> None:
    shop = FakeRoundup(NOW // 1000)
    one = desk(shop, "roundup")
    for number in range(3):
        shop.issue(f"Sole came off {number}", "ada@shop.example")
    await one.reconciler.read_due()
    assert {case.kind for case in (await cases(one)).values()} == {"defect"}
    assert set(await cases(one)) == {"RU-101", "RU-102", "RU-103"}
    one.later(3_600)
    shop.issue("Where is my parcel?", "ada@shop.example")
    shop.asked.clear()
    await one.reconciler.read_due()
    assert len(await cases(one)) == 4
    assert len(shop.asked) == 2, "the overlap has the three old ones too"
    assert "activity=from%202026-03-10.11%3A55%3A00" in shop.asked[0]


async def test_the_tickets_of_request_tracker_are_fetched_one_by_one() -> None:
    shop = FakeRequestTracker(NOW // 1000)
    one = desk(shop, "request-tracker")
    shop.ticket("Sole came off", "ada@shop.example")
    await one.reconciler.read_due()
    (case,) = (await cases(one)).values()
    assert (case.case, case.kind, case.status) == ("RT-101", "defect", "open")
    one.later(60)
    shop.orders[101] |= {"Status": "resolved", "LastUpdated": shop.stamp("Z")}
    await one.reconciler.read_due()
    assert (await cases(one))["RT-101"].status == "resolved"


async def test_a_desk_is_read_every_minute() -> None:
    one = desk(FakeRoundup(NOW // 1000), "roundup")
    await one.reconciler.read_due()
    assert one.reconciler.next_at() == one.clock.at + 60_000


async def test_the_tickets_of_django_helpdesk_are_all_read_every_15_minutes() -> None:
    shop = FakeDjangoHelpdesk(NOW // 1000)
    one = desk(shop, "django-helpdesk")
    for _ in range(shop.page_size + 1):
        shop.open()
    await one.reconciler.read_due()
    assert len(await cases(one)) == shop.page_size + 1
    assert len(shop.asked) == 2
    assert one.reconciler.next_at() == one.clock.at + 15 * 60_000
    one.later(15 * 60)
    shop.change(101, status="resolved")
    await one.reconciler.read_due()
    assert (await cases(one))["HD-101"].status == "resolved"
    assert shop.asked[2:] == shop.asked[:2], "nothing says what changed since"
