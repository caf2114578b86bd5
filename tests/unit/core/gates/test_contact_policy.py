"""Gate 9: caps, cooldowns and active offers."""

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


def approached(*ages: int, session: str = "s0") -> ContactHistory:
    return ContactHistory(
        tuple(Approach(str(n), "R9", session, T0 - age) for n, age in enumerate(ages))
    )


def test_the_session_cap_is_two_pushes() -> None:
    assert codes(approached(400 * DAY, session="s1")) == []
    assert codes(approached(400 * DAY, 1, session="s1")) == ["contact.session_cap"]
    assert codes(approached(1, 1)) == []


def test_the_shopper_cap_is_four_pushes_in_thirty_days_to_the_millisecond() -> None:
    assert codes(approached(1, 2, 3)) == []
    assert codes(approached(1, 2, 3, 30 * DAY)) == []
    (full,) = found(approached(1, 2, 3, 30 * DAY - 1))
    assert (full.reason, full.actual, full.needed) == ("contact.shopper_cap", 4, 3)
    assert full.until == T0 + 1


def test_the_cap_frees_when_the_fourth_last_push_leaves_the_window() -> None:
    (full,) = found(approached(DAY, 2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY))
    assert full.until == T0 + 26 * DAY


def test_caps_of_zero_allow_no_offer() -> None:
    none = Policy(caps=ContactCaps(visible=0, per_session=0, per_shopper=PerShopper(0)))
    assert codes(policy=none) == ["contact.session_cap", "contact.shopper_cap", "contact.active"]
    assert {finding.until for finding in found(policy=none)} == {None}


@pytest.mark.parametrize(
    ("scope", "key", "suppresses"),
    [("rule", "R1", True), ("product", "run", True), ("rule", "R2", False), ("product", "R1", False)],
)  # fmt: skip
def test_a_cooldown_ends_to_the_millisecond(scope: str, key: str, suppresses: bool) -> None:
    assert codes(NO_CONTACT.with_cooldown(scope, key, T0 + 1)) == (
        ["contact.dismissed"] if suppresses else []
    )
    assert codes(NO_CONTACT.with_cooldown(scope, key, T0)) == []


def test_one_offer_is_visible_at_a_time() -> None:
    (active,) = found(NO_CONTACT, offer(sku="BOOT-42", ends_at=T0 + MINUTE))
    assert (active.reason, active.until) == ("contact.active", T0 + MINUTE)
    assert codes(NO_CONTACT, offer(sku="BOOT-42"), policy=Policy(caps=ContactCaps(visible=2))) == []


def test_a_visible_offer_on_the_item_may_be_replaced_and_an_accepted_one_may_not() -> None:
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
def test_beside_an_accepted_offer_only_a_discount_on_another_level_stacks(
    by: Rule, promise: Offer, found: list[str]
) -> None:
    by = but(by, stacks_with=frozenset({"R1"}))
    promise = but(promise, state=OfferState.ACCEPTED)
    gates = check_contact_policy(scene(session=session()), by, Policy(), (promise,))
    assert [one.reason.value for one in gates] == found


def test_an_accepted_offer_for_another_item_is_not_visible() -> None:
    assert codes(NO_CONTACT, offer(sku="BOOT-42", state=OfferState.ACCEPTED)) == []
