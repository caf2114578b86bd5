"""The expected value of an offer compared with no offer."""

from fractions import Fraction
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.builders import context, item, offer, rule, session
from tactful.core.context import Context
from tactful.core.decide import decide
from tactful.core.explain import explain
from tactful.core.pricing import expected_value
from tactful.core.pricing.conversion_rates import (
    NO_CONVERSION_RATES,
    NO_OFFER,
    ConversionRates,
    Tally,
)
from tactful.core.pricing.expected_value import ExpectedOutcome, ExpectedValue, value_of
from tactful.core.pricing.quote import PriceBasis
from tactful.core.rules.policy import Policy, RatePrior
from tactful.core.rules.rule import Rule
from tactful.core.session.signals import FactsChanged
from tactful.core.verdicts.verdict import Verdict

SHOE = PriceBasis(amount=12900, currency="EUR", tax_rate_bp=1900, cost=5200)
LOG = ConversionRates(
    {
        ("run", "DE"): {
            NO_OFFER: Tally(1000, 60),
            "R15": Tally(1000, 80),
            "R8": Tally(1000, 75),
        }
    }
)
BY_VALUE = Policy(arbitration="expected_value", prior=RatePrior(weight=0))


def value(
    rule_id: str = "R15",
    unit: int = 10965,
    rates: ConversionRates = LOG,
    prior: RatePrior = BY_VALUE.prior,
) -> ExpectedValue:
    found = value_of(rates, prior, rule_id, "run", "DE", unit, SHOE)
    assert found is not None
    return found


def outcomes(made: Context) -> dict[str, Verdict]:
    return {one.rule: one for one in explain(made, "RUN-42")}


def verdicts(
    *rules: Rule, rates: ConversionRates = LOG, policy: Policy = BY_VALUE, **fields: Any
) -> dict[str, Verdict]:
    return outcomes(context(*rules, rates=rates, policy=policy, **fields))


FIFTEEN, EIGHT = rule("R15", percent=15), rule("R8", percent=8)


def test_the_numbers_of_scenario_11_come_out_exactly() -> None:
    fifteen, eight = value(), value("R8", 11868)
    assert round(fifteen.exact * 100) == -1728
    assert round(eight.exact * 100) == 1956
    assert fifteen.offer.rate == Fraction(8, 100)
    assert fifteen.silence.rate == Fraction(6, 100)
    assert fifteen.for_trace() == {
        "value": "-17.28",
        "offer": {"rate": "8.00%", "margin": "4014.29", "shoppers": 1000, "bought": 80},
        "silence": {"rate": "6.00%", "margin": "5640.34", "shoppers": 1000, "bought": 60},
        "decided_by": "log",
    }


def test_without_a_log_the_stated_prior_decides_and_says_so() -> None:
    found = value(rates=NO_CONVERSION_RATES, prior=RatePrior(300, 400, 200))
    assert (found.offer.rate, found.silence.rate) == (Fraction(4, 100), Fraction(3, 100))
    assert found.by_prior
    assert found.for_trace()["decided_by"] == "prior"


def test_a_prior_without_weight_still_counts_where_there_is_no_log() -> None:
    assert value(rates=NO_CONVERSION_RATES).offer.rate == Fraction(4, 100)


def test_the_prior_counts_as_so_many_shoppers() -> None:
    found = value(prior=RatePrior(300, 400, 200))
    assert found.offer.rate == Fraction(80 + 8, 1200)
    assert found.silence.rate == Fraction(60 + 6, 1200)
    assert not found.by_prior
    assert value(prior=RatePrior(300, 400, 1001)).by_prior


def test_an_unknown_cost_leaves_the_value_unknown() -> None:
    unknown = msgspec.structs.replace(SHOE, cost=None)
    assert value_of(LOG, BY_VALUE.prior, "R15", "run", "DE", 10965, unknown) is None


RATES = st.integers(1, 5000).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))
PRIORS = st.builds(RatePrior, st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 5_000))


@given(RATES, RATES, PRIORS, st.integers(1, 12_899), st.integers(0, 12_000))
def test_a_value_is_what_the_formula_says_to_the_last_digit(
    offered: Tally, silent: Tally, prior: RatePrior, unit: int, cost: int
) -> None:
    rates = ConversionRates({("run", "DE"): {NO_OFFER: silent, "R15": offered}})
    shelf = msgspec.structs.replace(SHOE, cost=cost)
    found = expected_value.value_of(rates, prior, "R15", "run", "DE", unit, shelf)

    def share(tally: Tally, bp: int) -> Fraction:
        believed = Fraction(bp, 10_000) * prior.weight
        return (tally.bought + believed) / (tally.tried + prior.weight)

    net = Fraction(100, 119)
    wanted = share(offered, prior.offer_bp) * (unit * net - cost)
    wanted -= share(silent, prior.silence_bp) * (12_900 * net - cost)
    assert found is not None
    assert found.exact == wanted
    assert 0 <= found.offer.rate <= 1


