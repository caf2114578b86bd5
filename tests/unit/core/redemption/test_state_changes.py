"""The state after a part of a call, on which the next part is decided."""

from msgspec import structs

from support.ledger_rows import T0, accepted
from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.answers import Repeated
from tactful.core.redemption.redemption_rows import (
    BudgetRow,
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
)
from tactful.core.redemption.state_changes import (
    budget_moves,
    is_affordable,
    merged,
    state_after,
    transition,
    uses_of_order,
)

MONEY = BudgetRow("spring", "total", "EUR", 2_000, 1935, 0)
NUMBER = BudgetRow("spring", "total", COUNT, None, 1, 0)
STATE = RedemptionState(
    offers={"of_1": accepted()},
    orders=frozenset({"o1"}),
    balances={("spring", "total", row.currency): row for row in (MONEY, NUMBER)},
    seqs={"se_1": 7},
)
USE = RedemptionRow(id="rd", offer="of_1", order="o1", at=T0, status="held", saved=1935)
DONE = Repeated(b"")


def test_a_step_has_a_higher_number_than_every_step_of_its_session() -> None:
    held, step = transition(STATE, accepted(), "hold", T0)
    assert (held.state, held.seq, step.seq) == (OfferState.HELD, 8, 8)
    later, _ = transition(STATE, structs.replace(held, seq=20), "confirm", T0)
    assert later.seq == 21


def test_the_next_part_sees_the_offers_uses_balances_and_numbers_of_the_last() -> None:
    held, step = transition(STATE, accepted(), "hold", T0)
    moves = budget_moves(STATE, accepted(), reserve=-35, count=1)
    result = RedemptionResult(answer=DONE, uses=(USE,), offers=(held,), steps=(step,), moves=moves)
    after = state_after(STATE, result)
    assert after.offers["of_1"].state is OfferState.HELD
    assert after.redemptions == (USE,)
    assert after.seqs == {"se_1": 8}
    assert after.balances["spring", "total", "EUR"].reserved == 1900
    assert after.balances["spring", "total", COUNT].reserved == 2
    ended = structs.replace(USE, status="cancelled")
    again = state_after(after, RedemptionResult(answer=DONE, redemptions=(ended,)))
    assert again.redemptions == (ended,)


def test_an_offer_that_changed_twice_is_written_in_its_last_state() -> None:
    first, one = transition(STATE, accepted(), "hold", T0)
    known = structs.replace(STATE, offers={"of_1": first})
    last, two = transition(known, first, "confirm", T0)
    parts = [
        RedemptionResult(answer=DONE, offers=(first,), steps=(one,)),
        RedemptionResult(answer=DONE, offers=(last,), steps=(two,)),
    ]
    whole = merged(DONE, parts, alias="o9")
    assert whole.offers == (last,)
    assert whole.steps == (one, two)
    assert whole.alias == "o9"


def test_changes_are_affordable_unless_they_grow_a_balance_beyond_its_limit() -> None:
    for more, fits in ((65, True), (66, False)):
        assert is_affordable(STATE, budget_moves(STATE, accepted(), settle=more)) is fits
    assert is_affordable(STATE, budget_moves(STATE, accepted(), settle_count=99))
    assert is_affordable(STATE, budget_moves(STATE, accepted(), reserve=-9))


def test_an_offer_without_a_balance_moves_nothing() -> None:
    assert budget_moves(RedemptionState(), accepted(), reserve=5, count=1) == ()


def test_the_uses_of_an_order_are_those_under_any_of_its_ids_that_were_not_refused() -> None:
    rows = (
        USE,
        structs.replace(USE, order="o2"),
        structs.replace(USE, order="o9", attempt=2),
        structs.replace(USE, attempt=3, status="refused"),
    )
    state = structs.replace(STATE, redemptions=rows, orders=frozenset({"o1", "o9"}))
    assert uses_of_order(state) == [rows[0], rows[2]]
    assert uses_of_order(state, 2) == [rows[2]]
