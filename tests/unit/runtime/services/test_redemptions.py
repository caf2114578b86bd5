"""The redemption service: tokens, holders, effects, and a ledger that fails."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
import pytest
from msgspec import structs

from support.builders import order as order_fact
from support.ledger_rows import T0, accepted, fact, push
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.offer import OfferState
from tactful.core.offers.tokens import (
    HolderKind,
    TokenClaims,
    TokenRefusal,
    TokenSigner,
    TokenVerifier,
    holder_of,
)
from tactful.core.redemption.answers import RedemptionResponse
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.core.redemption.refunds import Refund
from tactful.runtime.ports.ledger import LedgerBrokenError
from tactful.runtime.services.redemption_runner import ATTEMPTS
from tactful.runtime.services.redemptions import RedemptionCall, RedemptionService
from tactful.stores.memory.ledger import MemoryLedger

SECRET = b"s" * 32
CART = (RequestedLine(sku="RUN-42", qty=1),)
USES = [{"sku": "RUN-42", "qty": 1, "offer": "of_1"}]
"""The lines of a reported order that used the offer."""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = T0 + 60_000

    def now(self) -> int:
        return self.at


class Counting:
    """Bytes that count up."""

    def __init__(self) -> None:
        self.drawn = 0

    def token_bytes(self, size: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(size, "big")


class Shop:
    """The service over a ledger in memory, its keys, and the facts it reads."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.clock = Clock()
        self.signer = TokenSigner(b"k" * 32)
        self.verifier = TokenVerifier([self.signer.public])
        self.now = {"RUN-42": SkuNow(price=12900, currency="EUR", available=6)}
        self.shipped: set[str] = set()
        self.customers: dict[str, str] = {}
        self.applied: list[RedemptionOutcome] = []
        self.finished: list[str] = []
        self.caught_up_to = 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self.service = RedemptionService(
            ledger=ledger,
            clock=self.clock,
            entropy=Counting(),
            keys=self,
            shop=self,
            encode=encode_answer,
        )

    def verify(self, token: str, *, ever: bool = False) -> TokenClaims | TokenRefusal:
        assert ever, "a retry after the end of the token must still be answered"
        return self.verifier.verify(token, 0)

    def holder_of(self, kind: HolderKind, ident: str) -> str:
        return holder_of(SECRET, kind, ident)

    @property
    def position(self) -> int:
        return self.caught_up_to

    async def catch_up(self) -> None:
        self.caught_up_to = await self.ledger.position()

    async def skus_now(
        self, skus: Collection[str], territory: str
    ) -> tuple[dict[str, SkuNow], set[tuple[str, str]]]:
        assert territory == "DE"
        found = {sku: self.now[sku] for sku in skus if sku in self.now}
        if self.meanwhile is not None:
            await self.meanwhile()
        return found, {("sku", sku) for sku in skus}

    async def is_shipped(self, orders: Collection[str]) -> bool:
        return not self.shipped.isdisjoint(orders)

    @property
    def keeps_remainders(self) -> bool:
        return True

    async def customer_of(self, session: str) -> str | None:
        return self.customers.get(session)

    def expect(self, call: object, order: str, outcome: RedemptionOutcome) -> None:  # noqa: ARG002
        self.applied.append(outcome)

    def finish(self, call: object, order: str) -> None:  # noqa: ARG002
        self.finished.append(order)

    async def settle(self) -> None:
        await self.catch_up()

    def token(self, kind: HolderKind = "session", ident: str = "se_1") -> str:
        return self.signer.sign(
            TokenClaims(
                currency="EUR", exp=T0 // 1000 + 1800, holder=holder_of(SECRET, kind, ident),
                iat=T0 // 1000, max_qty=1, offer="of_1", rulebook="rb", sku="RUN-42",
                territory="DE", unit=10965,
            )
        )  # fmt: skip

    async def reported(self, order: str, status: str = "cancelled") -> None:
        """Follow a report of an order; what counts is the version that the ledger has in force."""
        reported = order_fact(order, status=status)
        await self.service.reported.follow([reported])

    async def redeem(
        self, order: str = "o1", token: str | None = None, **given: Any
    ) -> RedemptionResponse:
        tokens = (token or self.token(),)
        call = RedemptionCall(tokens=tokens, order=order, territory="DE", lines=CART)
        return await self.service.redeem(structs.replace(call, **given))


