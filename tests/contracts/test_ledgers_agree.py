"""The ledgers on a database and the one in memory answer alike, whatever is done to both, and sums hold."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from support.broken_builds import assert_fails
from support.ledger_rows import T0, AnyLedger, accepted, entry, fact, leave, offer, push
from support.postgres_cluster import Cluster
from support.postgres_ledger import postgres_ledger
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.offer import OfferState
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption import rollback
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import PresentedToken, RedemptionRequest
from tactful.core.redemption.redemption_rows import RedemptionOutcome, with_response
from tactful.core.redemption.refunds import Refund, refund
from tactful.core.values.allocation import Deduction
from tactful.core.values.money import Money
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import FactRow, StoredFact
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.relational import turns as sqlite_turns
from tactful.stores.relational.ledger import RelationalLedger
from tactful.stores.sqlite.ledger import SqliteLedger

LIMIT, COUNT = 5_000, 2
NAMES = st.integers(0, 3)
LINE = (RequestedLine(sku="RUN-42", qty=1),)
SKUS = ("RUN-42", "BOOT-42", "RUN-42", "RUN-42")
CART = tuple(RequestedLine(sku=sku, qty=1, unit=Money(12900, "EUR")) for sku in SKUS[:2])
OFF = {2: Deduction("order", 1935, 1000), 3: Deduction("shipping", 1935, 10_000)}
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), NAMES),
        st.tuples(st.just("accept"), NAMES),
        st.tuples(st.sampled_from(["expire", "withdraw"]), NAMES),
        st.tuples(st.just("redeem"), NAMES, NAMES),
        st.tuples(st.just("cancel"), NAMES),
        st.tuples(st.just("refund"), NAMES, NAMES),
        st.tuples(st.just("fact"), NAMES, st.integers(0, 4)),
        st.tuples(st.just("erase"), NAMES),
        st.tuples(st.just("forget"), NAMES),
    ),
    max_size=25,
)
HISTORY = [
    ("push", 0), ("accept", 0), ("redeem", 0, 0), ("redeem", 0, 1), ("expire", 0), ("cancel", 0),
    ("push", 1), ("push", 2), ("push", 3), ("accept", 1), ("expire", 1), ("redeem", 0, 2),
    ("fact", 0, 2), ("fact", 0, 1), ("erase", 0), ("redeem", 0, 2), ("refund", 2, 0),
]  # fmt: skip
BOTH = [
    ("push", 0), ("accept", 0), ("redeem", 0, 0), ("push", 2), ("accept", 2), ("redeem", 2, 0),
    ("refund", 0, 0), ("refund", 0, 1), ("cancel", 0),
]  # fmt: skip
LAST = [
    ("push", 2), ("accept", 2), ("redeem", 2, 1), ("push", 3), ("accept", 3), ("redeem", 3, 1),
    ("refund", 1, 3), ("refund", 1, 0), ("cancel", 1),
]  # fmt: skip


def made(number: int, state: OfferState = OfferState.PUSHED) -> Any:
    """Return the n-th offer, of its own rule, on an item, the order or its shipping."""
    build = accepted if state is OfferState.ACCEPTED else offer
    who = {"session": f"se_{number}", "customer": f"c{number % 2}", "rule": f"r{number}"}
    made = build(f"of_{number}", **who, sku=SKUS[number], stacks_with=("r0", "r1", "r2", "r3"))
    return structs.replace(made, deduction=OFF.get(number))


async def act(ledger: AnyLedger, number: int, what: tuple[Any, ...]) -> object:
    """Do one thing and return the answer."""
    match what:
        case "push", which:
            if await ledger.offer(f"of_{which}"):
                return None
            return await ledger.commit(push(made(which), limit=LIMIT, count=COUNT))
        case "accept", which:
            known_offer = await ledger.offer(f"of_{which}")
            if known_offer is None or not known_offer.advertised:
                return None
            taken = structs.replace(made(which, OfferState.ACCEPTED), session=known_offer.session)
            return await ledger.commit(structs.replace(push(taken), moves=()))
        case ("expire" | "withdraw") as how, which:
            state = OfferState.EXPIRED if how == "expire" else OfferState.WITHDRAWN
            turn = leave(made(which), state, limit=LIMIT, count=COUNT)
            if await ledger.offer(f"of_{which}") is None:
                return None
            ledger.record(structs.replace(turn, entry=entry(f"se_{which}", T0 + number)))
            await ledger.flush()
        case "redeem", which, order:
            return await redeem(ledger, which, order, number)
        case "cancel", order:
            return await ledger.run_redemption(
                lambda state: with_response(
                    rollback.cancel(state, T0 + 2, shipped=False), encode_answer
                ),
                order=f"o_{order}",
            )
        case "refund", order, ident:
            part = Money(300, "EUR") if ident == 3 else None
            asked = Refund(id=f"f_{ident}", order=f"o_{order}", lines=LINE, shipping=part)
            return await ledger.run_redemption(
                lambda state: with_response(
                    refund(state, asked, T0 + 3),
                    encode_answer,
                ),
                order=f"o_{order}",
                refund=f"f_{ident}",
            )
        case "fact", which, version:
            return await ledger.record_facts([case_of(which, version)])
        case "erase", which:
            await ledger.erase_customer(f"c{which}", f"erased-{number}", T0)
        case "forget", which:
            await ledger.forget_session(f"se_{which}")
        case _:
            message = f"no such act: {what}"
            raise AssertionError(message)
    return None


async def redeem(ledger: AnyLedger, which: int, order: int, number: int) -> object:
    level = made(which).level
    claims = TokenClaims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=0, max_qty=1,
        offer=f"of_{which}", rulebook="rb", sku=SKUS[which], territory="DE", unit=10965,
    )  # fmt: skip
    request = RedemptionRequest(
        tokens=(PresentedToken(id=f"rd_{number}", digest=b"t", claims=claims),),
        order=f"o_{order}", territory="DE",
        lines=(RequestedLine(sku=SKUS[which], qty=1),) if level == "item" else CART,
        shipping=Money(690, "EUR"),
    )  # fmt: skip
    return await ledger.run_redemption(
        lambda state: with_response(
            redemption.redeem(state, request, T0 + 1, {"RUN-42": SkuNow()}), encode_answer
        ),
        offers=(f"of_{which}",),
        order=f"o_{order}",
    )


def case_of(which: int, version: int) -> FactRow:
    subjects = (("customer", f"c{which % 2}"), ("customer", f"c{which}"), ("case", f"k{which}"))
    return fact("case", f"k{which}", version, subjects=subjects, customer=f"c{which}")


def comparable(answer: object) -> object:
    """Return an answer without the ids of forgotten sessions, which each ledger draws itself."""
    if isinstance(answer, RedemptionOutcome):
        return answer.status, answer.body, answer.steps, answer.moves
    return answer


def unnumbered(facts: list[StoredFact]) -> list[StoredFact]:
    """Return facts without their numbers: SQLite may reuse the number of an erased last fact."""
    return [structs.replace(one, number=0) for one in facts]


async def known(ledger: AnyLedger) -> dict[str, object]:
    """Return what a ledger holds, without the random ids of forgotten sessions."""
    audit = await ledger.offer_steps()
    return {
        "balances": [row for row in await ledger.balances() if row.reserved or row.settled],
        "standing": [structs.replace(one, session="") for one in await ledger.standing_offers()],
        "audit": [(row.step, row.offer.state, row.offer.customer) for row in audit],
        "entries": await ledger.turn_entries(),
        "facts": unnumbered(await ledger.facts_about([("customer", f"c{n}") for n in range(4)])),
        "then": unnumbered(await ledger.facts_about([("case", "k1")], ("case",), T0)),
        "rule_steps": await ledger.rule_steps(),
        "digest": await ledger.state_digest(),
        "wrong": await ledger.reconcile(),
    }


async def play(acts: list[tuple[Any, ...]], durable: RelationalLedger) -> None:
    """Do the same to both. After each act they agree, no limit is exceeded, and all sums hold."""
    plain = MemoryLedger()
    await durable.open()
    try:
        for number, what in enumerate(acts):
            answers = [await act(ledger, number, what) for ledger in (plain, durable)]
            assert comparable(answers[0]) == comparable(answers[1])
            held = await known(durable)
            assert await known(plain) == held
            assert held["wrong"] == []
            for row in await durable.balances():
                assert row.reserved + row.settled <= (row.limit or 0)
    finally:
        await durable.close()


def play_on_sqlite(acts: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(acts, SqliteLedger(Path(folder) / "tactful.db")))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=ACTS)
@example(acts=HISTORY)
@example(acts=BOTH)
@example(acts=LAST)
def test_both_ledgers_answer_alike_and_every_sum_holds(acts: list[tuple[Any, ...]]) -> None:
    play_on_sqlite(acts)


@pytest.mark.parametrize("acts", [HISTORY, BOTH, LAST])
def test_postgres_answers_like_memory(acts: list[tuple[Any, ...]], postgres: Cluster) -> None:
    asyncio.run(play(acts, postgres_ledger(postgres.database())))


def test_that_fails_when_a_late_turn_overwrites_a_redemption(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite_turns, "STANDING", frozenset(OfferState))
    with pytest.raises((AssertionError, LedgerError)):
        play_on_sqlite(HISTORY)


def test_that_fails_when_reservations_are_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_turns, "apply_moves", lambda *_: None)
    assert_fails(test_both_ledgers_answer_alike_and_every_sum_holds)
