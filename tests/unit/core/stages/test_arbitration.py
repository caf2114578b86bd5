"""Gates 11 and 12: which candidate is pushed, and why the others are not."""

from random import Random  # noqa: TID251 - the seed is the argument

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from support.builders import context, item, kept, offer, price, rule, scene
from tactful.core.gates.evaluation import Evaluation
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.policy import Policy, RatePrior
from tactful.core.rules.rule import Experiment, PriceTerms, Rule
from tactful.core.stages.arbitration import build_candidate, select_winner, verdict_of
from tactful.core.values.allocation import Deduction
from tactful.core.verdicts.verdict import Verdict


def results(
    *rules: Rule, up: tuple[Offer, ...] = (), policy: Policy | None = None
) -> list[Verdict]:
    turn, at = context(*rules, policy=policy), scene()
    return [
        verdict_of(one)
        for one in select_winner(
            turn, up, [build_candidate(Evaluation(turn, at, up), by) for by in rules]
        )
    ]


def outcomes(
    *rules: Rule, up: tuple[Offer, ...] = (), policy: Policy | None = None
) -> dict[str, str]:
    return {one.rule: one.reason or one.outcome for one in results(*rules, up=up, policy=policy)}


def test_the_higher_tier_wins_then_the_smaller_discount_then_the_rule_id() -> None:
    dear, cheap = rule("A", percent=20), rule("B", percent=10)
    assert outcomes(dear, cheap) == {"B": "pushed", "A": "arbitration.outranked"}
    first = rule("Z", percent=30, priority=1)
    assert outcomes(dear, cheap, first)["Z"] == "pushed"
    assert outcomes(rule("A"), rule("B")) == {"A": "pushed", "B": "arbitration.outranked"}


RULES = [
    rule(f"R{n}", percent=10 + n % 3, priority=n % 2, mode="shadow" if n % 4 == 3 else "live")
    for n in range(8)
]


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_change_the_winner(rng: Random) -> None:
    shuffled = RULES[:]
    rng.shuffle(shuffled)
    assert results(*shuffled) == results(*RULES)


@given(st.lists(st.sampled_from(RULES), unique_by=lambda one: one.id))
def test_at_most_one_is_pushed_and_one_if_any_may_be(some: list[Rule]) -> None:
    outcomes = [one.outcome for one in results(*some)]
    assert outcomes.count("pushed") == any(one.mode == "live" for one in some)


def test_a_shadow_rule_displaces_no_rule_and_can_be_outranked() -> None:
    shadow = rule("S", percent=5, mode="shadow")
    assert outcomes(shadow, rule("R")) == {"S": "shadow", "R": "pushed"}
    late = rule("S", percent=30, mode="shadow")
    assert outcomes(late, rule("R")) == {"R": "pushed", "S": "arbitration.outranked"}


def test_a_held_out_winner_ends_the_arbitration() -> None:
    everybody = Policy(holdout_bp=10_000)
    assert outcomes(rule("A"), rule("B"), policy=everybody) == {
        "A": "holdout.global",
        "B": "arbitration.outranked",
    }
    assert outcomes(rule("A", share_bp=0), rule("B")) == {
        "A": "holdout.rule",
        "B": "arbitration.outranked",
    }
    assert outcomes(rule("A", mode="shadow"), policy=everybody) == {"A": "holdout.global"}


@pytest.mark.parametrize(
    ("by", "outcome"),
    [
        (rule("R1", percent=15), "standing"),
        (rule("R2", percent=20, priority=2), "pushed"),
        (rule("R2", percent=15, priority=2), "arbitration.outranked"),
        (rule("R2", percent=20), "arbitration.outranked"),
        (rule("R2", percent=10), "arbitration.outranked"),
    ],
    ids=["the same rule", "better", "no cheaper", "no higher", "dearer"],
)
def test_a_visible_offer_is_replaced_only_by_a_higher_rank_that_saves_more(
    by: Rule, outcome: str
) -> None:
    up, mine = offer(), rule("R1", priority=1)
    turn, at = context(mine, by), scene()
    (one,) = [
        verdict_of(r)
        for r in select_winner(turn, (up,), [build_candidate(Evaluation(turn, at, (up,)), by)])
    ]
    assert (one.reason or one.outcome) == outcome


def test_an_offer_of_a_deleted_rule_is_replaced_by_any_that_saves_more() -> None:
    assert outcomes(rule("R2", percent=20), up=(offer(),)) == {"R2": "pushed"}


def test_offers_on_other_items_stack_only_if_both_rules_name_each_other() -> None:
    one = rule("R1", stacks_with=frozenset({"R2"}))
    other = rule("R2", stacks_with=frozenset({"R1"}))
    alone = rule("R2")
    for state in (OfferState.SHOWN, OfferState.ACCEPTED):
        boots = (offer(sku="BOOT-42", state=state, stacks_with=("R2",)),)
        for second, outcome in ((other, "pushed"), (alone, "arbitration.exclusive")):
            turn, at = context(one, second), scene()
            found = select_winner(
                turn, boots, [build_candidate(Evaluation(turn, at, boots), second)]
            )
            assert [reason or result for _, result, reason in found] == [outcome]
        assert outcomes(one, up=boots) == {"R1": "pushed"}


