"""The holder of the active rulebook: what it says before, between and after rule files."""

from support.builders import rule, rulebook, scene
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import EVERY_RULE
from tactful.rulebook.source.diagnostics import Diagnostic
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.runtime.state.active_rulebook import EMPTY, ActiveRulebook

FINDING = Diagnostic("rules.yaml", 1, 1, 1, 2, "R001", "broken")


def test_before_the_first_rule_file_nothing_is_offered_under_the_shops_policy() -> None:
    policy = Policy(bad_rating=1)
    active = ActiveRulebook(policy)
    assert active.current.version == EMPTY.version
    assert active.current.policy is policy
    assert active.current.index.for_item(scene()) == ()
    assert active.problem is None


def test_a_new_rulebook_is_active_from_its_instant_and_paused_rules_stay_paused() -> None:
    active = ActiveRulebook(Policy())
    active.set_paused(frozenset({"R1"}))
    active.replace(rulebook(rule("R1"), version="v2"), now=5)
    assert (active.current.version, active.activated_at) == ("v2", 5)
    assert active.current.paused == {"R1"}
    active.set_paused(frozenset())
    assert active.current.paused == frozenset()
    assert active.activated_at == 5


def test_a_problem_says_what_is_active_meanwhile() -> None:
    active = ActiveRulebook(Policy())
    active.keep("errors", found=(FINDING,))
    assert active.diagnostics == (FINDING,)
    assert active.problem == (
        "The rule files have errors, and none have been accepted yet. Nothing is offered."
    )
    active.keep("missing", "The rules folder r does not exist.")
    assert active.problem == "The rules folder r does not exist. Nothing is offered."
    assert not active.diagnostics
    active.replace(rulebook(rule("R1"), version="v2"), now=5)
    assert active.problem == (
        "The rules folder r does not exist. The previous rulebook stays active."
    )
    active.keep("errors", found=(FINDING,))
    assert active.problem == "The rule files have errors. The previous rulebook stays active."
    active.accept()
    assert active.problem is None
    assert active.kept_because is None
    assert not active.diagnostics


def test_a_stop_is_kept_beside_the_paused_rules_of_every_rulebook() -> None:
    active = ActiveRulebook(Policy())
    stop = OffersStop(5, "Ada", "a wrong price")
    active.set_stop(stop)
    active.set_paused(frozenset({"R1"}))
    active.replace(rulebook(rule("R1"), version="v2"), now=5)
    assert active.current.paused == {"R1", EVERY_RULE}
    assert active.stop == stop
    active.set_stop(None)
    assert active.current.paused == {"R1"}
    assert active.stop is None
