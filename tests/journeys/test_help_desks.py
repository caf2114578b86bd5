"""Tickets of a help desk suppress offers live, and follow their ticket to its end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from journeys.fixture import CATALOGUE, order, rules
from support.live_server import PATIENCE, LiveServer, live_server
from tactful.config.connector_settings import ConnectorSettings
from tactful.runtime.case_corrections import (
    CaseCorrection,
    UnknownCaseError,
    correct_case,
    find_case,
)

TICKETS = ConnectorSettings(kind="django-helpdesk", secret="secret-of-the-path")
MIA = {"email": "mia@shop.example"}
ORDER = order("100001", "mia", "TRAIL-42", contact=MIA)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A shop with one order of Mia, and the webhooks of a django-helpdesk."""
    async with live_server(tmp_path, rules(), connectors={"tickets": TICKETS}) as made:
        await made.facts(*CATALOGUE, ORDER)
        yield made


def ticket(number: int = 3, minute: int = 0, status: int = 1, **fields: Any) -> dict[str, Any]:
    """A delivery as django-helpdesk 2.6.1 sends it; `minute`: of its newest follow-up."""
    opened = {"id": 6, "new_status": None, "date": "2026-03-10T06:00:00.704069-06:00"}
    newest = {"id": 7 + minute, "new_status": status, "date": f"2026-03-10T06:{minute:02}:30-06:00"}
    own = {
        "id": number,
        "title": "Sole came off",
        "description": "Order 100001, the left shoe",
        "submitter_email": "mia@shop.example",
        "status": status,
        "merged_to": None,
        "followup_set": [opened, newest] if minute else [opened],
        "custom_order": "",
        "custom_sku": "",
        "custom_kind": "",
        **fields,
    }
    return {"ticket": own, "queue_slug": "support"}


async def deliver(one: LiveServer, body: dict[str, Any], secret: str = TICKETS.secret) -> int:
    """Send a delivery as the help desk does, without the server key; return the status."""
    async with httpx.AsyncClient(base_url=str(one.http.base_url)) as http:
        return (await http.post(f"/v1/in/tickets/{secret}", json=body)).status_code


async def mapped(one: LiveServer, deliveries: int) -> None:
    """Wait until so many deliveries are mapped."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (row,) = (await one.http.get("/v1/connectors")).json()["connectors"]
            assert row["failed"] == 0
            if row["mapped"] >= deliveries:
                return


async def test_a_ticket_withdraws_a_standing_offer_and_resolving_begins_the_cooldown(
    one: LiveServer,
) -> None:
    shopper = await one.known("mia")
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    fields: dict[str, Any] = {"custom_sku": "RUN-42", "custom_kind": "defect"}
    assert await deliver(one, ticket(**fields)) == 202
    assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
    assert await one.reason("RUN-42", shopper) == "complaint.open"
    case = await find_case(one.parts.shop, "HD-3")
    assert (case.linked_by, case.kind_by, case.order) == ("sku_field", "field", "100001")
    assert await deliver(one, ticket(**fields)) == 200
    await one.advance(15 * 60)
    # The follow-up comes without the fields, as seen: it unties nothing.
    assert await deliver(one, ticket(minute=5, status=3)) == 202
    await mapped(one, 2)
    assert await one.reason("RUN-42", shopper) == "complaint.cooldown"
    assert await deliver(one, ticket(minute=9, status=2)) == 202
    await mapped(one, 3)
    assert await one.reason("RUN-42", shopper) == "complaint.open"


async def test_the_number_of_an_own_order_in_the_text_suppresses_its_items_only(
    one: LiveServer,
) -> None:
    assert await deliver(one, ticket()) == 202
    await mapped(one, 1)
    shopper = await one.known("mia")
    await shopper.view("TRAIL-42", 30)
    assert await one.reason("TRAIL-42", shopper) == "complaint.open"
    case = await find_case(one.parts.shop, "HD-3")
    assert (case.order, case.linked_by, case.kind_by) == ("100001", "order_text", "words")
    await shopper.view("BOOT-42", 30)
    assert await one.reason("BOOT-42", shopper) != "complaint.open"


async def test_a_ticket_of_an_unknown_customer_suppresses_nothing(one: LiveServer) -> None:
    assert await deliver(one, ticket(submitter_email="eve@shop.example")) == 202
    assert await deliver(one, ticket(4, submitter_email=None)) == 202
    await mapped(one, 2)
    case = await find_case(one.parts.shop, "HD-3")
    assert (case.order, case.linked_by) == (None, "contact")
    with pytest.raises(UnknownCaseError):
        await find_case(one.parts.shop, "HD-4")
    shopper = await one.known("mia")
    await shopper.view("RUN-42", 30)
    await shopper.offered()


async def test_a_merged_ticket_ends_with_the_other(one: LiveServer) -> None:
    fields: dict[str, Any] = {"custom_sku": "RUN-42", "custom_kind": "defect"}
    assert await deliver(one, ticket(**fields)) == 202
    assert await deliver(one, ticket(4, minute=1, status=5, merged_to=3, **fields)) == 202
    await mapped(one, 2)
    assert (await find_case(one.parts.shop, "HD-4")).merged_into == "HD-3"
    shopper = await one.known("mia")
    await shopper.view("RUN-42", 1)
    assert await one.reason("RUN-42", shopper) == "complaint.open"
    await one.advance(15 * 60)
    assert await deliver(one, ticket(minute=5, status=4)) == 202
    await mapped(one, 3)
    assert await one.reason("RUN-42", shopper) == "complaint.cooldown"


async def test_a_correction_outlives_the_next_delivery(one: LiveServer) -> None:
    assert await deliver(one, ticket(title="Hello", description="Is it waterproof?")) == 202
    await mapped(one, 1)
    shopper = await one.known("mia")
    await shopper.view("TRAIL-42", 30)
    assert await one.reason("TRAIL-42", shopper) == "complaint.unknown"
    await correct_case(one.parts.shop, "HD-3", CaseCorrection(kind="question"), "Ada")
    assert await deliver(one, ticket(minute=3, status=1, title="Sole came off")) == 202
    await mapped(one, 2)
    case = await find_case(one.parts.shop, "HD-3")
    assert (case.kind, case.kind_by) == ("question", "agent")
    assert await one.reason("TRAIL-42", shopper) != "complaint.unknown"


async def test_a_wrong_secret_is_refused(one: LiveServer) -> None:
    assert await deliver(one, ticket(), secret="another") == 401
