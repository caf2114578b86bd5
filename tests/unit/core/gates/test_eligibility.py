"""Gates 1 to 4: rule state, shopper, feeds and targeting."""

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
from support.naive_assembly import NaiveShop
from tactful.core.context import Scene
from tactful.core.customer.profile import Profile, profile
from tactful.core.facts.fact_types import AnyFact
from tactful.core.gates import eligibility
from tactful.core.gates.eligibility import check_age, check_feeds, check_rule_state
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import EVERY_RULE, AnyOf, NoneOf, PriceTerms, Rule


def codes(found: Any) -> list[str]:
    return [finding.reason.value for finding in found]


def shopper(here: Scene, by: Rule) -> Any:
    personal = eligibility.needs_customer(by, by.holds_from(here))
    return eligibility.check_shopper(here, personal=personal)


def target(here: Scene, by: Rule) -> Any:
    return eligibility.check_conditions(here, by, by.holds_from(here))


def known(*reported: AnyFact, who: str = "c1") -> Profile:
    return profile(NaiveShop((fact, T0) for fact in reported).history(who), Policy())


def before(*reported: AnyFact, **fields: Any) -> Scene:
    """A scene with the verified customer c1, who consented."""
    here = session(customer="c1", consent="personal", **fields)
    return scene(session=here, profile=known(*reported))


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
def test_a_rule_runs_in_its_half_open_window(fields: dict[str, Any], found: list[str]) -> None:
    assert codes(check_rule_state(rule(**fields), T0)) == found


def test_an_operator_pauses_a_rule_that_its_file_runs() -> None:
    assert codes(check_rule_state(rule("R1"), T0, frozenset({"R1"}))) == ["rule.paused"]
    assert codes(check_rule_state(rule("R2"), T0, frozenset({"R1"}))) == []


def test_a_stop_of_all_offers_comes_before_the_state_of_the_rule() -> None:
    paused = frozenset({EVERY_RULE, "R1"})
    assert codes(check_rule_state(rule("R1"), T0, paused)) == ["offers.stopped", "rule.paused"]
    assert codes(check_rule_state(rule("R2"), T0, paused)) == ["offers.stopped"]


def test_a_finding_says_when_the_rule_starts_and_its_window_opens() -> None:
    (starts,) = check_rule_state(rule(starts=T0 + 9), T0)
    (opens,) = check_rule_state(rule(schedule=lambda _: (False, T0 + 5)), T0)
    assert (starts.until, opens.until) == (T0 + 9, T0 + 5)


# 2


def test_a_customer_who_opted_out_gets_no_offer() -> None:
    assert codes(shopper(before(customer(opted_out=True)), rule())) == ["shopper.opted_out"]
    assert codes(shopper(before(customer()), rule())) == []


@pytest.mark.parametrize("by", [rule(), rule("L", orders_at_least(1)), rule(remedy=True)])
def test_without_consent_nothing_is_offered(by: Rule) -> None:
    assert codes(shopper(scene(session=session(consent="none")), by)) == ["consent.missing"]


@pytest.mark.parametrize("by", [rule("L", orders_at_least(1)), rule(remedy=True)])
def test_a_rule_that_needs_history_needs_the_consent_to_use_it(by: Rule) -> None:
    anonymous = session(consent="anonymous")
    refused = session(consent="personal", gpc=True)
    both = session(consent="anonymous", gpc=True)
    assert codes(shopper(scene(session=anonymous), by)) == ["consent.missing"]
    assert codes(shopper(scene(session=refused), by)) == ["consent.gpc"]
    assert codes(shopper(scene(session=both), by)) == ["consent.gpc"]
    assert codes(shopper(scene(session=session(consent="personal")), by)) == []


def test_a_rule_that_holds_for_anonymous_shoppers_needs_no_personal_consent() -> None:
    either = rule("E", AnyOf((orders_at_least(1), category("run"))))
    shoe = item(product=kept(product(categories=("run",))))
    assert codes(shopper(scene(item=shoe), either)) == []
    assert codes(shopper(scene(), either)) == ["consent.missing"]


@pytest.mark.parametrize(
    ("born", "found"), [(None, ["shopper.age"]), (2008, ["shopper.age"]), (2007, [])]
)
def test_an_age_counts_the_birthday_as_not_reached_and_unknown_is_too_young(
    born: int | None, found: list[str]
) -> None:
    gin = item("GIN-1", product=kept(product("GIN-1", "gin", min_age=18)))
    here = before(customer(birth_year=born))
    at = scene(session=here.session, profile=here.profile, item=gin)
    assert codes(check_age(at)) == found


