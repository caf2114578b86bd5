"""After any history of tickets, and any arrival of its deliveries, one reading leaves the truth.

Deliveries arrive in any order and some of them twice; one in ten is lost. `TACTFUL_HISTORIES` is the
number of histories of each help desk: 10,000 in the long form.
"""

import os
import random  # noqa: TID251 -- seeded
from collections.abc import Callable

import pytest

from support.desk_mappings import plain_mapping
from support.fake_tickets import FakeDjangoHelpdesk, FakePlainDesk, FakeTickets, Truth
from support.inbox import NOW
from support.reconciled_shop import ReconciledShop
from tactful.connectors.connector import Connector
from tactful.connectors.desks.ticket_connector import ticket_connector
from tactful.connectors.registry import connector_of
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Case

HISTORIES = int(os.environ.get("TACTFUL_HISTORIES", "150"))
LOST = 0.1
LIST = """\
list:
  path: /tickets?size=100
  rows: results
  following: next
  changed: "&since={since}"
"""
DESKS: dict[str, tuple[Callable[[], Connector], Callable[[int], FakeTickets]]] = {
    "django-helpdesk": (lambda: connector_of("django-helpdesk"), FakeDjangoHelpdesk),
    "plain": (lambda: ticket_connector(plain_mapping(LIST).file), FakePlainDesk),
}


async def cases(one: ReconciledShop) -> Truth:
    """Return what the cases are."""
    stored = await one.ledger.facts_of_kind("case", "", 10_000)
    found = [decode_stored(row.body) for row in stored]
    return {
        case.case: (case.status, case.kind, case.skus) for case in found if isinstance(case, Case)
    }


async def history(name: str, number: int) -> tuple[ReconciledShop, FakeTickets]:
    """Return a desk with a history whose deliveries have arrived, without a reading since."""
    connector, fake = DESKS[name]
    dice = random.Random(f"{name} {number}")
    desk = fake(NOW // 1000)
    one = ReconciledShop(desk, connector())
    if dice.random() < 0.5:
        await one.reconciler.read_due()
    for _ in range(dice.randint(1, 12)):
        one.later(dice.choice((0, 0, 1, 40, 400)))
        desk.act(dice)
        if dice.random() < 0.1:
            await one.map_all()
    arriving = [sent for sent in desk.sent if dice.random() >= LOST]
    arriving += [sent for sent in arriving if dice.random() < 0.3]
    dice.shuffle(arriving)
    for sent in arriving:
        await one.deliver(sent)
        if dice.random() < 0.3:
            await one.map_all()
        if dice.random() < 0.3:
            one.later(1)
    await one.map_all()
    return one, desk


@pytest.mark.parametrize("name", DESKS)
async def test_one_reading_leaves_no_difference(name: str) -> None:
    differing = 0
    for number in range(HISTORIES):
        one, desk = await history(name, number)
        differing += await cases(one) != desk.truth()
        one.later(2)
        one.reconciler.ask()
        await one.reconciler.read_due()
        assert await cases(one) == desk.truth(), (name, number)
    assert differing > HISTORIES // 40, "the control: without a reading there are differences"
