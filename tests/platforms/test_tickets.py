"""django-helpdesk for real: a ticket about an order ends a standing offer, and follows to its end."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, order, rules
from support.live_server import PATIENCE, LiveServer, Shopper, live_server
from support.ticket_system import SECRET, TicketSystem
from tactful.config.connector_settings import ConnectorSettings
from tactful.runtime.case_corrections import find_case

TICKETS = ConnectorSettings(kind="django-helpdesk", secret=SECRET)
MIA = "mia@shop.example"
ORDER = order("100001", "mia", "BOOT-42", contact={"email": MIA})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> TicketSystem:
    """One help desk for all tests; each test opens tickets of its own."""
    return TicketSystem(tmp_path_factory.mktemp("tickets") / "desk")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A shop whose clock is that of the help desk, with one order of Mia."""
    async with live_server(tmp_path, rules(), connectors={"tickets": TICKETS}) as made:
        await made.clock(int(time.time()))
        await made.facts(*CATALOGUE, ORDER)
        yield made


async def mapped(one: LiveServer, deliveries: int) -> None:
    """Wait until so many deliveries are mapped."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (row,) = (await one.http.get("/v1/connectors")).json()["connectors"]
            assert row["failed"] == 0, row
            if row["mapped"] >= deliveries:
                return


async def past_the_desk(one: LiveServer) -> None:
    """Move the shop's clock beyond that of the help desk, which no test sets."""
    behind = time.time() - one.parts.shop.clock.now() / 1000
    await one.advance(max(0, int(behind)) + 2)


async def withdrawn(shopper: Shopper) -> tuple[dict[str, Any], float]:
    """The next withdrawal, and when it came, in seconds since the Unix epoch."""
    return await shopper.expect("withdraw"), time.time()


async def test_a_ticket_about_an_order_ends_the_offer_and_resolving_begins_the_cooldown(
    one: LiveServer, database: TicketSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = database.sending_to(one.port)
    shopper = await one.known("mia")
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()

    stranger, _ = await asyncio.to_thread(
        desk.open,
        "Hello",
        "Order 100001 never arrived.",
        "eve@shop.example",
        order="100001",
        kind="lost",
    )
    await mapped(one, 1)
    assert (await find_case(one.parts.shop, f"HD-{stranger}")).order is None
    await shopper.nothing()

    coming = asyncio.ensure_future(withdrawn(shopper))
    number, committed = await asyncio.to_thread(
        desk.open, "My parcel", "Order 100001 never arrived.", MIA
    )
    frame, came = await coming
    assert frame["offer"] == offer["id"]
    with capsys.disabled():
        took = (came - committed) * 1000
        print(f"\n{took:.0f} ms from the commit of the ticket to the withdrawal at the shopper")
    case = await find_case(one.parts.shop, f"HD-{number}")
    assert (case.order, case.linked_by) == ("100001", "order_text")
    assert (case.kind, case.kind_by) == ("lost", "words")
    assert await one.reason("RUN-42", shopper) == "service.open"

    await asyncio.to_thread(desk.update, number, "RESOLVED")
    await mapped(one, 3)
    await past_the_desk(one)
    assert await one.reason("RUN-42", shopper) == "service.cooldown"
    await asyncio.to_thread(desk.update, number, "REOPENED")
    await mapped(one, 4)
    assert await one.reason("RUN-42", shopper) == "service.open"


async def test_fields_name_item_and_kind_and_a_merged_ticket_ends_with_the_other(
    one: LiveServer, database: TicketSystem
) -> None:
    desk = database.sending_to(one.port)
    fields = {"sku": "RUN-42", "kind": "defect", "order": "100001"}
    first, _ = await asyncio.to_thread(desk.open, "It squeaks", "Help.", MIA, **fields)
    second, _ = await asyncio.to_thread(desk.open, "It squeaks", "Help!", MIA, **fields)
    await asyncio.to_thread(desk.merge, second, first)
    await mapped(one, 3)
    case = await find_case(one.parts.shop, f"HD-{first}")
    assert (case.skus, case.linked_by, case.kind_by) == (("RUN-42",), "sku_field", "field")
    merged = await find_case(one.parts.shop, f"HD-{second}")
    assert (merged.status, merged.merged_into) == ("merged", f"HD-{first}")
    shopper = await one.known("mia")
    await shopper.view("RUN-42", 1)
    assert await one.reason("RUN-42", shopper) == "complaint.open"
    await asyncio.to_thread(desk.update, first, "CLOSED")
    await mapped(one, 4)
    await past_the_desk(one)
    assert await one.reason("RUN-42", shopper) == "complaint.cooldown"