def test_an_anonymous_shopper_is_too_young_for_an_age_limit() -> None:
    gin = item("GIN-1", product=kept(product("GIN-1", "gin", min_age=18)))
    assert codes(check_age(scene(item=gin))) == ["shopper.age"]
    free = item("TEA-1", product=kept(product("TEA-1", "tea", min_age=0)))
    assert codes(check_age(scene(item=free))) == []


# 3

LIMITS = Policy(max_age=FeedMaxAge(*[15 * MINUTE] * 4))
FRESH: Any = dict.fromkeys(("stock", "prices", "orders", "cases"), T0)


@pytest.mark.parametrize(
    ("feed", "found"),
    [("stock", ["stale.stock"]), ("prices", ["stale.price"]), ("orders", []), ("cases", [])],
)
def test_a_silent_feed_fails_closed_to_the_millisecond(feed: str, found: list[str]) -> None:
    heartbeats = FRESH | {feed: T0 - 15 * MINUTE}
    assert codes(check_feeds(scene(), LIMITS, heartbeats)) == []
    heartbeats = FRESH | {feed: T0 - 15 * MINUTE - 1}
    assert codes(check_feeds(scene(), LIMITS, heartbeats)) == found
    assert codes(check_feeds(scene(), Policy(), heartbeats)) == []


def test_a_feed_that_never_reported_is_stale() -> None:
    assert codes(check_feeds(scene(), LIMITS, {})) == ["stale.stock", "stale.price"]
    stale = ["stale.stock", "stale.cases", "stale.cases", "stale.price"]
    assert codes(check_feeds(before(), LIMITS, {})) == stale


def test_stale_cases_and_orders_affect_only_customers_with_history() -> None:
    for feed in ("cases", "orders"):
        heartbeats = FRESH | {feed: T0 - DAY}
        assert codes(check_feeds(before(), LIMITS, heartbeats)) == ["stale.cases"]
        assert codes(check_feeds(scene(), LIMITS, heartbeats)) == []


# 4


def test_a_rule_applies_in_its_territories_or_everywhere() -> None:
    assert codes(target(scene(), rule(territories=frozenset({"DE", "AT"})))) == []
    assert codes(target(scene(), rule(territories=frozenset({"GB"})))) == ["target.territory"]
    nowhere = scene(session=session(territory=None))
    assert codes(target(nowhere, rule(territories=frozenset({"DE"})))) == ["target.territory"]
    assert codes(target(nowhere, rule())) == []


def test_a_failed_condition_has_the_actual_and_the_needed_value() -> None:
    shoe = item(product=kept(product(categories=("boots",))))
    (failed,) = target(scene(item=shoe), rule("R", category("running")))
    assert failed.actual == {"item.category": ("boots",)}
    assert failed.needed == "item.category: {under: running}"


def test_a_condition_that_time_makes_hold_does_not_fail_gate_4() -> None:
    young = scene(session=session(running_since=T0))
    assert codes(target(young, rule("R", dwell(MINUTE)))) == []
    hidden = scene(session=session(running_since=None))
    assert codes(target(hidden, rule("R", dwell(MINUTE)))) == []


def test_an_any_without_parts_never_holds() -> None:
    assert codes(target(scene(), rule("R", AnyOf(())))) == ["target.conditions"]


def test_a_personal_rule_needs_identity_unless_another_condition_fails() -> None:
    loyal = rule("L", orders_at_least(1))
    assert codes(target(scene(), loyal)) == ["identity.unverified"]
    both = rule("L", orders_at_least(1), category("running"))
    assert codes(target(scene(), both))[0] == "target.conditions"
    assert codes(target(scene(), both))[-1] == "identity.unverified"
    assert codes(target(before(), loyal)) == ["target.conditions"]
    assert codes(target(before(order("o1", "SOCK-3")), loyal)) == []


def test_a_rule_that_forbids_a_personal_value_needs_no_identity() -> None:
    new = rule("N", NoneOf((orders_at_least(1),)))
    assert codes(target(scene(), new)) == []


def test_a_remedy_rule_needs_a_customer_with_an_unused_voucher() -> None:
    voucher = rule("V", remedy=True, price=PriceTerms("remedy"))
    assert codes(target(scene(), voucher)) == ["identity.unverified"]
    assert codes(target(before(), voucher)) == ["target.conditions"]
    assert codes(target(before(remedy(skus=["RUN-42"])), voucher)) == []
    over = remedy(skus=["RUN-42"], expires_at=T0)
    assert codes(target(before(over), voucher)) == ["target.conditions"]


def test_a_rescue_rule_applies_on_a_rescue_page_only() -> None:
    save = rule("S", moment="rescue")
    assert codes(target(scene(), save)) == ["target.conditions"]
    assert codes(target(scene(session=session(rescue=True)), save)) == []
