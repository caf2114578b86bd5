"""A good bridge passes every check, and each broken one fails exactly those that its fault concerns."""

import pytest

from support.broken_bridges import BROKEN
from support.driven_shop import Shop, probing
from tactful.bridge_check.check_run import CheckReport, run_with
from tactful.bridge_check.checks import CHECKS

NAMES = {check.name for check in CHECKS}


def checked(shop: type[Shop]) -> CheckReport:
    """The report on a shop."""
    with probing(shop) as probe:
        return CheckReport(shop.__name__, run_with(probe))


def test_a_shop_on_the_library_passes_every_check() -> None:
    report = checked(Shop)
    assert set(report.names("passed")) == NAMES, report.results


@pytest.mark.thorough
@pytest.mark.parametrize(("shop", "failing"), BROKEN, ids=[shop.__name__ for shop, _ in BROKEN])
def test_a_broken_bridge_fails_exactly_the_checks_of_its_fault(
    shop: type[Shop], failing: frozenset[str]
) -> None:
    report = checked(shop)
    assert set(report.names("failed")) == failing, report.results
    assert set(report.names("passed")) == NAMES - failing


def test_every_check_finds_a_broken_bridge() -> None:
    assert {name for _, failing in BROKEN for name in failing} == NAMES


def test_every_check_has_a_name_of_its_own() -> None:
    assert len(NAMES) == len(CHECKS)