@pytest.fixture
async def shop() -> Shop:
    ledger = MemoryLedger()
    await ledger.commit(structs.replace(push(accepted()), state=b""))
    return Shop(ledger)


def code(answer: RedemptionResponse) -> tuple[int, str]:
    return answer.status, str(msgspec.json.decode(answer.body)["code"])


async def test_fifty_at_once_get_one_answer_and_have_one_effect(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.redeem() for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert [row.settled for row in await shop.ledger.balances()] == [1935]
    assert [outcome.offers[0].state for outcome in shop.applied] == [OfferState.REDEEMED]
    assert code(await shop.redeem("o10")) == (409, "redemption.used")


async def test_a_recall_between_the_read_and_the_write_of_a_redemption_refuses_it(
    shop: Shop,
) -> None:
    async def recall() -> None:
        shop.meanwhile = None
        await shop.ledger.record_facts([fact("recall", "r1", 1, subjects=(("sku", "RUN-42"),))])
        shop.now = {"RUN-42": SkuNow(price=12900, currency="EUR", available=6, recalled=True)}

    shop.meanwhile = recall
    assert code(await shop.redeem()) == (409, "recall")
    assert [outcome.offers[0].state for outcome in shop.applied] == [OfferState.WITHDRAWN]


async def test_a_redemption_that_facts_outrun_again_and_again_has_an_unknown_outcome(
    shop: Shop,
) -> None:
    reported = 0

    async def report() -> None:
        nonlocal reported
        reported += 1
        await shop.ledger.record_facts(
            [fact("stock", "s", reported, subjects=(("sku", "RUN-42"),))]
        )

    shop.meanwhile = report
    assert (await shop.redeem()).status == 503
    assert reported == ATTEMPTS
    shop.meanwhile = None
    assert (await shop.redeem()).status == 200


async def test_a_token_that_is_not_ours_is_refused(shop: Shop) -> None:
    token = shop.token()
    flipped = token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:]
    assert code(await shop.redeem(token=flipped)) == (401, "token.signature")
    assert code(await shop.redeem(token="nonsense")) == (401, "token.malformed")


async def test_a_retry_after_the_end_of_token_and_key_gets_the_first_answer(shop: Shop) -> None:
    first = await shop.redeem()
    shop.clock.at = T0 + 10**10
    assert await shop.redeem() == first
    shop.verifier = TokenVerifier([])
    assert await shop.redeem() == first
    assert code(await shop.redeem("o2")) == (401, "token.key")


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({}, True),
        ({"session": "se_1"}, True),
        ({"session": "se_2"}, False),
        ({"customer": "c1"}, False),
        ({"customer": "c1", "session": "se_1"}, True),
        ({"customer": "c1", "session": "se_2"}, False),
    ],
)
async def test_an_anonymous_offer_is_for_its_session(
    shop: Shop, given: dict[str, Any], holds: bool
) -> None:
    answer = await shop.redeem(**given)
    assert answer.status == 200 if holds else code(answer) == (422, "redemption.holder")


async def test_an_anonymous_offer_belongs_to_the_customer_who_logged_in_since(shop: Shop) -> None:
    shop.customers["se_1"] = "c1"
    assert code(await shop.redeem(customer="c2")) == (422, "redemption.holder")
    assert (await shop.redeem(customer="c1")).status == 200


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"customer": "c1"}, True),
        ({"customer": "c2"}, False),
        ({"session": "se_1"}, False),
        ({"session": "se_2"}, True),
        ({"session": "se_3"}, False),
        ({"customer": "c1", "session": "se_3"}, True),
        ({"customer": "c2", "session": "se_2"}, False),
        ({}, False),
    ],
)
async def test_a_customers_offer_is_for_that_customer_on_any_device(
    given: dict[str, Any], holds: bool
) -> None:
    ledger = MemoryLedger()
    await ledger.commit(push(accepted(customer="c1")))
    shop = Shop(ledger)
    shop.customers |= {"se_2": "c1", "se_3": "c2"}
    answer = await shop.redeem(token=shop.token("customer", "c1"), **given)
    assert answer.status == 200 if holds else code(answer) == (422, "redemption.holder")


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({}, True),
        ({"customer": "c1"}, True),
        ({"session": "se_2"}, True),
        ({"customer": "c2"}, False),
        ({"session": "se_1"}, False),
        ({"customer": "c2", "session": "se_1"}, False),
    ],
)
async def test_an_offer_accepted_before_the_login_is_the_customers_and_needs_no_name(
    given: dict[str, Any], holds: bool
) -> None:
    """Session `se_1` has been logged out since; `se_2` is another session of the customer."""
    ledger = MemoryLedger()
    await ledger.commit(push(accepted(customer="c1", session_bound=True)))
    shop = Shop(ledger)
    shop.customers |= {"se_2": "c1"}
    answer = await shop.redeem(**given)
    assert answer.status == 200 if holds else code(answer) == (422, "redemption.holder")


