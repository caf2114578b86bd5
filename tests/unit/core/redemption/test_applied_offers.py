"""Answers about used offers, from the stored uses."""

from msgspec import structs

from support.ledger_rows import T0, accepted
from support.redemption_ledger import eur, made
from tactful.core.redemption.applied_offers import answer_of, use_answer, used_together
from tactful.core.redemption.redemption_rows import RedemptionRow, SoldLine

USE = RedemptionRow(
    id="rd_1", offer="of_1", order="o1", at=T0, status="redeemed", saved=0,
    lines=(SoldLine("RUN-42", 2, 21930, 3870),), unit=10965, qty=2,
)  # fmt: skip
HELD = structs.replace(USE, status="held", until=T0 + 60_000)


def test_a_use_is_answered_as_it_was_granted_whatever_was_refunded_since() -> None:
    answer = use_answer(accepted(), USE)
    assert (answer.state, answer.unit, answer.qty, answer.saved) == (
        "redeemed", eur(10965), 2, eur(3870),
    )  # fmt: skip
    assert (answer.level, answer.lines, answer.until) == (None, None, None)


def test_only_a_held_use_says_when_it_lapses() -> None:
    assert use_answer(accepted(), HELD).until == "2026-03-10T12:01:00Z"
    assert use_answer(accepted(), structs.replace(HELD, status="redeemed")).until is None


def test_a_use_of_release_0_1_0_is_answered_from_its_lines() -> None:
    old = structs.replace(USE, unit=None, qty=1)
    assert use_answer(accepted(), old) == use_answer(accepted(), USE)
    off = made(1, "order", at_most=500)
    lines = (SoldLine("A", 1, 900, 100), SoldLine("B", 2, 1800, 200))
    answer = use_answer(off, structs.replace(old, lines=lines))
    assert (answer.unit, answer.qty, answer.saved) == (eur(2700), 1, eur(300))
    assert answer.lines is not None
    assert [line.paid for line in answer.lines] == [eur(900), eur(1800)]


def test_uses_of_one_call_stand_in_the_order_in_which_they_apply() -> None:
    shipping = made(3, "shipping", at_most=100)
    order, second, first = made(2, "order", at_most=100), made(5, "item"), made(4, "item")
    uses = [
        (one, structs.replace(HELD, id=f"rd_{one.id}")) for one in (shipping, order, second, first)
    ]
    answer = used_together(uses)
    assert [one.redemption for one in answer.redemptions] == [
        "rd_of_4", "rd_of_5", "rd_of_2", "rd_of_3",
    ]  # fmt: skip
    assert (answer.state, answer.saved) == ("held", eur(4 * 3870))
    assert answer.until == "2026-03-10T12:01:00Z"


def test_one_use_is_answered_alone_and_several_together() -> None:
    assert answer_of([(accepted(), USE)]) == use_answer(accepted(), USE)
    both = [(accepted(), USE), (accepted("of_2"), structs.replace(USE, offer="of_2"))]
    assert answer_of(both) == used_together(both)
