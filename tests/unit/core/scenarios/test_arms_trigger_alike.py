"""Both arms of an experiment: shoppers are due the same offers at the same instants."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from support.builders import campaign, case, price, recall, rule, stock
from support.in_memory_shop import InMemoryShop, Shopper
from support.scenario_fixture import SINCE, facts, r1
from tactful.core.decision import Decision, PushOffer
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Experiment, FrequencyLimit, PriceTerms, Rule
from tactful.core.session import signals

DAY_S: Final = 86_400
SKUS: Final = ("RUN-42", "TRAIL-42", "BOOT-42", "SOCK-3")

Trigger = tuple[int, str, str]
"""Instant, rule and SKU of an offer that was pushed or held out."""


class AttentiveShopper(Shopper):
    """A shopper who sees each offer at once and answers none; notes what they were due."""

    def __init__(self, play: InMemoryShop, name: str) -> None:
        super().__init__(play, name)
        self.due: list[Trigger] = []

    def send(self, signal: signals.Signal) -> Decision:
        decision = super().send(signal)
        self.due += [
            (offer.issued_at, offer.rule, offer.sku)
            for offer in decision.offers
            if offer.issued_at == self.shop.now
            and offer.state in {OfferState.PUSHED, OfferState.HELD_OUT}
        ]
        for effect in decision.effects:
            if isinstance(effect, PushOffer):
                super().send(signals.OfferSeen(effect.offer.id))
        return decision


def rules(**first: Any) -> tuple[Rule, ...]:
    """Rules that compete for items, each with another kind of limit; `first` changes the first."""
    return (
        r1("running", "boots", per_session=1, campaign=None, **first),
        rule("R2", percent=10, per_shopper=FrequencyLimit(2, 2 * DAY_S * 1000)),
        rule("R3", percent=20, priority=-1, campaign="C"),
        rule(
            "R4",
            price=PriceTerms(
                "ladder",
                ladder=tuple(PriceTerms("percent", percent_bp=bp) for bp in (500, 2500)),
            ),
            priority=1,
            per_session=1,
        ),
    )


def shopper(policy: Policy, *rulebook: Rule) -> AttentiveShopper:
    budget = campaign("C", EUR=10_000_000)
    shop = InMemoryShop(*rulebook, told=facts(), policy=policy, campaigns=[budget])
    found = AttentiveShopper(shop, "s1")
    shop.shoppers.append(found)
    found.send(signals.ConnectionOpened(tab=1, territory="DE", consent="personal"))
    return found


Step = Callable[[AttentiveShopper], object]


def viewing(sku: str, seconds: int) -> Step:
    return lambda one: one.view(sku, seconds)


def waiting(seconds: int) -> Step:
    return lambda one: one.shop.advance(seconds)


def sending(signal: signals.Signal) -> Step:
    return lambda one: one.send(signal)


def stocked(sku: str, count: int) -> Step:
    return lambda one: one.shop.report(stock(sku, count))


def priced(sku: str, amount: int) -> Step:
    return lambda one: one.shop.report(price(sku, amount, since=SINCE))


def complaining(status: str) -> Step:
    return lambda one: one.shop.report(case(status=status, skus=("RUN-42",), resolved_at=None))


def recalled(status: str) -> Step:
    return lambda one: one.shop.report(recall(status=status, skus=("TRAIL-42",)))


STEPS: Final = st.one_of(
    st.builds(viewing, st.sampled_from(SKUS), st.sampled_from([0, 31, 45])),
    st.builds(waiting, st.sampled_from([40, 300, 1200, 2 * 3600, DAY_S + 60])),
    st.builds(stocked, st.sampled_from(SKUS), st.sampled_from([0, 1, 6])),
    st.builds(priced, st.sampled_from(SKUS), st.sampled_from([9900, 12900, 15900])),
    st.builds(complaining, st.sampled_from(["open", "resolved"])),
    st.builds(recalled, st.sampled_from(["active", "lifted"])),
    st.sampled_from(
        [
            sending(signals.PageViewed("cart")),
            sending(signals.ConsentChanged("anonymous")),
            sending(signals.ConsentChanged("personal")),
            sending(signals.CustomerIdentified("c1")),
            sending(signals.CustomerLoggedOut("anon-2")),
            sending(signals.ConnectionOpened(tab=1, territory="DE", consent="personal")),
            sending(signals.ActivityReported("exit")),
        ]
    ),
)


@pytest.mark.parametrize(
    ("everybody", "first"), [(10_000, {}), (0, {"share_bp": 0})], ids=["global", "one rule"]
)
@given(st.lists(STEPS, min_size=4, max_size=30))
def test_held_out_shoppers_are_due_the_same_offers_as_those_who_see_them(
    everybody: int, first: dict[str, int], steps: list[Step]
) -> None:
    treated = shopper(Policy(), *rules())
    held_out = shopper(Policy(holdout_bp=everybody), *rules(**first))
    for step in steps:
        step(treated)
        step(held_out)
        assert held_out.due == treated.due
    assert all(one.rule != "R1" for one in held_out.pushed)
    assert everybody == 0 or held_out.pushed == []


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(holdout_bp=10_000)], ids=["treated", "held out"]
)
def test_a_complaint_quietens_both_arms(policy: Policy) -> None:
    one = shopper(policy, *rules())
    one.send(signals.CustomerIdentified("c1"))
    one.view("RUN-42", 40)
    one.shop.report(case(skus=("RUN-42",)))
    one.view("TRAIL-42", 40)
    assert [sku for _, _, sku in one.due] == ["RUN-42"]
    assert one.why("TRAIL-42", "R2").reason == "timing.quiet"


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(holdout_bp=10_000)], ids=["treated", "held out"]
)
def test_a_logout_ends_the_customers_offer_in_both_arms(policy: Policy) -> None:
    one = shopper(policy, *rules())
    one.send(signals.CustomerIdentified("c1"))
    one.view("RUN-42", 40)
    assert len((*one.session.unseen, *one.offers)) == 1
    one.send(signals.CustomerLoggedOut("anon-2"))
    assert (*one.session.unseen, *one.offers) == ()


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(holdout_bp=10_000)], ids=["treated", "held out"]
)
def test_a_logout_ends_no_offer_that_was_nobodys(policy: Policy) -> None:
    one = shopper(policy, *rules())
    one.view("RUN-42", 40)
    one.send(signals.CustomerLoggedOut("anon-2"))
    assert len((*one.session.unseen, *one.offers)) == 1


def first_of_experiment(one: AttentiveShopper) -> tuple[int, str] | None:
    """When and for what a shopper was first due an offer of the experiment."""
    return next(((at, sku) for at, by, sku in one.due if by in {"R1", "R5"}), None)


@given(st.lists(STEPS, min_size=4, max_size=30))
def test_all_arms_of_an_experiment_are_first_due_an_offer_at_the_same_instant(
    steps: list[Step],
) -> None:
    everybody = []
    for shares in ((10_000, 0), (0, 10_000), (0, 0)):
        found = Experiment("E", "e1", (("R1", shares[0]), ("R5", shares[1])))
        first, *others = rules(experiment=found, priority=2)
        # A floor that the other price does not reach everywhere.
        price = PriceTerms("percent", percent_bp=3000, on_floor="withhold", minimum={"EUR": 9100})
        second = structs.replace(first, id="R5", price=price, digest="R5")
        everybody.append(shopper(Policy(), first, second, *others))
    for step in steps:
        for one in everybody:
            step(one)
        assert len({first_of_experiment(one) for one in everybody}) == 1
        if first_of_experiment(everybody[0]):
            break
    ten, thirty, nobody = ({one.rule for one in each.pushed} for each in everybody)
    assert "R5" not in ten
    assert "R1" not in thirty
    assert not {"R1", "R5"} & nobody


def test_the_walk_of_the_property_reaches_caps_and_cooldowns() -> None:
    one = shopper(Policy(holdout_bp=10_000), *rules())
    for sku in SKUS:
        one.view(sku, 1000)
    assert len(one.due) == 2
    assert one.why("SOCK-3", "R2").reason == "contact.session_cap"
    assert [entry.key for entry in one.session.contact.cooldowns] == ["run", "trail"]