def compared(shares: dict[str, int], *rules: Rule) -> list[Rule]:
    """Rules of one experiment with these shares in basis points."""
    found = Experiment("E", "e1", tuple(sorted(shares.items())))
    return [structs.replace(one, experiment=found) for one in rules]


TEN, FIFTEEN = rule("A", percent=10), rule("B", percent=15)


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ({"A": 10_000, "B": 0}, {"A": "pushed", "B": "arbitration.outranked"}),
        ({"A": 0, "B": 10_000}, {"A": "holdout.variant", "B": "pushed"}),
        ({"A": 0, "B": 0}, {"A": "holdout.rule", "B": "arbitration.outranked"}),
    ],
)
def test_a_shopper_gets_the_rule_of_their_share_where_the_best_of_an_experiment_wins(
    shares: dict[str, int], found: dict[str, str]
) -> None:
    loser = rule("Z", percent=30)
    assert outcomes(*compared(shares, TEN, FIFTEEN), loser) == {
        **found,
        "Z": "arbitration.outranked",
    }


def test_an_experiment_that_loses_shows_nothing_in_any_arm() -> None:
    first = rule("Z", percent=30, priority=1)
    for shares in ({"A": 10_000, "B": 0}, {"A": 0, "B": 10_000}):
        found = outcomes(*compared(shares, TEN, FIFTEEN), first)
        assert found == {
            "Z": "pushed",
            "A": "arbitration.outranked",
            "B": "arbitration.outranked",
        }


def test_nothing_is_shown_where_the_rule_of_a_share_is_no_candidate() -> None:
    first, _ = compared({"A": 0, "B": 10_000}, TEN, FIFTEEN)
    (found,) = results(first)
    assert (found.outcome, found.reason) == ("held_out", "holdout.variant")


def test_nothing_is_shown_where_the_rule_of_a_share_may_not_stand_beside_another_offer() -> None:
    up = (offer(rule="X", sku="BOOT-42", stacks_with=("A",)),)
    both = [structs.replace(TEN, stacks_with=frozenset({"X"})), FIFTEEN]
    found = outcomes(*compared({"A": 0, "B": 10_000}, *both), up=up)
    assert found == {"A": "holdout.variant", "B": "arbitration.outranked"}


def test_a_visible_offer_of_an_experiment_is_not_replaced_by_its_other_rule() -> None:
    up = (offer(rule="A", percent=10),)
    dear = structs.replace(FIFTEEN, priority=0)
    found = outcomes(*compared({"A": 0, "B": 10_000}, TEN, dear), up=up)
    assert found == {"A": "standing", "B": "holdout.variant"}


FREE = PriceTerms("percent", percent_bp=10_000, level="shipping", at_most={"EUR": 690})
WHOLE = PriceTerms("percent", percent_bp=1000, level="order", at_most={"EUR": 1500})


def test_a_discount_on_the_order_is_ranked_by_its_upper_bound() -> None:
    free, whole = rule("S", price=FREE), rule("O", price=WHOLE)
    assert outcomes(rule("A", percent=10), free, whole)["S"] == "pushed"
    assert outcomes(rule("A", percent=10), whole)["A"] == "pushed"
    assert outcomes(rule("A", percent=15), whole)["O"] == "pushed"


def test_an_offer_on_the_shipping_is_replaced_only_by_a_larger_saving() -> None:
    up = (offer(rule="S", unit=12900, hold=690, deduction=Deduction("shipping", 690, 10_000)),)
    free = rule("S", price=FREE)
    for percent, outcome in ((4, "arbitration.outranked"), (6, "pushed")):
        by = rule("A", percent=percent, priority=1)
        turn, at = context(free, by), scene()
        (one,) = [
            verdict_of(r)
            for r in select_winner(turn, up, [build_candidate(Evaluation(turn, at, up), by)])
        ]
        assert (one.reason or one.outcome) == outcome


def test_one_rule_gives_one_discount_on_an_order() -> None:
    whole = rule("O", price=WHOLE, stacks_with=frozenset({"O"}))
    for state in (OfferState.SHOWN, OfferState.ACCEPTED):
        boots = offer(
            rule="O", sku="BOOT-42", state=state, deduction=Deduction("order", 1500, 1000)
        )
        assert outcomes(whole, up=(boots,)) == {"O": "arbitration.exclusive"}


def test_the_value_of_an_offer_on_the_shipping_deducts_the_whole_charge() -> None:
    policy = Policy(arbitration="expected_value", prior=RatePrior(silence_bp=0, offer_bp=10_000))
    (free,) = results(rule("S", price=FREE), policy=policy)
    (item_,) = results(rule("A", price=PriceTerms("amount", amounts={"EUR": 690})), policy=policy)
    assert free.value == item_.value


def test_a_clamped_price_is_noted() -> None:
    shoe = item(prices={"DE": kept(price(target=11000))})
    turn, at = context(rule(percent=30)), scene(item=shoe)
    (one,) = select_winner(turn, (), [build_candidate(Evaluation(turn, at, ()), rule(percent=30))])
    assert verdict_of(one).notes == ("price.clamped",)
