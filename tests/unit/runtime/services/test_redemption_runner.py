"""Redemptions in the ledger: what is read again, and what is unknown."""

import pytest
from msgspec import structs

from support.ledger_rows import accepted, fact, push
from support.redemption_ledger import request
from tactful.api.redemption_responses import encode_answer
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption.order_totals import SkuNow
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionResult,
    RedemptionState,
)
from tactful.runtime.services.redemption_runner import Reading, RedemptionRunner
from tactful.runtime.services.restored_tokens import UnconfirmedRestoreError
from tactful.stores.memory.ledger import MemoryLedger

IN_STOCK = {"RUN-42": SkuNow(price=12900, currency="EUR", available=6)}


class Shop:
    """A shop that keeps what it is told; its memory catches up with the ledger."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.position = 0
        self.expected: list[RedemptionOutcome] = []
        self.finished = 0
        self.settled = 0
        self.keeps = True

    async def catch_up(self) -> None:
        self.position = await self.ledger.position()

    async def skus_now(self, *_: object) -> tuple[dict[str, SkuNow], set[tuple[str, str]]]:
        return IN_STOCK, set()

    async def is_shipped(self, _: object) -> bool:
        return False

    @property
    def keeps_remainders(self) -> bool:
        return self.keeps

    async def customer_of(self, _: str) -> str | None:
        return None

    def expect(self, call: object, order: str, outcome: RedemptionOutcome) -> None:  # noqa: ARG002
        self.expected.append(outcome)

    def finish(self, call: object, order: str) -> None:  # noqa: ARG002
        self.finished += 1

    async def settle(self) -> None:
        self.settled += 1


@pytest.fixture
async def shop() -> Shop:
    ledger = MemoryLedger()
    await ledger.commit(push(accepted()))
    return Shop(ledger)


def runner(shop: Shop) -> RedemptionRunner:
    return RedemptionRunner(shop.ledger, shop, encode_answer)


def decided(state: RedemptionState) -> RedemptionResult:
    return redemption.redeem(state, request(), 1, IN_STOCK)


async def test_what_changed_since_it_was_read_is_read_again(shop: Shop) -> None:
    await shop.ledger.record_facts([fact(version=1)])
    reads = 0

    async def read() -> Reading:
        nonlocal reads
        reads += 1
        return Reading(decided, frozenset({("sku", "RUN-42")}))

    response = await runner(shop).decide(read, offers=("of_1",), order="o1")
    assert (response.status, reads) == (200, 2)
    assert (len(shop.expected), shop.finished, shop.settled) == (1, 2, 1)


async def test_what_changes_nothing_is_told_to_nobody(shop: Shop) -> None:
    refused = structs.replace(request(), territory="AT")
    reading = Reading(lambda state: redemption.redeem(state, refused, 1, IN_STOCK))
    outcome = await runner(shop).run(reading, offers=("of_1",), order="o1")
    assert outcome is not None
    assert outcome.status == 422
    assert (shop.expected, shop.settled, shop.finished) == ([], 0, 1)


async def test_an_order_is_found_under_the_ids_that_the_shop_reported(shop: Shop) -> None:
    await runner(shop).run(Reading(decided), offers=("of_1",), order="o1")
    seen: list[RedemptionState] = []

    def looking(state: RedemptionState) -> RedemptionResult:
        seen.append(state)
        return decided(state)

    await runner(shop).run(Reading(looking, also=frozenset({"o1"})), order="9001")
    assert [row.order for row in seen[-1].redemptions] == ["o1"]


async def test_a_token_of_before_a_restore_has_an_unknown_outcome(shop: Shop) -> None:
    async def read() -> Reading:
        raise UnconfirmedRestoreError

    response = await runner(shop).decide(read, offers=("of_1",), order="o1")
    assert (response.status, response.retry_s) == (503, 2)
