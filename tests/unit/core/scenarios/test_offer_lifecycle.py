"""Whatever shoppers and the shop do, offers follow the lifecycle table and balances follow the offers."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.builders import but, offer, price, stock
from support.in_memory_shop import InMemoryShop, Shopper
from support.scenario_fixture import play, r1
from tactful.core import decide, decision_builder
from tactful.core.decision import PushOffer, WithdrawOffer
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.gates.evaluation import Evaluation
from tactful.core.gates.pipeline import failed_gates, rule_of
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.offers.offer import TRANSITIONS, Offer, OfferEvent, OfferState, next_state
from tactful.core.pricing import quote as pricing
from tactful.core.pricing.quote import PriceRefusal, Quote
from tactful.core.rules.policy import ContactCaps, PerShopper, Policy
from tactful.core.rules.rule import Campaign, PriceTerms
from tactful.core.session import signals
from tactful.core.stages import reducer

SKUS = ("RUN-42", "RUN-43", "TRAIL-42")
NEXT = {(before, to) for (before, _), to in TRANSITIONS.items()}
OFTEN = Policy(caps=ContactCaps(per_session=20, per_shopper=PerShopper(count=99)))


class LifecycleCheck:
    """Checks every decision of a shop as it is made."""

    def __init__(self) -> None:
        self.shop = self._shop()
        self.shoppers = [self.shop.open_session(f"s{n}") for n in range(3)]
        self.states: dict[str, OfferState] = {}
        self.offers: dict[str, Offer] = {}
        self.seqs: dict[str, int] = {}
        for visitor in self.shoppers:
            self._listen(visitor)

    def _shop(self) -> InMemoryShop:
        five = PriceTerms("percent", percent_bp=500)
        whole = PriceTerms("percent", percent_bp=1000, level="order", at_most={"EUR": 1_100})
        free = PriceTerms("amount", amounts={"EUR": 900}, level="shipping")
        named = frozenset({"R1", "R2", "O", "S"})
        rules = (
            r1(max_qty=2, stacks_with=named),
            but(r1(max_qty=2), id="R2", digest="R2", price=five, stacks_with=named),
            but(r1(), id="O", digest="O", price=whole, stacks_with=named),
            but(r1(), id="S", digest="S", price=free, stacks_with=named),
        )
        money = Campaign("C", {"EUR": 12_000}, count=4)
        return play(*rules, campaigns=(money,), policy=OFTEN)

    def _listen(self, visitor: Shopper) -> None:
        turn = visitor.send

        def listening(signal: signals.Signal) -> Any:
            before = {one.id: one for one in visitor.session.offers}
            decision = turn(signal)
            if not isinstance(signal, signals.OfferRedeemed | signals.RedemptionRolledBack):
                self.check(visitor, before, decision)
            return decision

        visitor.send = listening  # type: ignore[method-assign]

    def check(self, visitor: Shopper, before: dict[str, Offer], decision: Any) -> None:
        session = visitor.session
        for step in decision.steps:
            known = self.states.get(step.offer)
            if known is None:
                assert step.to is OfferState.PUSHED
            else:
                assert (known, step.to) in NEXT
            assert step.seq > self.seqs.get(session.id, 0)
            self.states[step.offer], self.seqs[session.id] = step.to, step.seq
        for one in decision.offers:
            self.offers[one.id] = one
            assert self.states[one.id] is one.state
            kept = before.get(one.id)
            if kept and kept.state is OfferState.ACCEPTED:
                assert one.state is OfferState.EXPIRED
                assert kept.accept_until is not None
                assert kept.accept_until <= self.shop.now
        self.check_effects(visitor, before, decision)
        assert all(one.standing and one == self.offers[one.id] for one in session.offers)

    def check_effects(self, visitor: Shopper, before: dict[str, Offer], decision: Any) -> None:
        for effect in decision.effects:
            if isinstance(effect, PushOffer):
                one = effect.offer
                public = self.shop.shop.item(one.sku).prices["DE"].fact.price.amount
                assert 0 < one.unit <= public
                assert (one.unit == public) == (one.level == "shipping")
                saved = one.order_deduction.at_most if one.order_deduction else public - one.unit
                assert one.hold == saved * one.max_qty
                self.check_beside(visitor, one)
            elif isinstance(effect, WithdrawOffer):
                assert before[effect.offer].advertised

    def check_beside(self, visitor: Shopper, one: Offer) -> None:
        """One price an item; whatever else stands, its rule and this one's name each other."""
        for other in visitor.session.offers:
            if other.id != one.id:
                assert other.may_stand_beside(one.rule, one.level, one.stacks_with)
                assert other.sku != one.sku or {other.level, one.level} != {"item"}

    def balance(self) -> None:
        """Between turns of the whole shop."""
        standing = [one for one in self.offers.values() if one.standing]
        sums = {"EUR": sum(one.hold for one in standing), COUNT: len(standing)}
        used = [one for one in self.offers.values() if one.state is OfferState.REDEEMED]
        for key, reserved in sums.items():
            kept = self.shop.balances["C", key]
            spent = sum(one.hold for one in used) if key == "EUR" else len(used)
            assert (kept.reserved, kept.settled) == (reserved, spent)
            assert kept.limit is None or kept.reserved + kept.settled <= kept.limit

    # the checkout

    def redeem(self, visitor: Shopper, one: Offer) -> None:
        self._use(visitor, one, "redeem", 1, signals.OfferRedeemed)

    def cancel(self, visitor: Shopper) -> None:
        mine = [one for one in self.offers.values() if one.session == visitor.session.id]
        for one in mine:
            within_hold = one.accept_until is not None and self.shop.now < one.accept_until
            if one.state is OfferState.REDEEMED and within_hold:
                self._use(visitor, one, "roll_back", -1, signals.RedemptionRolledBack)

    def _use(self, visitor: Shopper, one: Offer, event: Any, way: int, told: Any) -> None:
        for key, amount in (("EUR", one.hold), (COUNT, 1)):
            held: Balance = self.shop.balances["C", key]
            self.shop.balances["C", key] = Balance(
                held.limit, held.reserved - way * amount, held.settled + way * amount
            )
        moved = but(one, state=next_state(one.state, event), seq=self.seqs[one.session] + 1)
        self.states[one.id], self.offers[one.id] = moved.state, moved
        self.seqs[one.session] = moved.seq
        visitor.send(told(moved))


