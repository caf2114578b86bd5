"""Rules that claim a reduction for longer than the policy allows."""

from typing import Any

import pytest

from support.rule_files import check, codes, found, one_rule
from tactful.core.rules.policy import Policy
from tactful.core.values.calendar import DAY
from tactful.rulebook.checks.claims import claims_prior_price, may_outlast_claim

MARCH = "{from: 2026-03-01, until: 2026-03-31}"
SPRING = "{from: 2026-03-01, until: 2026-04-01}"


def messages(body: str, **policy: Any) -> list[str]:
    return [one.message for one in check(one_rule(body), policy=Policy(**policy)).diagnostics]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"valid: {SPRING}\noffer: {{percent: 10%}}", ["R322"]),
        (f"valid: {MARCH}\noffer: {{percent: 10%}}", []),
        ("valid: {from: 2026-03-01}\noffer: {percent: 10%}", []),
        ("valid: {until: 2036-03-01}\noffer: {percent: 10%}", []),
        (f"valid: {SPRING}\nmode: shadow\noffer: {{percent: 10%}}", []),
        (f"valid: {SPRING}\nremedy: true\noffer: {{message: Sorry}}", []),
        (f"valid: {SPRING}\noffer: {{amount: 5.00 EUR, off_the: shipping}}", []),
        (f"valid: {SPRING}\noffer: {{amount: 5.00 EUR, off_the: order}}", ["R322"]),
    ],
)
def test_dates_that_lie_further_apart_than_a_claim_are_reported(
    body: str, expected: list[str]
) -> None:
    assert codes(one_rule(body)) == expected


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        ('percent: 10%, message: "You save {offer.saved}."', "{offer.saved}"),
        ('percent: 10%, message: "10% off, for you."', "10%"),
        ('percent: 10%, message: "10 % weniger"', "10 %"),
        ('percent: 10%, message: "ten: 10 percent off"', "10 percent"),
        ('percent: 10%, message: "10.0% off"', "10.0%"),
        ('percent: 10%, message: "100% cotton, 1.10% more"', None),
        ('percent: 10%, message: "Now {offer.price}."', None),
        ('percent: 10%, message: {en: "Now {offer.price}.", de: "Spare {offer.saved}."}', "{offer.saved}"),
        ('amount: 5.00 EUR, message: "10% off"', None),
        ('amount: 5.00 EUR, off_the: order, message: "up to {offer.saved}"', None),
    ],
)  # fmt: skip
def test_a_message_that_claims_a_reduction_without_end_is_reported(
    offer: str, expected: str | None
) -> None:
    found = messages(f"offer: {{{offer}}}")
    assert len(found) == (expected is not None)
    assert expected is None or f"the message still says '{expected}'" in found[0]
    assert messages(f"valid: {{from: 2026-03-01, until: 2026-03-30}}\noffer: {{{offer}}}") == []


def test_the_length_of_a_claim_is_that_of_the_policy() -> None:
    body = f"valid: {SPRING}\noffer: {{percent: 10%}}"
    assert messages(body, max_claim=45 * DAY) == []
    [shorter] = messages(body, max_claim=7 * DAY)
    assert shorter.startswith("from 2026-03-08 on, the offers of 'one' may have no")
    assert shorter.endswith("`policy.max_claim` is 7d")


def test_the_finding_points_at_the_end_of_the_window() -> None:
    text = one_rule(f"valid: {SPRING}\noffer: {{percent: 10%}}")
    [(code, line, column)] = found(text)
    at = text.splitlines()[line - 1][column - 1 :]
    assert (code, at) == ("R322", "2026-04-01}")


def test_a_rule_without_an_end_may_outlast_its_claim() -> None:
    [endless] = check(one_rule("offer: {percent: 10%}")).files.rules
    assert claims_prior_price(endless)
    assert may_outlast_claim(endless, Policy())
