"""What the checker finds beyond what its pages show."""

from support.rule_files import found, one_rule
from tactful.rulebook.checks.check_registry import CHECKS


def test_every_finding_is_reported_once_in_the_order_of_the_file() -> None:
    text = one_rule("when: [item.stokc: 1, item.brnad: x]\noffer: {percent: 101%}")
    places = found(text)
    assert places == sorted(places, key=lambda one: one[1:])
    assert len(set(places)) == 3


def test_checks_are_run_on_an_empty_rulebook_too() -> None:
    assert found("") == []
    assert len(CHECKS) == 21