ACTS = st.one_of(
    st.tuples(st.just("view"), st.integers(0, 2), st.sampled_from(SKUS)),
    st.tuples(st.just("view"), st.integers(0, 2), st.just("RUN-42")),
    *(
        st.tuples(st.just(what), st.integers(0, 2), st.just(""))
        for what in ("see", "dismiss", "accept", "accept", "redeem", "cancel", "logout")
    ),
    st.tuples(st.just("wait"), st.sampled_from([5, 40, 901, 1801, 90_000]), st.just("")),
    st.tuples(
        st.just("price"), st.sampled_from([9_950, 11_000, 12_900, 15_000]), st.just("RUN-42")
    ),
    st.tuples(st.just("stock"), st.sampled_from([0, 1, 3, 9]), st.just("RUN-42")),
)


def act(check: LifecycleCheck, what: str, number: int, sku: str) -> None:
    shop = check.shop
    if what == "wait":
        shop.advance(number)
    elif what == "price":
        shop.report(price(sku, number, target=9900))
    elif what == "stock":
        shop.report(stock(sku, number))
    elif what == "view":
        check.shoppers[number].view(sku, 30)
    else:
        _shopper(check, check.shoppers[number], what)


def _shopper(check: LifecycleCheck, one: Shopper, what: str) -> None:
    offers = one.session.offers
    if what == "cancel":
        check.cancel(one)
    elif what == "logout":
        one.send(signals.CustomerLoggedOut(f"anon-{check.shop.now}"))
    elif offers:
        first = offers[0]
        match what:
            case "see":
                one.send(signals.OfferSeen(first.id))
            case "dismiss":
                one.send(signals.OfferDismissed(first.id))
            case "accept":
                one.send(signals.OfferAccepted(offers[-1].id, 1))
            case "redeem" if first.state is OfferState.ACCEPTED:
                check.redeem(one, first)


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=30))
def test_whatever_happens_each_offer_follows_the_table_and_the_balances_follow_it(
    acts: list[Any],
) -> None:
    check = LifecycleCheck()
    for one in [("view", 0, "RUN-42"), *acts]:
        act(check, *one)
        check.balance()


def never_released(self: DecisionBuilder, offer: Offer, *, reserve: int, count: int) -> None:
    if reserve > 0:
        ACCOUNT(self, offer, reserve=reserve, count=count)


def same_number(self: DecisionBuilder) -> int:
    return self.session.seq + 1


def anything_goes(state: OfferState, event: OfferEvent) -> OfferState:
    ends: dict[OfferEvent, OfferState] = {
        "expire": OfferState.EXPIRED,
        "decline": OfferState.SHOWN,
        "withdraw": OfferState.WITHDRAWN,
    }
    return ends.get(event) or next_state(state, event)


def promises_withdrawn(builder: DecisionBuilder) -> Iterator[Any]:
    for one in tuple(builder.standing.values()):
        rule = builder.context.rulebook.rules.get(one.rule)
        scene = decide.build_scene(builder, one.sku)
        evaluation = Evaluation(builder.context, scene, ())
        for finding in failed_gates(evaluation, rule_of(one, rule), standing=one):
            builder.withdraw(one, finding.reason)
            break
    return iter(())


def at_any_price(*given: Any) -> Quote | PriceRefusal:
    found = ABOVE(*given)
    return but(found, unit=given[1].amount, saved=0) if isinstance(found, Quote) else found


def half_kept(builder: DecisionBuilder, one: Offer, qty: int) -> None:
    """Gives back what is not accepted, and forgets to say so in the offer."""
    builder.reduce_hold(one, one.hold // one.max_qty * qty)
    builder.transition(one, "accept", qty=qty, accept_until=builder.now + 1_800_000)


ACCOUNT = DecisionBuilder._move_budget
ABOVE = pricing._above_floor


@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [
        (DecisionBuilder, "_move_budget", never_released),
        (DecisionBuilder, "next_seq", same_number),
        (decision_builder, "next_state", anything_goes),
        (decide, "_recheck", promises_withdrawn),
        (reducer, "_promise", half_kept),
        (pricing, "_above_floor", at_any_price),
    ],
    ids=["holds kept", "numbers repeated", "moves invented", "promises broken", "halves", "prices"],
)
def test_a_broken_control_fails(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, broken: object
) -> None:
    monkeypatch.setattr(where, name, broken)
    assert_fails(test_whatever_happens_each_offer_follows_the_table_and_the_balances_follow_it)


def test_the_check_notices_a_hold_without_a_balance() -> None:
    check = LifecycleCheck()
    check.offers["of1"] = offer(hold=1)
    check.states["of1"] = OfferState.PUSHED
    with pytest.raises((AssertionError, KeyError)):
        check.balance()
