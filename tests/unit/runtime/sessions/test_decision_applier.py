"""A decision in memory: taken over completely, and rolled back without a trace."""

from pathlib import Path

from support.bare_shop import NOON, bare_shop
from support.builders import context, offer, session
from tactful.core.context import Context
from tactful.core.decision import Decision
from tactful.core.offers.budget import Balance, BudgetMove
from tactful.core.offers.offer import OfferState
from tactful.core.session.contact_history import NO_CONTACT
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.runtime.sessions.decision_applier import BALANCE_READS, DecisionApplier
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import STANDING, LiveSession

MOVE = BudgetMove("C", "total", "EUR", 50_000, reserve=1935)
APPROACHED = NO_CONTACT.with_approach("of1", "R1", "s1", NOON)


async def prepared(folder: Path) -> tuple[Shop, LiveSession, Context, Decision]:
    """A session of a known customer, and a decision that pushes an offer to it."""
    shop = bare_shop(folder)
    await shop.state.fact_cache.load([], ["c1"])
    before = session(customer="c1", consent="personal")
    live = LiveSession(before, b"digest")
    shop.state.registry.add(live)
    shop.state.registry.index_interests(live)
    after = session(customer="c1", consent="personal", offers=(offer(),))
    decision = Decision(session=after, contact=APPROACHED, offers=(offer(),), moves=(MOVE,))
    profile = shop.state.fact_cache.customer("c1")
    return shop, live, context(session=before, profile=profile), decision


def reserved(shop: Shop) -> int:
    return sum(row.reserved for row in shop.state.balances.rows())


async def test_a_decision_reaches_every_part_that_keeps_to_it(tmp_path: Path) -> None:
    shop, live, _, decision = await prepared(tmp_path)
    DecisionApplier(shop.state).apply(live, decision)
    assert live.state is decision.session
    assert reserved(shop) == 1935
    assert shop.state.stock_commitments.totals == {("RUN-42", "DE"): 1}
    assert shop.state.registry.concerned([STANDING]) == [live]
    known = shop.state.fact_cache.customer("c1")
    assert known is not None
    assert known.contact == APPROACHED


async def test_a_rollback_restores_what_was_before(tmp_path: Path) -> None:
    shop, live, before, decision = await prepared(tmp_path)
    memory = DecisionApplier(shop.state)
    memory.apply(live, decision)
    memory.rollback(live, before, decision, Commit())
    assert live.state is before.session
    assert reserved(shop) == 0
    assert shop.state.stock_commitments.totals == {}
    assert shop.state.registry.concerned([STANDING]) == []
    assert shop.state.registry.concerned([("customer", "c1")]) == [live]
    known = shop.state.fact_cache.customer("c1")
    assert known is not None
    assert known.contact == NO_CONTACT


async def test_a_rollback_keeps_what_other_sessions_did_meanwhile(tmp_path: Path) -> None:
    shop, live, before, decision = await prepared(tmp_path)
    memory = DecisionApplier(shop.state)
    memory.apply(live, decision)
    elsewhere = APPROACHED.with_approach("of9", "R1", "s9", NOON)
    shop.state.fact_cache.set_contact("c1", elsewhere)
    memory.rollback(live, before, decision, Commit())
    known = shop.state.fact_cache.customer("c1")
    assert known is not None
    assert known.contact == NO_CONTACT.with_approach("of9", "R1", "s9", NOON)


async def test_a_rollback_of_an_acceptance_leaves_the_offer_as_it_was(tmp_path: Path) -> None:
    shop, live, _, _ = await prepared(tmp_path)
    pushed = offer(max_qty=3)
    accepted = offer(max_qty=3, qty=1, state=OfferState.ACCEPTED)
    before = session(offers=(pushed,))
    live.state = before
    shop.state.stock_commitments.update(pushed)
    memory = DecisionApplier(shop.state)
    decision = Decision(session=session(offers=(accepted,)), offers=(accepted,))
    memory.apply(live, decision)
    assert shop.state.stock_commitments.totals == {("RUN-42", "DE"): 1}
    memory.rollback(live, context(session=before), decision, Commit())
    assert shop.state.stock_commitments.totals == {("RUN-42", "DE"): 3}


async def test_a_contact_history_that_was_not_written_counts_as_no_revision(
    tmp_path: Path,
) -> None:
    shop, live, before, decision = await prepared(tmp_path)
    memory, cache = DecisionApplier(shop.state), shop.state.fact_cache
    writes = memory.contact_writes(before, decision)
    assert [write.revision for write in writes.values()] == [0]
    memory.apply(live, decision)
    assert cache.contact_revision("c1") == 1
    memory.rollback(live, before, decision, Commit(contacts=writes))
    assert cache.contact_revision("c1") == 0


async def test_a_redemption_has_the_balances_read_again_but_not_for_ever(tmp_path: Path) -> None:
    shop, _, _, _ = await prepared(tmp_path)
    reads = 0

    async def balances() -> list[object]:
        nonlocal reads
        reads += 1
        shop.state.balances.apply_written((MOVE,))
        return []

    shop.ledger.balances = balances  # type: ignore[method-assign, assignment]
    await DecisionApplier(shop.state).correct_balances(CommitRefusal("budget.spend", "C", "EUR"))
    assert reads == BALANCE_READS
    assert reserved(shop) == 1935 * BALANCE_READS


async def test_balances_are_corrected_by_the_ledger(tmp_path: Path) -> None:
    shop, live, _, decision = await prepared(tmp_path)
    memory = DecisionApplier(shop.state)
    memory.apply(live, decision)
    row = shop.state.balances.rows()[0]
    assert Balance(row.limit, row.reserved, row.settled) == Balance(50_000, 1935, 0)

    async def balances() -> list[object]:
        return [type(row)(row.campaign, row.period, row.currency, 50_000, 40_000, 7)]

    shop.ledger.balances = balances  # type: ignore[method-assign, assignment]
    await memory.correct_balances(CommitRefusal("budget.spend", "C", "EUR"))
    (corrected,) = shop.state.balances.rows()
    assert (corrected.reserved, corrected.settled) == (40_000, 7)
