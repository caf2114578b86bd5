"""The checkout's desk: tokens, holders, what is told to whom, and what an error of the ledger means."""

import asyncio

import msgspec
import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, fact, push
from tactful.core.offers.offer import OfferState
from tactful.core.offers.tokens import TokenClaims, TokenSigner, TokenVerifier, holder_of
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.runtime.ports.ledger import LedgerBrokenError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.runtime.services.redemptions import RedemptionCall, RedemptionService
from tactful.stores.memory.ledger import MemoryLedger

SECRET = b"s" * 32
CART = (RequestedLine(sku="RUN-42", qty=1),)


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.at = T0 + 60_000

    def now(self):
        return self.at


class Counting:
    """Bytes that count up."""

    def __init__(self):
        self.drawn = 0

    def token_bytes(self, size):
        self.drawn += 1
        return self.drawn.to_bytes(size, "big")


class Shop:
    """A checkout's desk over a ledger in memory that holds one accepted offer."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.clock = Clock()
        self.signer = TokenSigner(b"k" * 32)
        self.verifier = TokenVerifier([self.signer.public])
        self.shelves = {"RUN-42": SkuNow(price=12900, currency="EUR", available=6)}
        self.shipped: set[str] = set()
        self.heard = []
        self.desk = RedemptionService(
            ledger=ledger,
            clock=self.clock,
            entropy=Counting(),
            verify=lambda token: self.verifier.verify(token, 0),
            holder_of=lambda kind, ident: holder_of(SECRET, kind, ident),
            shelves=self._shelves,
            shipped=self._was_shipped,
            heard=self.heard.append,
        )

    async def _shelves(self, skus, territory):
        assert territory == "DE"
        return {sku: self.shelves[sku] for sku in skus if sku in self.shelves}

    async def _was_shipped(self, order):
        return order in self.shipped

    def token(self, kind="session", ident="se_1"):
        return self.signer.sign(
            TokenClaims(
                currency="EUR", exp=T0 // 1000 + 1800, holder=holder_of(SECRET, kind, ident),
                iat=T0 // 1000, max_qty=1, offer="of_1", rulebook="rb", sku="RUN-42",
                territory="DE", unit=10965,
            )
        )  # fmt: skip

    async def redeem(self, order="o1", token=None, **given):
        asked = RedemptionCall(token=token or self.token(), order=order, territory="DE", lines=CART)
        return await self.desk.redeem(structs.replace(asked, **given))


@pytest.fixture
async def shop():
    ledger = MemoryLedger()
    await ledger.commit(structs.replace(push(accepted()), state=b""))
    return Shop(ledger)


def code(answer):
    return answer.status, msgspec.json.decode(answer.body)["code"]


async def test_fifty_at_once_get_one_answer_and_have_one_effect(shop):
    answers = await asyncio.gather(*(shop.redeem() for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert [row.settled for row in await shop.ledger.balances()] == [1935]
    assert [ruling.offers[0].state for ruling in shop.heard] == [OfferState.REDEEMED]
    assert code(await shop.redeem("o10")) == (409, "redemption.used")


async def test_a_token_that_is_not_ours_is_refused(shop):
    token = shop.token()
    flipped = token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:]
    assert code(await shop.redeem(token=flipped)) == (401, "token.signature")
    assert code(await shop.redeem(token="nonsense")) == (401, "token.malformed")


async def test_a_retry_after_the_end_of_token_and_key_hears_the_first_answer(shop):
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
        ({"customer": "c1", "session": "se_2"}, False),
    ],
)
async def test_a_guests_offer_is_for_that_session(shop, given, holds):
    answer = await shop.redeem(**given)
    assert answer.status == 200 if holds else code(answer) == (422, "redemption.holder")


async def test_a_guests_offer_is_the_customers_who_logged_in_since(shop):
    await shop.ledger.commit(Commit(session="se_1", state=b"", customer="c1"))
    assert code(await shop.redeem(customer="c2")) == (422, "redemption.holder")
    assert (await shop.redeem(customer="c1")).status == 200


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"customer": "c1"}, True),
        ({"customer": "c2"}, False),
        ({"session": "se_1"}, True),
        ({"session": "se_2"}, False),
        ({"customer": "c1", "session": "se_2"}, True),
    ],
)
async def test_a_customers_offer_is_for_that_customer_on_any_device(given, holds):
    ledger = MemoryLedger()
    await ledger.commit(push(accepted(customer="c1")))
    shop = Shop(ledger)
    answer = await shop.redeem(token=shop.token("customer", "c1"), **given)
    assert answer.status == 200 if holds else code(answer) == (422, "redemption.holder")


async def test_an_offer_that_the_shop_reported_as_used_is_not_sold_again(shop):
    """As after a restore: the ledger forgot the redemption, the shop's orders did not."""
    about = (("order", "o7"), ("offer", "of_1"))
    placed = fact("order", "o7", 1, subjects=about, order="o7", status="placed")
    await shop.ledger.record_facts([placed])
    assert code(await shop.redeem("o8")) == (409, "redemption.used")
    cancelled = fact("order", "o7", 2, subjects=about, order="o7", status="cancelled")
    await shop.ledger.record_facts([cancelled])
    assert (await shop.redeem("o8")).status == 200


async def test_the_order_that_reported_its_own_use_redeems(shop):
    about = (("order", "o1"), ("offer", "of_1"))
    await shop.ledger.record_facts(
        [fact("order", "o1", subjects=about, order="o1", status="placed")]
    )
    assert (await shop.redeem("o1")).status == 200


async def test_a_cancellation_and_a_refund_are_told_like_a_redemption(shop):
    await shop.redeem()
    refunded = await shop.desk.refund("o1", "f1", CART)
    assert msgspec.json.decode(refunded.body)["amount"]["amount"] == 10965
    assert (await shop.desk.cancel("o1")).status == 200
    assert (await shop.desk.cancel("o1")).status == 200
    assert len(shop.heard) == 3
    assert shop.heard[-1].offers[0].state is OfferState.ACCEPTED


async def test_a_shipped_order_cannot_be_cancelled(shop):
    await shop.redeem()
    shop.shipped.add("o1")
    assert code(await shop.desk.cancel("o1")) == (409, "order.shipped")


class Broken(MemoryLedger):
    """A ledger whose disk failed."""

    async def run_redemption(self, *_, **__):
        message = "disk I/O error"
        raise LedgerBrokenError(message)


async def test_an_error_of_the_ledger_means_unknown_and_never_no():
    shop = Shop(Broken())
    for answer in (
        await shop.redeem(),
        await shop.redeem(token="nonsense"),
        await shop.desk.cancel("o1"),
        await shop.desk.refund("o1", "f1", CART),
    ):
        assert code(answer) == (503, "ledger.unknown")
        assert answer.retry
    assert shop.heard == []