async def test_an_offer_that_the_shop_reported_as_used_is_not_sold_again(shop: Shop) -> None:
    """As after a restore: the ledger forgot the redemption, the shop's orders did not."""
    about = (("order", "o7"), ("offer", "of_1"))
    placed = fact("order", "o7", 1, subjects=about, order="o7", lines=USES, status="placed")
    await shop.ledger.record_facts([placed])
    assert code(await shop.redeem("o8")) == (409, "redemption.used")
    cancelled = fact("order", "o7", 2, subjects=about, order="o7", lines=USES, status="cancelled")
    await shop.ledger.record_facts([cancelled])
    assert (await shop.redeem("o8")).status == 200


async def test_the_order_that_reported_its_own_use_redeems(shop: Shop) -> None:
    about = (("order", "o1"), ("offer", "of_1"))
    await shop.ledger.record_facts(
        [fact("order", "o1", subjects=about, order="o1", lines=USES, status="placed")]
    )
    assert (await shop.redeem("o1")).status == 200


async def test_a_cancellation_and_a_refund_are_applied_like_a_redemption(shop: Shop) -> None:
    await shop.redeem()
    refunded = await shop.service.refund(Refund(id="f1", order="o1", lines=CART))
    assert msgspec.json.decode(refunded.body)["amount"]["amount"] == 10965
    assert (await shop.service.cancel("o1")).status == 200
    assert (await shop.service.cancel("o1")).status == 200
    assert len(shop.applied) == 3
    assert shop.applied[-1].offers[0].state is OfferState.ACCEPTED


async def test_a_shipped_order_cannot_be_cancelled(shop: Shop) -> None:
    await shop.redeem()
    shop.shipped.add("o1")
    assert code(await shop.service.cancel("o1")) == (409, "order.shipped")


class Broken(MemoryLedger):
    """A ledger whose disk failed."""

    async def run_redemption(self, *_: Any, **__: Any) -> RedemptionOutcome:
        message = "disk I/O error"
        raise LedgerBrokenError(message)


async def test_a_failing_ledger_means_unknown_and_never_a_refusal() -> None:
    shop = Shop(Broken())
    for answer in (
        await shop.redeem(),
        await shop.redeem(token="nonsense"),
        await shop.service.cancel("o1"),
        await shop.service.refund(Refund(id="f1", order="o1", lines=CART)),
    ):
        assert code(answer) == (503, "ledger.unknown")
        assert answer.retry_s
    assert shop.applied == []


async def test_a_reported_cancellation_gives_back_what_the_order_redeemed(shop: Shop) -> None:
    await shop.redeem()
    await shop.ledger.record_facts([fact("order", "o1", 1, order="o1", status="placed")])
    await shop.reported("o1")
    assert len(shop.applied) == 1
    await shop.ledger.record_facts([fact("order", "o1", 2, order="o1", status="cancelled")])
    await shop.reported("o1")
    await shop.reported("o1")
    assert [one.offers[0].state for one in shop.applied] == [
        OfferState.REDEEMED,
        OfferState.ACCEPTED,
    ]


async def test_a_reported_cancellation_of_what_was_shipped_changes_nothing(shop: Shop) -> None:
    await shop.redeem()
    for version, status in enumerate(("shipped", "cancelled")):
        await shop.ledger.record_facts([fact("order", "o1", version, order="o1", status=status)])
    await shop.reported("o1")
    assert len(shop.applied) == 1
