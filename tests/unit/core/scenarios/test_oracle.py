"""The engine and an independent oracle agree on every reason in every random world."""

from collections import Counter

import pytest

from support.oracle.decide import failing, primary
from support.oracle.generated_worlds import context_of, world
from support.oracle.taints import ORDER
from support.oracle.world import World
from tactful.core.decide import decide
from tactful.core.decision import PushOffer
from tactful.core.explain import explain
from tactful.core.verdicts.reasons import Reason

WORLDS = 4000
NEVER_HERE = {
    Reason.RULE_WINDOW,  # a timetable; tests/unit/core/gates/test_eligibility.py
    Reason.PRICE_ZERO,  # a percentage never comes to it; pricing's own tests
    Reason.PRICE_NO_IMPROVEMENT,  # the oracle's rules all have a percentage; pricing's own tests
    Reason.ARBITRATION_NEGATIVE_VALUE,
    Reason.HOLDOUT_VARIANT,  # drawn by hash, as the next one is
    Reason.HOLDOUT_RULE,  # drawn by hash; tests/unit/core/stages/test_holdout.py
}


def differences(one: World) -> list[str]:
    """Return where the engine's explanation or decision differs from the oracle."""
    context, first, every = context_of(one), primary(one), failing(one)
    found = []
    for verdict in explain(context, one.sku):
        codes = list(dict.fromkeys(finding.reason.value for finding in verdict.findings))
        wanted = every[verdict.rule] or [first[verdict.rule]]
        if wanted != (codes or [verdict.outcome]):
            found.append(f"explain {verdict.rule}: {codes}, the oracle {wanted}")
    decision = decide(context)
    for verdict in decision.trace.verdicts:
        said = verdict.reason or verdict.outcome
        if said != first[verdict.rule]:
            found.append(f"decide {verdict.rule}: {said}, the oracle {first[verdict.rule]}")
    pushed = [effect.offer.rule for effect in decision.effects if isinstance(effect, PushOffer)]
    if pushed != [rule for rule, code in first.items() if code == "pushed"]:
        found.append(f"decide pushed {pushed}, the oracle {first}")
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(4))
def test_the_engine_gives_the_reasons_of_the_oracle(part: int) -> None:
    for seed in range(part * WORLDS // 4, (part + 1) * WORLDS // 4):
        assert not differences(world(seed)), f"world({seed})"


@pytest.mark.thorough
def test_the_random_worlds_cover_every_reason() -> None:
    seen = Counter(code for seed in range(WORLDS) for code in _codes(seed))
    assert {reason.value for reason in Reason} - set(seen) == {r.value for r in NEVER_HERE}
    assert seen["pushed"] > WORLDS / 20


def test_the_oracle_lists_the_suppressions_in_gate_order() -> None:
    suppressions = [reason.value for reason in Reason]
    start = suppressions.index("recall")
    assert suppressions[start : start + len(ORDER)] == ORDER


def _codes(seed: int) -> set[str]:
    one = world(seed)
    return {*primary(one).values(), *(code for codes in failing(one).values() for code in codes)}
