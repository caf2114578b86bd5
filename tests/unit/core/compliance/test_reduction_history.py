"""Since when a reduction applies, and when it is a general offer."""

import pytest

from support.builders import T0
from tactful.core.compliance.reduction_history import (
    FEWEST_VIEWERS,
    NO_REDUCTIONS,
    VIEWERS,
    ReductionHistory,
)


def test_a_reduction_applies_since_its_first_offer() -> None:
    known = ReductionHistory(since={("A", "DE"): {"R1": T0 - 5}})
    assert known.first_applied_at("R1", "A", "DE", T0) == T0 - 5


@pytest.mark.parametrize(
    ("rule", "sku", "territory"), [("R2", "A", "DE"), ("R1", "B", "DE"), ("R1", "A", "GB")]
)
def test_another_rule_sku_or_territory_has_a_reduction_of_its_own(
    rule: str, sku: str, territory: str
) -> None:
    known = ReductionHistory(since={("A", "DE"): {"R1": T0 - 5}})
    assert known.first_applied_at(rule, sku, territory, T0) == T0


@pytest.mark.parametrize(
    ("offered", "viewers", "general"),
    [
        (4, FEWEST_VIEWERS, False),  # the fifth of ten is half, not more
        (5, FEWEST_VIEWERS, True),
        (8, FEWEST_VIEWERS - 1, False),
        (0, FEWEST_VIEWERS, False),
    ],
)
def test_an_offer_is_general_with_the_one_that_reaches_most_viewers(
    offered: int, viewers: int, general: bool
) -> None:
    known = ReductionHistory(counts={("p", "DE"): {VIEWERS: viewers, "R1": offered}})
    assert known.makes_general("R1", "p", "DE") is general


def test_without_viewers_nothing_is_general() -> None:
    assert not NO_REDUCTIONS.makes_general("R1", "p", "DE")
