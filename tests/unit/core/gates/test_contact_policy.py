"""Gate 9: often enough, or asked to stop."""

from typing import Any

import pytest

from support.builders import DAY, MINUTE, T0, but, offer, rule, scene, session
from tactful.core.gates.contact_policy import check_contact_policy
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.policy import ContactCaps, PerShopper, Policy
from tactful.core.rules.rule import PriceTerms, Rule
from tactful.core.session.contact_history import NO_CONTACT, Approach, ContactHistory
from tactful.core.values.allocation import Deduction


def found(
    contact: ContactHistory = NO_CONTACT, *standing: Offer, policy: Policy | None = None
) -> Any:
    here = scene(session=session(), contact=contact)
    return [*check_contact_policy(here, rule(), policy or Policy(), standing)]


def codes(*args: Any, **fields: Any) -> list[str]:
    return [finding.reason.value for finding in found(*args, **fields)]


def heard(*ages: int, session: str = "s0") -> ContactHistory:
    return ContactHistory(
        tuple(Approach(str(n), "R9", session, T0 - age) for n, age in enumerate(ages))
    )


def test_two_offers_in_one_session_are_enough() -> None:
    assert codes(heard(400 * DAY, session="s1")) == []
    assert codes(heard(400 * DAY, 1, session="s1")) == ["contact.session_cap"]
    assert codes(heard(1, 1)) == []


def test_four_offers_in_thirty_days_are_enough_to_the_millisecond() -> None:
    assert codes(heard(1, 2, 3)) == []
    assert codes(heard(1, 2, 3, 30 * DAY)) == []
    (full,) = found(heard(1, 2, 3, 30 * DAY - 1))
    assert (full.reason, full.actual, full.needed) == ("contact.shopper_cap", 4, 3)
    assert full.until == T0 + 1


def test_it_is_the_fourth_last_that_makes_room() -> None:
    (full,) = found(heard(DAY, 2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY))
    assert full.until == T0 + 26 * DAY


def test_a_shop_may_allow_none_at_all() -> None:
    none = Policy(caps=ContactCaps(visible=0, per_session=0, per_shopper=PerShopper(0)))
    assert codes(policy=none) == ["contact.session_cap", "contact.shopper_cap", "contact.active"]
    assert {finding.until for finding in found(policy=none)} == {None}


@pytest.mark.parametrize(
    ("scope", "key", "suppresses"),
    [("rule", "R1", True), ("product", "run", True), ("rule", "R2", False), ("product", "R1", False)],
)  # fmt: skip
def test_what_was_dismissed_is_left_alone_to_the_millisecond(
    scope: str, key: str, suppresses: bool
) -> None:
    assert codes(NO_CONTACT.with_cooldown(scope, key, T0 + 1)) == (
        ["contact.dismissed"] if suppresses else []
    )
    assert codes(NO_CONTACT.with_cooldown(scope, key, T0)) == []


def test_one_offer_is_visible_at_a_time() -> None:
    (active,) = found(NO_CONTACT, offer(sku="BOOT-42", ends_at=T0 + MINUTE))
    assert (active.reason, active.until) == ("contact.active", T0 + MINUTE)
    assert codes(NO_CONTACT, offer(sku="BOOT-42"), policy=Policy(caps=ContactCaps(visible=2))) == []


def test_an_offer_for_the_item_itself_may_be_replaced_a_promise_for_it_may_not() -> None:
    assert codes(NO_CONTACT, offer()) == []
    promise = offer(state=OfferState.ACCEPTED, accept_until=T0 + MINUTE)
    (active,) = found(NO_CONTACT, promise)
    assert (active.reason, active.actual, active.until) == ("contact.active", "of1", T0 + MINUTE)


CROWDED = ["contact.active"]
WHOLE = PriceTerms("percent", percent_bp=1000, level="order", at_most={"EUR": 5000})
PROMISED = Deduction("order", 5000, 1000)


@pytest.mark.parametrize(
    ("by", "promise", "found"),
    [
        (rule("R2"), offer(stacks_with=("R2",)), ["contact.active"]),
        (rule("R2", price=WHOLE), offer(), ["contact.active"]),
        (rule("R2", price=WHOLE), offer(stacks_with=("R2",)), []),
        (rule("R2"), offer(stacks_with=("R2",), deduction=PROMISED), []),
        (rule("R2", price=WHOLE), offer(stacks_with=("R2",), deduction=PROMISED), []),
        (rule("R1", price=WHOLE), offer(stacks_with=("R2",), deduction=PROMISED), CROWDED),
    ],
    ids=["two prices", "one-sided", "order", "item", "two on the order", "the same rule"],
)
def test_beside_a_promise_for_the_item_only_what_comes_off_something_else_too(
    by: Rule, promise: Offer, found: list[str]
) -> None:
    by = but(by, stacks_with=frozenset({"R1"}))
    promise = but(promise, state=OfferState.ACCEPTED)
    gates = check_contact_policy(scene(session=session()), by, Policy(), (promise,))
    assert [one.reason.value for one in gates] == found


def test_a_promise_for_another_item_is_not_on_the_screen() -> None:
    assert codes(NO_CONTACT, offer(sku="BOOT-42", state=OfferState.ACCEPTED)) == []
