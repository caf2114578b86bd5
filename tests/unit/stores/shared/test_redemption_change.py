"""The subjects of a redemption in the change log."""

from support.ledger_rows import T0, accepted, redeem
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.stores.shared.redemption_change import redemption_subjects


def test_a_redemption_concerns_its_offers_and_its_order() -> None:
    outcome = redeem(RedemptionState(offers={"of_1": accepted()}))
    assert redemption_subjects(outcome, "o1") == ((("offer", "of_1"), ("order", "o1")), T0)


def test_an_outcome_without_rows_has_no_instant() -> None:
    assert redemption_subjects(RedemptionOutcome(status=409, body=b""), "o1") == (
        (("order", "o1"),),
        0,
    )
