"""Who stands beside whom, and which of several candidates is shown."""

import pytest

from builders import MINUTE, T0, context, item, kept, offer, price, product, rule, session, stock
from tactful.core.decide import decide
from tactful.core.effects import Push
from tactful.core.explain import explain
from tactful.core.offers import State
from tactful.core.policy import Caps, Policy

TWO = Policy(caps=Caps(visible=2))
BOOT = item(
    "BOOT-42",
    product=kept(product("BOOT-42", "boot")),
    prices={"DE": kept(price("BOOT-42", 18900))},
    stock={"DE": (kept(stock("BOOT-42")),)},
)
ELSEWHERE = {"sku": "BOOT-42", "product": "boot", "seq": 1}


def found(*rules, standing, policy=TWO):
    here = session(offers=tuple(standing))
    made = context(*rules, items=[item(), BOOT], session=here, policy=policy)
    return {one.rule: (one.outcome, one.reason) for one in explain(made, "RUN-42")}, made


def outcome(*rules, standing, policy=TWO):
    return found(*rules, standing=standing, policy=policy)[0]


ONE, OTHER = rule("R1"), rule("R2")
ALONE = ("withheld", "arbitration.exclusive")


@pytest.mark.parametrize("state", [State.SHOWN, State.ACCEPTED])
def test_an_offer_stands_alone_unless_both_rules_name_each_other(state):
    up = offer(rule="R2", state=state, accept_until=T0 + MINUTE, **ELSEWHERE)
    both = rule("R1", stacks_with=frozenset({"R2"})), rule("R2", stacks_with=frozenset({"R1"}))
    assert outcome(ONE, OTHER, standing=[up])["R1"] == ALONE
    assert outcome(both[0], OTHER, standing=[up])["R1"] == ALONE
    assert outcome(ONE, both[1], standing=[up])["R1"] == ALONE
    assert outcome(*both, standing=[up])["R1"] == ("pushed", None)


def test_an_offer_stands_beside_another_one_of_its_own_rule():
    up = offer(rule="R1", **ELSEWHERE)
    assert outcome(ONE, standing=[up])["R1"] == ("pushed", None)


def test_a_rule_that_is_gone_names_nobody():
    named = rule("R1", stacks_with=frozenset({"R9"}))
    up = offer(rule="R9", state=State.ACCEPTED, accept_until=T0 + MINUTE, **ELSEWHERE)
    assert outcome(named, standing=[up])["R1"] == ALONE


def test_each_of_several_must_be_named():
    first = offer("of1", rule="R2", **ELSEWHERE)
    second = offer("of2", rule="R3", sku="SOCK-3", product="sock", seq=2)
    policy = Policy(caps=Caps(visible=3))
    rules = [
        rule("R1", stacks_with=frozenset({"R2"})),
        rule("R2", stacks_with=frozenset({"R1"})),
        rule("R3"),
    ]
    assert outcome(*rules, standing=[first, second], policy=policy)["R1"] == ALONE


def test_what_may_not_stand_does_not_outrank_what_may():
    up = offer(rule="R2", **ELSEWHERE)
    first = rule("R0", priority=9)
    second = rule("R1", stacks_with=frozenset({"R2"}))
    named = rule("R2", stacks_with=frozenset({"R1"}))
    got, made = found(first, second, named, standing=[up])
    assert got["R0"] == ALONE
    assert got["R1"] == ("pushed", None)
    pushed = [effect for effect in decide(made).effects if isinstance(effect, Push)]
    assert [one.offer.rule for one in pushed] == ["R1"]


def test_an_offer_that_is_replaced_does_not_stand_in_the_way():
    up = offer(rule="R2", unit=11_000)
    better = rule("R1", percent=20, priority=1)
    assert outcome(better, OTHER, standing=[up])["R1"] == ("pushed", None)
    worse = rule("R1", percent=20)
    assert outcome(worse, OTHER, standing=[up])["R1"] == ("withheld", "arbitration.outranked")
    assert outcome(rule("R1", percent=1, priority=1), standing=[up])["R1"] == (
        "withheld",
        "arbitration.outranked",
    )


def test_an_offer_that_is_up_is_told_as_standing():
    got, made = found(ONE, standing=[offer(rule="R1")])
    assert got["R1"] == ("standing", None)
    (told,) = decide(made).trace.verdicts
    assert (told.outcome, told.findings) == ("standing", ())


def test_a_winner_that_is_held_out_is_a_winner_all_the_same():
    everyone = Policy(holdout_bp=10_000)
    got = outcome(ONE, OTHER, standing=[], policy=everyone)
    assert got["R1"] == ("held_out", "holdout.global")
    assert got["R2"] == ("withheld", "arbitration.outranked")


def test_a_shadow_takes_nobody_s_place():
    got = outcome(rule("R0", mode="shadow"), ONE, standing=[])
    assert got == {"R0": ("shadow", "shadow"), "R1": ("pushed", None)}