def test_the_formula_notices_a_value_of_rounded_margins(monkeypatch: pytest.MonkeyPatch) -> None:
    def rounded(
        log: Tally, prior_bp: int, weight: int, gross: int, tax_bp: int, cost: int
    ) -> ExpectedOutcome:
        rate = Fraction(log.bought * 10_000 + prior_bp * weight, (log.tried + weight) * 10_000)
        return ExpectedOutcome(
            rate, Fraction(gross * 10_000 // (10_000 + tax_bp) - cost), log, by_prior=False
        )

    monkeypatch.setattr(expected_value, "_outcome", rounded)
    assert_fails(test_a_value_is_what_the_formula_says_to_the_last_digit)


# as a candidate


def test_no_offer_wins_over_one_that_is_worth_less() -> None:
    found = verdicts(FIFTEEN)["R15"]
    assert (found.outcome, found.reason) == ("withheld", "arbitration.negative_value")
    assert found.findings[0].actual == value().for_trace()
    assert found.findings[0].needed == 0


def test_an_offer_of_equal_value_does_not_beat_no_offer() -> None:
    even = ConversionRates({("run", "DE"): {NO_OFFER: Tally(10, 0), "R15": Tally(10, 0)}})
    assert verdicts(FIFTEEN, rates=even)["R15"].reason == "arbitration.negative_value"


def test_the_offer_that_is_worth_more_wins_in_any_order_of_files() -> None:
    for order in permutations((FIFTEEN, EIGHT, rule("R9", percent=9))):
        found = verdicts(*order)
        assert found["R8"].outcome == "pushed"
        assert found["R8"].value is not None
        assert found["R8"].value["value"] == "19.56"
        assert found["R15"].reason == "arbitration.negative_value"


def test_a_tier_does_not_make_up_for_a_negative_value_and_force_does() -> None:
    first = rule("R15", priority=1)
    assert verdicts(first, EIGHT)["R8"].outcome == "pushed"
    forced = verdicts(rule("R15", priority=1, force=True), EIGHT)
    assert forced["R15"].outcome == "pushed"
    assert forced["R8"].reason == "arbitration.outranked"


def test_a_tier_comes_before_value() -> None:
    first = rule("R7", percent=7, priority=1)
    rates = ConversionRates({("run", "DE"): {**LOG.log["run", "DE"], "R7": Tally(1000, 70)}})
    found = verdicts(EIGHT, first, rates=rates)
    assert found["R7"].outcome == "pushed"
    assert found["R8"].reason == "arbitration.outranked"


def test_a_decision_by_the_prior_is_marked() -> None:
    found = verdicts(rule("R1", percent=1), rates=NO_CONVERSION_RATES)["R1"]
    assert found.outcome == "pushed"
    assert "arbitration.prior" in found.notes


def test_without_a_cost_no_offer_beats_no_offer() -> None:
    found = verdicts(EIGHT, items=[item(costs={})])["R8"]
    assert found.reason == "arbitration.negative_value"
    assert found.findings[0].actual == "the cost is not known"
    assert found.value is None


def test_arbitration_by_tier_computes_no_value() -> None:
    found = verdicts(FIFTEEN, policy=Policy())["R15"]
    assert (found.outcome, found.value) == ("pushed", None)


def test_a_shown_offer_is_replaced_by_one_that_is_worth_more_and_saves_more() -> None:
    up = offer(rule="R8", unit=11868, seq=1)
    ten = rule("R10", percent=10)
    rates = ConversionRates({("run", "DE"): {**LOG.log["run", "DE"], "R10": Tally(1000, 90)}})
    here = session(offers=(up,))
    assert verdicts(EIGHT, ten, rates=rates, session=here)["R10"].outcome == "pushed"
    assert verdicts(EIGHT, ten, session=here)["R10"].reason == "arbitration.negative_value"


def test_a_standing_offer_is_not_withdrawn_because_its_value_fell() -> None:
    made = context(
        FIFTEEN,
        rates=LOG,
        policy=BY_VALUE,
        signal=FactsChanged(),
        session=session(offers=(offer(rule="R15"),)),
    )
    assert decide(made).effects == ()
