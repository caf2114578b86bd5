"""Gates 1 to 4: the rule's time, the shopper's leave, fresh inputs, the right target."""

from typing import Any

import pytest

from support.builders import (
    DAY,
    MINUTE,
    T0,
    category,
    customer,
    dwell,
    item,
    kept,
    order,
    orders_at_least,
    product,
    remedy,
    rule,
    scene,
    session,
)
from support.naive_assembly import Shop
from tactful.core.context import Scene
from tactful.core.customer.profile import Profile, profile
from tactful.core.facts.fact_types import AnyFact
from tactful.core.gates import eligibility
from tactful.core.gates.eligibility import check_feeds, check_rule_state
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import AnyOf, NoneOf, PriceTerms, Rule


def codes(found: Any) -> list[str]:
    return [finding.reason.value for finding in found]


def shopper(here: Scene, by: Rule) -> Any:
    personal = eligibility.needs_customer(by, by.holds_from(here))
    return eligibility.check_shopper(here, personal=personal)


def target(here: Scene, by: Rule) -> Any:
    return eligibility.check_conditions(here, by, by.holds_from(here))


def known(*told: AnyFact, who: str = "c1") -> Profile:
    return profile(Shop((fact, T0) for fact in told).history(who), Policy())


def before(*told: AnyFact, **fields: Any) -> Scene:
    """A scene before c1, who consented."""
    here = session(customer="c1", consent="personal", **fields)
    return scene(session=here, profile=known(*told))


# 1


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, []),
        ({"paused": True}, ["rule.paused"]),
        ({"starts": T0}, []),
        ({"starts": T0 + 1}, ["rule.not_started"]),
        ({"ends": T0 + 1}, []),
        ({"ends": T0}, ["rule.ended"]),
        ({"schedule": lambda _: (True, T0 + 5)}, []),
        ({"schedule": lambda _: (False, T0 + 5)}, ["rule.window"]),
        ({"paused": True, "starts": T0 + 1, "ends": T0}, ["rule.paused", "rule.not_started", "rule.ended"]),
    ],
)  # fmt: skip
def test_a_rule_speaks_in_its_half_open_time(fields: dict[str, Any], found: list[str]) -> None:
    assert codes(check_rule_state(rule(**fields), T0)) == found


def test_an_operator_may_pause_a_rule_that_its_file_runs() -> None:
    assert codes(check_rule_state(rule("R1"), T0, frozenset({"R1"}))) == ["rule.paused"]
    assert codes(check_rule_state(rule("R2"), T0, frozenset({"R1"}))) == []


def test_it_is_known_when_a_rule_starts_and_its_window_opens() -> None:
    (starts,) = check_rule_state(rule(starts=T0 + 9), T0)
    (opens,) = check_rule_state(rule(schedule=lambda _: (False, T0 + 5)), T0)
    assert (starts.until, opens.until) == (T0 + 9, T0 + 5)


# 2


def test_who_opted_out_is_left_alone() -> None:
    assert codes(shopper(before(customer(opted_out=True)), rule())) == ["shopper.opted_out"]
    assert codes(shopper(before(customer()), rule())) == []


@pytest.mark.parametrize("by", [rule(), rule("L", orders_at_least(1)), rule(remedy=True)])
def test_without_consent_nothing_is_offered(by: Rule) -> None:
    assert codes(shopper(scene(session=session(consent="none")), by)) == ["consent.missing"]


@pytest.mark.parametrize("by", [rule("L", orders_at_least(1)), rule(remedy=True)])
def test_what_needs_a_history_needs_the_consent_to_use_it(by: Rule) -> None:
    anonymous = session(consent="anonymous")
    refused = session(consent="personal", gpc=True)
    both = session(consent="anonymous", gpc=True)
    assert codes(shopper(scene(session=anonymous), by)) == ["consent.missing"]
    assert codes(shopper(scene(session=refused), by)) == ["consent.gpc"]
    assert codes(shopper(scene(session=both), by)) == ["consent.gpc"]
    assert codes(shopper(scene(session=session(consent="personal")), by)) == []


def test_a_rule_that_holds_for_strangers_too_needs_no_history() -> None:
    either = rule("E", AnyOf((orders_at_least(1), category("run"))))
    shoe = item(product=kept(product(categories=("run",))))
    assert codes(shopper(scene(item=shoe), either)) == []
    assert codes(shopper(scene(), either)) == ["consent.missing"]


@pytest.mark.parametrize(
    ("born", "found"), [(None, ["shopper.age"]), (2008, ["shopper.age"]), (2007, [])]
)
def test_an_age_counts_the_birthday_as_not_yet_had_and_unknown_is_too_young(
    born: int | None, found: list[str]
) -> None:
    gin = item("GIN-1", product=kept(product("GIN-1", "gin", min_age=18)))
    here = before(customer(birth_year=born))
    assert (
        codes(shopper(scene(session=here.session, profile=here.profile, item=gin), rule())) == found
    )


