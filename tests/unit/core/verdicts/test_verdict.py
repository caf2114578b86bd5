"""The primary reason of a verdict."""

from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding, Verdict


def test_the_primary_reason_is_that_of_the_first_finding() -> None:
    found = (Finding(Reason.RULE_PAUSED), Finding(Reason.STOCK_OUT))
    assert Verdict("R1", "RUN-42", "withheld", found).reason is Reason.RULE_PAUSED


def test_an_offer_that_was_pushed_has_no_reason() -> None:
    assert Verdict("R1", "RUN-42", "pushed").reason is None
