"""Operator actions in memory keep their numbers."""

from support.ledger_rows import T0
from tactful.runtime.ports.operator_actions import ActionFilter, OperatorAction
from tactful.stores.memory.kept_actions import KeptActions

PAUSED = OperatorAction(at=T0, who="Ada", act="rule.paused", subject="r1")
STATED = OperatorAction(at=T0 + 1, who="Bo", act="fact.stated", subject="f1", customer="c1")


def test_numbers_stay_where_older_actions_are_dropped() -> None:
    kept = KeptActions()
    kept.add(PAUSED)
    kept.add(STATED)
    assert kept.prune(T0 + 1) == 1
    assert [one.number for one in kept.entries(ActionFilter(), None, 10)] == [2]
    assert kept.of_customer("c1") == [STATED]


def test_an_erasure_replaces_the_customer_and_drops_the_values() -> None:
    kept = KeptActions()
    kept.add(STATED)
    assert kept.erase("c1", "alias") == 1
    (left,) = kept.of_customer(None)
    assert (left.customer, left.subject, left.before) == ("alias", "alias", {})
