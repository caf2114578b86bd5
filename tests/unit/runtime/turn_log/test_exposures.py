"""Exposures of a turn."""

from typing import Any

import pytest

from support.builders import T0, context, rule, session
from tactful.core.customer.profile import profile
from tactful.core.decide import decide
from tactful.core.facts.history import History
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Experiment, Rule
from tactful.core.session.session import Session
from tactful.core.session.signals import OfferSeen
from tactful.runtime.ports.exposure_store import Exposure
from tactful.runtime.turn_log.exposures import _is_compared, exposures_of, treated_share

CONSENTING = session(consent="personal")
HALF = Policy(holdout_bp=5000)
ALL_HELD_OUT = Policy(holdout_bp=10_000)


def exposed(
    by: Rule | None = None, shopper: Session = CONSENTING, **fields: Any
) -> tuple[Exposure, ...]:
    turn = context(by or rule("R1"), session=shopper, **fields)
    return exposures_of(turn, decide(turn))


def test_a_pushed_offer_exposes_the_session_of_a_guest() -> None:
    assert exposed() == (
        Exposure(
            unit="s1",
            is_customer=False,
            session="s1",
            rule="R1",
            is_treated=True,
            treated_bp=10_000,
            at=T0,
            product="run",
            territory="DE",
            currency="EUR",
            saved=1935,
        ),
    )


def test_a_held_out_offer_exposes_the_same_at_the_same_point() -> None:
    (pushed,), (held_out,) = exposed(), exposed(policy=ALL_HELD_OUT)
    assert not held_out.is_treated
    assert held_out.treated_bp == 0
    same = ("unit", "session", "rule", "at", "product", "territory", "currency", "saved")
    assert [getattr(held_out, name) for name in same] == [getattr(pushed, name) for name in same]


def in_experiment(*variants: tuple[str, int]) -> Experiment:
    return Experiment("E", "e1", variants)


@pytest.mark.parametrize(
    ("variants", "arm", "is_treated", "arm_bp", "treated_bp"),
    [
        ((("R1", 10_000), ("R2", 0)), "R1", True, 9900, 9900),
        ((("R1", 0), ("R2", 10_000)), "R2", True, 9900, 9900),
        ((("R1", 0), ("R2", 0)), "R1", False, 0, 0),
    ],
    ids=["shown", "for another rule", "held out"],
)
def test_an_experiment_exposes_the_arm_of_the_unit(
    variants: tuple[tuple[str, int], ...], arm: str, is_treated: bool, arm_bp: int, treated_bp: int
) -> None:
    (found,) = exposed(
        rule("R1", experiment=in_experiment(*variants)), policy=Policy(holdout_bp=100)
    )
    assert (found.rule, found.is_treated, found.arm_bp, found.treated_bp) == (
        arm, is_treated, arm_bp, treated_bp,
    )  # fmt: skip
    assert (found.experiment, found.edition) == ("E", "e1")


def test_the_hold_out_of_all_offers_holds_out_of_experiments_too() -> None:
    half = in_experiment(("R1", 5000), ("R2", 5000))
    (found,) = exposed(rule("R1", experiment=half), policy=ALL_HELD_OUT)
    assert (found.is_treated, found.arm_bp, found.edition) == (False, 0, "e1")


def test_a_voucher_has_arms_in_a_trial_only() -> None:
    assert treated_share(rule("R1", remedy=True), HALF) == 10_000
    assert treated_share(rule("R1", remedy=True, share_bp=2500), HALF) == 2500
    assert _is_compared(rule("R1", remedy=True, share_bp=2500))
    assert not _is_compared(rule("R1", remedy=True))


def test_a_verified_customer_is_the_unit() -> None:
    known = session(consent="personal", customer="c1")
    (found,) = exposed(shopper=known, profile=profile(History(customer="c1"), Policy()))
    assert (found.unit, found.is_customer, found.session) == ("c1", True, "s1")


@pytest.mark.parametrize(
    "shopper",
    [session(), session(consent="none"), session(consent="personal", gpc=True)],
    ids=["anonymous", "none", "Global Privacy Control"],
)
@pytest.mark.parametrize("policy", [Policy(), ALL_HELD_OUT], ids=["treated", "held out"])
def test_shoppers_without_personal_consent_are_no_units(shopper: Session, policy: Policy) -> None:
    assert exposed(shopper=shopper, policy=policy) == ()


@pytest.mark.parametrize("policy", [Policy(), ALL_HELD_OUT], ids=["treated", "held out"])
def test_a_shadow_exposes_nobody(policy: Policy) -> None:
    assert exposed(rule("R1", mode="shadow"), policy=policy) == ()


def test_a_later_step_of_an_offer_is_no_new_exposure() -> None:
    turn = context(rule("R1"), session=CONSENTING)
    pushed = decide(turn)
    (made,) = pushed.offers
    seen = context(rule("R1"), session=pushed.session, signal=OfferSeen(made.id))
    decision = decide(seen)
    assert decision.offers
    assert exposures_of(seen, decision) == ()


@pytest.mark.parametrize(
    ("share", "policy", "treated"),
    [(10_000, Policy(), 10_000), (5000, Policy(), 5000), (5000, HALF, 2500), (10_000, HALF, 5000)],
)
def test_the_treated_share_is_what_both_draws_leave(
    share: int, policy: Policy, treated: int
) -> None:
    assert treated_share(rule("R1", share_bp=share), policy) == treated
