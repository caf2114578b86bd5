"""Rows of redemptions, and the response that is stored with them."""

from support.ledger_rows import T0
from tactful.core.offers.budget import BudgetMove
from tactful.core.redemption.answers import (
    RedemptionAnswer,
    RedemptionRefusal,
    RedemptionResponse,
    Repeated,
)
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionResult,
    RedemptionRow,
    RefundRow,
    SoldLine,
    with_response,
)

OLD = RedemptionRow(id="rd_1", offer="of_1", order="o1", at=T0, status="cancelled", saved=0)
NEW = RedemptionRow(id="rd_2", offer="of_2", order="o1", at=T0, status="refused", saved=0)


def encode(answer: RedemptionAnswer) -> RedemptionResponse:
    return RedemptionResponse(7, type(answer).__name__.encode())


def test_a_new_use_is_stored_with_the_response_and_an_earlier_one_keeps_its_own() -> None:
    result = RedemptionResult(answer=RedemptionRefusal("recall"), uses=(NEW,), redemptions=(OLD,))
    outcome = with_response(result, encode)
    assert (outcome.status, outcome.body) == (7, b"RedemptionRefusal")
    old, new = outcome.redemptions
    assert (new.id, new.code, new.answer) == ("rd_2", 7, b"RedemptionRefusal")
    assert old == OLD


def test_a_new_refund_is_stored_with_the_body() -> None:
    refund = RefundRow("f1", "o1", T0, b"request", b"")
    outcome = with_response(
        RedemptionResult(answer=RedemptionRefusal("recall"), refund=refund), encode
    )
    assert outcome.refund == RefundRow("f1", "o1", T0, b"request", b"RedemptionRefusal")


def test_an_answer_without_a_use_stores_nothing() -> None:
    outcome = with_response(RedemptionResult(answer=Repeated(b"stored")), encode)
    assert outcome == RedemptionOutcome(status=7, body=b"Repeated")
    assert not outcome.has_effect


def test_an_outcome_has_an_effect_if_a_balance_changes() -> None:
    move = BudgetMove("spring", "total", "EUR", None, settle=-1)
    assert RedemptionOutcome(status=7, body=b"", moves=(move,)).has_effect


def test_the_shares_of_a_line_are_rounded_down() -> None:
    line = SoldLine("A", 3, 100, 10)
    assert [line.share(line.paid, units) for units in range(4)] == [0, 33, 66, 100]
