"""Hold-outs: their shares, their independence, and their reasons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import rule
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Experiment
from tactful.core.stages.holdout import draw_bp, holdout_reason, variant_of
from tactful.core.verdicts.reasons import Reason

CROWD = [f"anon-{n}" for n in range(4000)]


@given(st.text(max_size=100), st.lists(st.text(max_size=20), max_size=3))
def test_a_draw_is_one_of_ten_thousand_and_repeatable(seed: str, parts: list[str]) -> None:
    assert 0 <= draw_bp(seed, *parts) < 10_000
    assert draw_bp(seed, *parts) == draw_bp(seed, *parts)


@pytest.mark.parametrize("bp", [0, 1000, 5000, 10_000])
def test_a_holdout_takes_its_share_of_the_shoppers(bp: int) -> None:
    taken = [holdout_reason("seed", who, rule(), Policy(holdout_bp=bp)) for who in CROWD]
    assert taken.count(Reason.HOLDOUT_GLOBAL) == pytest.approx(len(CROWD) * bp / 10_000, abs=120)
    assert set(taken) <= {None, "holdout.global"}


def test_a_trial_includes_its_share_and_draws_for_each_rule() -> None:
    one, two = (rule(name, share_bp=2500, mode="trial") for name in ("R1", "R2"))
    left = [
        {who for who in CROWD if holdout_reason("seed", who, by, Policy()) is None}
        for by in (one, two)
    ]
    assert [len(some) for some in left] == [pytest.approx(1000, abs=120)] * 2
    assert len(left[0] & left[1]) == pytest.approx(250, abs=80)


def test_a_share_of_zero_holds_everybody_out_by_the_rule() -> None:
    assert holdout_reason("seed", "anon", rule(share_bp=0), Policy()) == "holdout.rule"
    everybody = Policy(holdout_bp=10_000)
    assert holdout_reason("seed", "anon", rule(share_bp=0), everybody) == "holdout.global"


def test_the_hold_out_of_all_offers_does_not_reach_vouchers() -> None:
    everybody = Policy(holdout_bp=10_000)
    assert holdout_reason("seed", "anon", rule(remedy=True), everybody) is None
    tried = rule(remedy=True, share_bp=0)
    assert holdout_reason("seed", "anon", tried, everybody) == "holdout.rule"


def test_another_seed_draws_other_shoppers() -> None:
    policy = Policy(holdout_bp=5000)
    drawn = [{w for w in CROWD if holdout_reason(seed, w, rule(), policy)} for seed in ("a", "b")]
    assert drawn[0] != drawn[1]


def experiment(*variants: tuple[str, int], id: str = "E", edition: str = "e1") -> Experiment:  # noqa: A002
    return Experiment(id, edition, variants)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_experiment_takes_its_shares_and_holds_the_rest_out(first: int, second: int) -> None:
    second = min(second, 10_000 - first)
    compared = experiment(("R1", first), ("R2", second))
    taken = [variant_of("seed", who, compared) for who in CROWD]
    for arm, share in (("R1", first), ("R2", second), (None, 10_000 - first - second)):
        assert taken.count(arm) == pytest.approx(len(CROWD) * share / 10_000, abs=160)


@given(st.text(min_size=1, max_size=20))
def test_only_the_id_of_an_experiment_decides_about_a_shopper(who: str) -> None:
    half = (("R1", 5000), ("R2", 5000))
    assert variant_of("seed", who, experiment(*half)) == variant_of(
        "seed", who, experiment(*half, edition="e2")
    )


@given(st.integers(0, 9000), st.integers(0, 1000))
def test_a_larger_share_takes_no_shopper_from_its_rule(share: int, more: int) -> None:
    before, after = (experiment(("R1", one)) for one in (share, share + more))
    kept = [who for who in CROWD[:500] if variant_of("seed", who, before)]
    assert all(variant_of("seed", who, after) == "R1" for who in kept)


def test_experiments_draw_independently() -> None:
    half = (("R1", 5000), ("R2", 5000))
    one, two = (
        {who for who in CROWD if variant_of("seed", who, experiment(*half, id=name)) == "R1"}
        for name in ("E", "F")
    )
    assert len(one & two) == pytest.approx(len(CROWD) / 4, abs=120)


@pytest.mark.parametrize(
    ("variants", "reason"),
    [
        ((("R1", 10_000), ("R2", 0)), None),
        ((("R1", 0), ("R2", 10_000)), "holdout.variant"),
        ((("R1", 0), ("R2", 0)), "holdout.rule"),
    ],
)
def test_a_shopper_sees_the_rule_of_their_share_only(
    variants: tuple[tuple[str, int], ...], reason: str | None
) -> None:
    compared = rule(experiment=experiment(*variants))
    assert holdout_reason("seed", "anon", compared, Policy()) == reason
    assert holdout_reason("seed", "anon", compared, Policy(holdout_bp=10_000)) == "holdout.global"