def test_nobody_unknown_is_old_enough() -> None:
    gin = item("GIN-1", product=kept(product("GIN-1", "gin", min_age=18)))
    assert codes(shopper(scene(item=gin), rule())) == ["shopper.age"]
    free = item("TEA-1", product=kept(product("TEA-1", "tea", min_age=0)))
    assert codes(shopper(scene(item=free), rule())) == []


# 3

LIMITS = Policy(max_age=FeedMaxAge(*[15 * MINUTE] * 4))
FRESH: Any = dict.fromkeys(("stock", "prices", "orders", "cases"), T0)


@pytest.mark.parametrize(
    ("feed", "found"),
    [("stock", ["stale.stock"]), ("prices", ["stale.price"]), ("orders", []), ("cases", [])],
)
def test_a_silent_feed_fails_closed_to_the_millisecond(feed: str, found: list[str]) -> None:
    heard = FRESH | {feed: T0 - 15 * MINUTE}
    assert codes(check_feeds(scene(), LIMITS, heard)) == []
    heard = FRESH | {feed: T0 - 15 * MINUTE - 1}
    assert codes(check_feeds(scene(), LIMITS, heard)) == found
    assert codes(check_feeds(scene(), Policy(), heard)) == []


def test_a_feed_that_was_never_heard_is_stale() -> None:
    assert codes(check_feeds(scene(), LIMITS, {})) == ["stale.stock", "stale.price"]
    stale = ["stale.stock", "stale.cases", "stale.cases", "stale.price"]
    assert codes(check_feeds(before(), LIMITS, {})) == stale


def test_cases_and_orders_concern_those_whose_history_is_in_play() -> None:
    for feed in ("cases", "orders"):
        heard = FRESH | {feed: T0 - DAY}
        assert codes(check_feeds(before(), LIMITS, heard)) == ["stale.cases"]
        assert codes(check_feeds(scene(), LIMITS, heard)) == []


# 4


def test_a_rule_speaks_in_its_territories_or_everywhere() -> None:
    assert codes(target(scene(), rule(territories=frozenset({"DE", "AT"})))) == []
    assert codes(target(scene(), rule(territories=frozenset({"GB"})))) == ["target.territory"]
    nowhere = scene(session=session(territory=None))
    assert codes(target(nowhere, rule(territories=frozenset({"DE"})))) == ["target.territory"]
    assert codes(target(nowhere, rule())) == []


def test_each_condition_that_fails_is_told_with_what_is_and_what_would_be_needed() -> None:
    shoe = item(product=kept(product(categories=("boots",))))
    (failed,) = target(scene(item=shoe), rule("R", category("running")))
    assert failed.actual == {"item.category": ("boots",)}
    assert failed.needed == "item.category: {under: running}"


def test_what_time_will_mend_is_no_condition_that_fails() -> None:
    young = scene(session=session(running_since=T0))
    assert codes(target(young, rule("R", dwell(MINUTE)))) == []
    hidden = scene(session=session(running_since=None))
    assert codes(target(hidden, rule("R", dwell(MINUTE)))) == []


def test_a_condition_of_nothing_never_holds() -> None:
    assert codes(target(scene(), rule("R", AnyOf(())))) == ["target.conditions"]


def test_a_personal_rule_before_a_stranger_is_a_matter_of_identity_unless_more_fails() -> None:
    loyal = rule("L", orders_at_least(1))
    assert codes(target(scene(), loyal)) == ["identity.unverified"]
    both = rule("L", orders_at_least(1), category("running"))
    assert codes(target(scene(), both))[0] == "target.conditions"
    assert codes(target(scene(), both))[-1] == "identity.unverified"
    assert codes(target(before(), loyal)) == ["target.conditions"]
    assert codes(target(before(order("o1", "SOCK-3")), loyal)) == []


def test_nobody_is_taken_for_a_stranger_by_a_rule_that_forbids_something_personal() -> None:
    new = rule("N", NoneOf((orders_at_least(1),)))
    assert codes(target(scene(), new)) == []


def test_a_remedy_needs_a_customer_who_has_one() -> None:
    voucher = rule("V", remedy=True, price=PriceTerms("remedy"))
    assert codes(target(scene(), voucher)) == ["identity.unverified"]
    assert codes(target(before(), voucher)) == ["target.conditions"]
    assert codes(target(before(remedy(skus=["RUN-42"])), voucher)) == []
    over = remedy(skus=["RUN-42"], expires_at=T0)
    assert codes(target(before(over), voucher)) == ["target.conditions"]


def test_a_rescue_rule_waits_for_its_moment() -> None:
    save = rule("S", moment="rescue")
    assert codes(target(scene(), save)) == ["target.conditions"]
    assert codes(target(scene(session=session(rescue=True)), save)) == []
