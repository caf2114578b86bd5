"""The contract of `InboxStore`: each delivery once, in order, and nothing of an erased customer."""

import msgspec
from msgspec import structs

from support.ledger_rows import T0, AnyLedger, exported
from tactful.runtime.ports.inbox_store import UNREADABLE, InboxDelivery
from tactful.runtime.ports.ledger_rows import FactRow, Subject

CONTACT: Subject = ("contact", "c" * 64)
ORDER = FactRow(
    kind="order",
    key="o1",
    version=None,
    subjects=(("order", "o1"), ("customer", "mia"), CONTACT),
    body=msgspec.json.encode(
        {
            "type": "order",
            "order": "o1",
            "customer": "mia",
            "territory": "DE",
            "placed_at": "2026-03-01T00:00:00Z",
            "status": "placed",
            "lines": [],
            "contact": {"email_hash": CONTACT[1]},
        }
    ),
    at=T0,
)


def delivery(number: int = 1, *subjects: Subject, connector: str = "woo") -> InboxDelivery:
    return InboxDelivery(
        connector=connector,
        delivery=f"d{number}",
        topic="order.updated",
        about=f"order {number % 2}",
        fields=b'{"id":%d}' % number,
        subjects=subjects,
        arrived=T0 + number,
        sent_at=T0,
    )


async def waiting(ledger: AnyLedger, connector: str = "woo") -> list[str]:
    return [one.delivery for one in await ledger.waiting_deliveries(connector, 99)]


async def test_a_delivery_is_stored_once(ledger: AnyLedger) -> None:
    assert await ledger.put_delivery(delivery())
    assert not await ledger.put_delivery(structs.replace(delivery(), fields=b"{}"))
    assert await ledger.put_delivery(delivery(connector="other")), "ids are those of one sender"
    (stored,) = await ledger.waiting_deliveries("woo", 99)
    assert (stored.fields, stored.arrived, stored.sent_at) == (b'{"id":1}', T0 + 1, T0)
    assert (stored.topic, stored.about, stored.problem) == ("order.updated", "order 1", "")


async def test_deliveries_wait_in_order_of_arrival(ledger: AnyLedger) -> None:
    for number in (3, 1, 2):
        await ledger.put_delivery(delivery(number))
    assert await waiting(ledger) == ["d3", "d1", "d2"]
    first, second = await ledger.waiting_deliveries("woo", 2)
    assert (first.delivery, second.delivery) == ("d3", "d1")
    assert await waiting(ledger, "other") == []


async def test_a_mapped_delivery_loses_its_fields_and_is_still_known(ledger: AnyLedger) -> None:
    await ledger.put_delivery(delivery(1, ("customer", "mia")))
    (stored,) = await ledger.waiting_deliveries("woo", 1)
    await ledger.settle_deliveries([stored.number], {})
    assert await waiting(ledger) == []
    assert not await ledger.put_delivery(delivery())
    assert await ledger.delivery_counts() == {("woo", "done"): 1}
    assert (await exported(ledger, "mia"))["deliveries"] == []


async def test_a_failed_delivery_is_named_and_blocks_no_other(ledger: AnyLedger) -> None:
    for number in (1, 2, 3):
        await ledger.put_delivery(delivery(number))
    found = await ledger.waiting_deliveries("woo", 2)
    failed = {one.number: f"no total in {one.delivery}" for one in found}
    await ledger.settle_deliveries([], failed)
    assert await waiting(ledger) == ["d3"]
    newest, oldest = await ledger.failed_deliveries("woo", 99)
    assert (newest.problem, oldest.problem) == ("no total in d2", "no total in d1")
    assert oldest.fields == b'{"id":1}'
    assert await ledger.delivery_counts() == {("woo", "waiting"): 1, ("woo", "failed"): 2}
    assert len(await ledger.failed_deliveries("woo", 1)) == 1


async def test_failed_deliveries_wait_again_in_their_order_unless_nothing_was_kept(
    ledger: AnyLedger,
) -> None:
    unreadable = structs.replace(delivery(3), topic=UNREADABLE)
    for one in (delivery(1), delivery(2), unreadable, delivery(4), delivery(5, connector="other")):
        await ledger.put_delivery(one)
    for stored in await ledger.waiting_deliveries("woo", 3):
        await ledger.settle_deliveries([], {stored.number: "odd"})
    assert await ledger.retry_deliveries("woo") == 2
    assert await waiting(ledger) == ["d1", "d2", "d4"]
    assert [one.problem for one in await ledger.waiting_deliveries("woo", 9)] == ["", "", ""]
    assert await ledger.retry_deliveries("woo") == 0


async def test_old_deliveries_go_unless_they_wait(ledger: AnyLedger) -> None:
    for number in (1, 2, 3, 9):
        await ledger.put_delivery(delivery(number))
    first, second, *_ = await ledger.waiting_deliveries("woo", 99)
    await ledger.settle_deliveries([first.number], {second.number: "odd"})
    assert await ledger.prune_deliveries(T0 + 5) == 2
    assert await ledger.delivery_counts() == {("woo", "waiting"): 2}


async def test_an_erasure_deletes_what_names_the_customer_their_contact_or_their_order(
    ledger: AnyLedger,
) -> None:
    await ledger.record_facts([ORDER])
    for number, subject in enumerate(
        (("customer", "mia"), CONTACT, ("order", "o1"), ("customer", "bo")), 1
    ):
        await ledger.put_delivery(delivery(number, subject))
    found = (await exported(ledger, "mia"))["deliveries"]
    assert [row["fields"] for row in found] == [{"id": 1}, {"id": 2}, {"id": 3}]
    await ledger.erase_customer("mia", "alias", T0)
    assert await waiting(ledger) == ["d4"]
    assert (await exported(ledger, "bo"))["deliveries"] == [
        {"connector": "woo", "topic": "order.updated", "at": T0 + 4, "fields": {"id": 4}}
    ]


async def test_an_erasure_of_a_contact_deletes_what_names_it(ledger: AnyLedger) -> None:
    await ledger.put_delivery(delivery(1, CONTACT))
    await ledger.put_delivery(delivery(2))
    await ledger.erase_contact(CONTACT[1], "alias", T0)
    assert await waiting(ledger) == ["d2"]


async def test_a_cursor_is_kept_for_each_connector_and_name(ledger: AnyLedger) -> None:
    await ledger.put_cursor("woo", "orders", "2026-01-01")
    await ledger.put_cursor("woo", "orders", "2026-02-01")
    await ledger.put_cursor("woo", "products", "7")
    await ledger.put_cursor("other", "orders", "1")
    assert await ledger.cursors("woo") == {"orders": "2026-02-01", "products": "7"}
