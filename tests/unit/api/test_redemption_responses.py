"""HTTP responses of redemptions, byte for byte."""

import msgspec
import pytest

from tactful.api.redemption_responses import REDEMPTION_ERRORS, RETRY_S, encode_answer
from tactful.core.redemption.answers import (
    Cancelled,
    CancelledUse,
    OutcomeUnknown,
    Redeemed,
    RedeemedLine,
    RedeemedTogether,
    RedemptionAnswer,
    RedemptionRefusal,
    RedemptionResponse,
    Refunded,
    Repeated,
)
from tactful.core.redemption.error_codes import ERROR_CODES, RedemptionErrorCode
from tactful.core.values.money import Money

EUR = Money(1000, "EUR")
MONEY = b'{"amount":1000,"currency":"EUR"}'


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (
            Redeemed("rd_1", "redeemed", EUR, 2, EUR),
            b'{"redemption":"rd_1","state":"redeemed","unit":%b,"qty":2,"saved":%b}'
            % (MONEY, MONEY),
        ),
        (
            Redeemed("rd_1", "held", EUR, 2, EUR, "2026-03-10T12:10:00Z"),
            b'{"redemption":"rd_1","state":"held","unit":%b,"qty":2,"saved":%b,'
            b'"until":"2026-03-10T12:10:00Z"}' % (MONEY, MONEY),
        ),
        (
            RedeemedTogether("redeemed", (Redeemed("rd_1", "redeemed", EUR, 2, EUR),), EUR),
            b'{"state":"redeemed","redemptions":[{"redemption":"rd_1","state":"redeemed","unit":%b,'
            b'"qty":2,"saved":%b}],"saved":%b}' % (MONEY, MONEY, MONEY),
        ),
        (
            Redeemed(
                "rd_1", "redeemed", EUR, 1, EUR, None, "order", (RedeemedLine("A", 3, EUR, EUR),)
            ),
            b'{"redemption":"rd_1","state":"redeemed","unit":%b,"qty":1,"saved":%b,"level":"order",'
            b'"lines":[{"sku":"A","qty":3,"paid":%b,"saved":%b}]}' % (MONEY, MONEY, MONEY, MONEY),
        ),
        (
            Cancelled((CancelledUse("rd_1", "of_1"),)),
            b'{"cancelled":[{"redemption":"rd_1","offer":"of_1"}]}',
        ),
        (
            Refunded("f1", EUR, EUR),
            b'{"refund":"f1","amount":%b,"released":%b}' % (MONEY, MONEY),
        ),
    ],
)
def test_a_success_is_written_in_one_order_of_members(
    answer: RedemptionAnswer, body: bytes
) -> None:
    assert encode_answer(answer) == RedemptionResponse(200, body)


def test_a_refusal_is_a_problem_with_its_code() -> None:
    assert encode_answer(RedemptionRefusal("offer.expired")) == RedemptionResponse(
        410,
        b'{"type":"about:blank","title":"The offer has expired","status":410,'
        b'"code":"offer.expired","detail":"The offer has expired."}',
    )
    said = msgspec.json.decode(encode_answer(RedemptionRefusal("recall", "A was recalled.")).body)
    assert said["detail"] == "A was recalled."


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_every_code_has_a_status_and_a_title(code: RedemptionErrorCode) -> None:
    status, title = REDEMPTION_ERRORS[code]
    assert status in {401, 404, 409, 410, 422}
    assert title
    assert not title.endswith(".")


def test_a_stored_response_is_repeated_untouched() -> None:
    assert encode_answer(Repeated(b"any", 409)) == RedemptionResponse(409, b"any")
    assert encode_answer(Repeated(b"any")) == RedemptionResponse(200, b"any")


def test_an_unknown_outcome_asks_for_a_retry() -> None:
    response = encode_answer(OutcomeUnknown())
    assert (response.status, response.retry_s) == (503, RETRY_S)
    assert msgspec.json.decode(response.body)["code"] == "ledger.unknown"
