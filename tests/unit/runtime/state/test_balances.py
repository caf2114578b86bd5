"""Campaign balances by period, and what standing offers promise of each item."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from support.builders import T0, but, campaign, offer
from tactful.core.offers.budget import COUNT, Balance, BudgetMove
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import BudgetRow
from tactful.core.values.calendar import DAY, period_key
from tactful.runtime.state.balances import Balances, StockCommitments


def test_promised_units_are_summed_by_item_and_territory_until_the_offer_ends() -> None:
    held = StockCommitments()
    first = offer(id="of_1", sku="A", territory="DE", max_qty=2)
    held.update(first)
    held.update(offer(id="of_2", sku="A", territory="GB", max_qty=1))
    assert held.totals == {("A", "DE"): 2, ("A", "GB"): 1}
    held.update(
        offer(id="of_1", sku="A", territory="DE", max_qty=2, state=OfferState.ACCEPTED, qty=1)
    )
    assert held.totals["A", "DE"] == 1
    held.update(offer(id="of_1", sku="A", territory="DE", max_qty=2, state=OfferState.EXPIRED))
    assert held.totals == {("A", "GB"): 1}


def test_accepted_offers_come_first_then_older_ones() -> None:
    held = StockCommitments()
    old = offer(id="of_old", sku="A", issued_at=T0)
    young = offer(id="of_young", sku="A", issued_at=T0 + 1)
    taken = offer(id="of_taken", sku="A", issued_at=T0 + 2, state=OfferState.ACCEPTED)
    for one in (young, taken, old):
        held.update(one)
    assert [held.ahead(one, None) for one in (taken, old, young)] == [0, 1, 2]
    held.update(offer(id="of_old", sku="A", issued_at=T0, state=OfferState.DECLINED))
    held.invalidate("A")
    assert held.ahead(young, None) == 1


def test_offers_of_other_processes_count_among_the_own_ones_until_they_are_forgotten() -> None:
    held = StockCommitments()
    mine = offer(id="of_mine", sku="A", issued_at=T0 + 1)
    older = offer(id="of_older", sku="A", issued_at=T0, max_qty=2)
    younger = offer(id="of_younger", sku="A", issued_at=T0 + 2, max_qty=2)
    taken = offer(id="of_taken", sku="A", issued_at=T0 + 3, state=OfferState.ACCEPTED, qty=1)
    held.update(mine)
    assert held.ahead(mine, None) == 0
    held.learn_elsewhere(("A", "DE"), [mine, older, younger, taken])
    assert held.totals == {("A", "DE"): 6}
    assert held.ahead(mine, None) == 3
    held.learn_elsewhere(("A", "DE"), [older])
    assert held.totals == {("A", "DE"): 3}
    assert held.ahead(mine, None) == 2
    held.forget_elsewhere(("A", "DE"))
    assert held.totals == {("A", "DE"): 1}
    assert held.ahead(mine, None) == 0


def test_units_of_other_processes_stay_counted_when_the_own_offer_ends() -> None:
    held = StockCommitments()
    mine = offer(id="of_mine", sku="A")
    held.update(mine)
    held.learn_elsewhere(("A", "DE"), [offer(id="of_other", sku="A", max_qty=2)])
    held.drop(mine)
    assert held.totals == {("A", "DE"): 2}
    held.invalidate("A")
    assert held.totals == {}
    held.update(mine)
    assert held.skus() == {"A"}
    assert held.totals == {("A", "DE"): 1}


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(OfferState)), st.integers(1, 3))))
def test_the_total_is_always_the_sum_of_the_standing_and_held_offers(
    moves: list[tuple[int, OfferState, int]],
) -> None:
    held, now = StockCommitments(), {}
    for number, state, qty in moves:
        now[number] = offer(id=f"of_{number}", sku="A", state=state, max_qty=qty, qty=qty)
        held.update(now[number])
    total = sum(one.max_qty for one in now.values() if one.reserving)
    assert sum(held.totals.values()) == total


def spend(period: str = "total", reserve: int = 0, settle: int = 0) -> BudgetMove:
    return BudgetMove("C", period, "EUR", 10_000, reserve=reserve, settle=settle)


def test_moves_add_up_and_can_be_undone() -> None:
    balances = Balances()
    balances.use_campaigns({"C": campaign(EUR=10_000)})
    moves = [spend(reserve=500), spend(reserve=-500, settle=400)]
    balances.apply(moves)
    assert balances.view(T0)["C", "EUR"] == Balance(10_000, 0, 400)
    balances.reverse(moves)
    assert balances.view(T0)["C", "EUR"] == Balance(10_000, 0, 0)


class QueueOfWrites:
    """A ledger that performs what is queued, in order, and answers in the same order."""

    def __init__(self) -> None:
        self.reserved = 0
        self.queue: list[tuple[str, Any, bool]] = []

    def perform(self, balances: Balances) -> None:
        """Perform and answer the oldest write or read that is queued."""
        kind, subject, granted = self.queue.pop(0)
        if kind == "read":
            row = BudgetRow("C", "total", "EUR", 10_000, self.reserved, 0)
            assert balances.finish_reading(subject, [row])
        elif granted:
            self.reserved += subject[0].reserve
        else:
            balances.reverse(subject)


@given(st.lists(st.tuples(st.sampled_from(["turn", "read", "answer"]), st.booleans()), max_size=40))
def test_a_restored_balance_keeps_the_reservations_in_flight_and_no_other(
    acts: list[tuple[str, bool]],
) -> None:
    balances, ledger = Balances(), QueueOfWrites()
    balances.use_campaigns({"C": campaign(EUR=10_000)})
    for number, (act, granted) in enumerate(acts):
        if act == "turn":
            moves = (spend(reserve=1 + number),)
            balances.apply(moves)
            ledger.queue.append(("turn", moves, granted))
        elif act == "read":
            ledger.queue.append(("read", balances.begin_reading(), True))
        elif ledger.queue:
            ledger.perform(balances)
    while ledger.queue:
        ledger.perform(balances)
    assert balances.view(T0)["C", "EUR"].reserved == ledger.reserved


def test_a_refused_commit_does_not_wipe_out_what_another_session_reserves_meanwhile() -> None:
    balances = Balances()
    balances.use_campaigns({"C": campaign(EUR=10_000)})
    reading = balances.begin_reading()
    balances.apply((spend(reserve=700),))
    assert balances.finish_reading(reading, [BudgetRow("C", "total", "EUR", 10_000, 300, 0)])
    assert balances.view(T0)["C", "EUR"] == Balance(10_000, 1_000, 0)


def test_a_redemption_during_the_read_has_it_repeated() -> None:
    balances = Balances()
    balances.use_campaigns({"C": campaign(EUR=10_000)})
    reading = balances.begin_reading()
    balances.apply_written((spend(settle=400),))
    assert not balances.finish_reading(reading, [BudgetRow("C", "total", "EUR", 10_000, 300, 0)])
    assert balances.view(T0)["C", "EUR"] == Balance(10_000, 0, 400)
    assert not balances.finish_reading(balances.begin_reading(), None)


def test_the_limit_is_the_rulebooks_and_the_sums_are_the_ledgers() -> None:
    balances = Balances()
    balances.restore([BudgetRow("C", "total", "EUR", 10_000, 700, 300)])
    balances.use_campaigns({"C": campaign(EUR=20_000)})
    assert balances.view(T0)["C", "EUR"] == Balance(20_000, 700, 300)
    balances.use_campaigns({"C": campaign(EUR=5_000)})
    assert balances.view(T0)["C", "EUR"] == Balance(5_000, 700, 300)


def test_a_new_period_begins_at_zero_and_the_old_one_is_kept() -> None:
    balances = Balances()
    daily = but(campaign(EUR=10_000), per="day", timezone="UTC", count=3)
    balances.use_campaigns({"C": daily})
    assert balances.view(T0)["C", COUNT] == Balance(3)
    today, tomorrow = period_key("day", T0, "UTC"), period_key("day", T0 + DAY, "UTC")
    balances.apply([spend(today, reserve=500)])
    assert balances.view(T0)["C", "EUR"].reserved == 500
    assert balances.view(T0 + DAY)["C", "EUR"] == Balance(10_000)
    balances.apply([spend(today, reserve=-500)])
    assert balances.view(T0 + DAY)["C", "EUR"].reserved == 0
    assert [(row.period, row.currency) for row in balances.rows()] == sorted(
        (period, currency) for period in (today, tomorrow) for currency in ("EUR", COUNT)
    )
