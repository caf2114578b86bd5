"""The order of the gates, and the gates that a standing offer passes again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import (
    DAY,
    MINUTE,
    T0,
    but,
    case,
    category,
    context,
    cost,
    customer,
    dwell,
    item,
    kept,
    offer,
    price,
    product,
    recall,
    remedy,
    rule,
    rulebook,
    scene,
    session,
    stock,
)
from support.naive_assembly import NaiveShop
from tactful.core.customer.profile import Profile, profile
from tactful.core.decide import decide
from tactful.core.decision import WithdrawOffer
from tactful.core.facts.fact_types import AnyFact, RemedyValue, ReportedFact
from tactful.core.facts.item import Item
from tactful.core.gates.evaluation import Evaluation
from tactful.core.gates.pipeline import failed_by_everyone, failed_gates, rule_of
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import EVERY_RULE, NOW, Exclusion, InputBan, PriceTerms, Rule
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.session.session import Session, Tab
from tactful.core.session.signals import FactsChanged
from tactful.core.values.allocation import Deduction
from tactful.core.verdicts.reasons import REASON_ORDER


def test_findings_come_in_gate_order() -> None:
    reported: list[AnyFact] = [
        product("GIN-1", "gin", min_age=18, brand="Nordek"),
        recall(product="gin"),
        case(skus=["GIN-1"]),
        case("k2", "late"),
        customer(opted_out=True),
    ]
    shop = NaiveShop((fact, T0) for fact in reported)
    bad = rule(
        "B",
        category("running"),
        paused=True,
        starts=T0 + 1,
        territories=frozenset({"GB"}),
        per_session=0,
    )
    policy = Policy(max_age=FeedMaxAge(stock=MINUTE, prices=MINUTE, cases=MINUTE))
    here = session(
        customer="c1", consent="personal", page="payment", chat_open=True, tabs=(Tab(1, visible=False),)
    )  # fmt: skip
    contact = ContactHistory(
        tuple(Approach(str(n), "B", "s1", T0) for n in range(4)), (), quiet_until=T0 + 1
    )
    contact = contact.with_cooldown("rule", "B", T0 + 1)
    known = profile(shop.history("c1"), policy)
    at = scene(session=here, item=shop.item("GIN-1"), profile=known, contact=contact)
    turn = context(bad, session=here, policy=policy)
    standing = (offer(sku="HAT-1"),)
    found = [
        one.reason for one in failed_gates(Evaluation(turn, at, standing), bad, bad.holds_from(at))
    ]
    assert found == sorted(found, key=REASON_ORDER.__getitem__)
    assert {one.partition(".")[0] for one in found} == {
        "rule", "shopper", "stale", "target", "recall", "complaint", "service", "stock", "price",
        "timing", "contact", "budget",
    }  # fmt: skip


def test_an_offer_that_may_be_made_fails_no_gate() -> None:
    by = rule("R1", dwell(30_000))
    turn, at = context(by), scene()
    assert [*failed_gates(Evaluation(turn, at, ()), by, by.holds_from(at))] == []


# price


# standing offers


def standing(up: Offer | None = None, by: Rule | None = None, **fields: Any) -> list[str]:
    up = up or offer(rule_digest="R1")
    rules = [] if by is None else [by]
    turn_fields = {name: fields.pop(name) for name in ("ahead", "policy") if name in fields}
    turn = context(
        rulebook=rulebook(*rules, policy=turn_fields.pop("policy", Policy())), **turn_fields
    )
    evaluation = Evaluation(turn, scene(**fields), (up,))
    return [one.reason.value for one in failed_gates(evaluation, rule_of(up, by), standing=up)]


def test_activity_of_the_shopper_withdraws_no_offer() -> None:
    busy = session(page="payment", chat_open=True, tabs=(), last_input=T0)
    rested = ContactHistory().with_cooldown("rule", "R1", T0 + DAY)
    narrow = rule("R1", category("boots"), campaign="C")
    assert standing(by=narrow, session=busy, contact=rested) == []


def test_an_offer_of_another_customer_is_withdrawn() -> None:
    theirs = offer(customer="c2", rule_digest="R1")
    assert standing(theirs, rule()) == ["identity.unverified"]
    mine = session(customer="c2", consent="personal")
    assert standing(theirs, rule(), session=mine) == []


@pytest.mark.parametrize(
    ("consent", "gpc", "found"),
    [
        ("personal", False, []),
        ("anonymous", False, ["consent.missing"]),
        ("personal", True, ["consent.gpc"]),
        ("anonymous", True, ["consent.gpc"]),
    ],
)
def test_a_personal_offer_is_withdrawn_with_its_consent(
    consent: str, gpc: bool, found: list[str]
) -> None:
    here = session(consent=consent, gpc=gpc)
    assert standing(offer(personal=True, rule_digest="R1"), rule(), session=here) == found


@pytest.mark.parametrize(
    ("before", "found"),
    [(5, []), (6, ["stock.committed"])],
)
def test_stock_goes_to_the_earliest_promise(before: int, found: list[str]) -> None:
    assert standing(by=rule(), ahead={"of1": before}) == found


def voucher_of(**fields: Any) -> Profile:
    """A customer with a voucher for all that `offer` saves."""
    known = remedy(**{"amount": 1935, "skus": ("RUN-42",), **fields})
    return profile(NaiveShop([(known, T0)]).history("c1"), Policy())


def test_an_offer_of_a_deleted_rule_follows_its_own_on_change() -> None:
    assert standing(offer()) == []
    assert standing(offer(on_change="withdraw")) == ["rule.ended"]
    voucher = offer(remedy="m1")
    shopper = session(consent="personal")
    assert standing(voucher, session=shopper, profile=voucher_of()) == []
    assert standing(voucher, profile=voucher_of()) == ["consent.missing"]


def test_a_voucher_may_go_below_every_floor() -> None:
    dear = item(costs={"EUR": kept(cost(amount=12000))})
    assert standing(by=rule(), item=dear) == ["price.floor"]
    voucher = offer(remedy="m1", rule_digest="R1")
    assert standing(voucher, rule(), item=dear, profile=voucher_of()) == []


def test_the_offer_of_a_voucher_stands_while_the_voucher_can_be_used() -> None:
    voucher = offer(remedy="m1", rule_digest="R1")
    used = ContactHistory().with_cooldown("remedy", "m1", T0 + 1)
    assert standing(voucher, rule(), profile=voucher_of()) == []
    assert standing(voucher, rule(), profile=voucher_of(), contact=used) == ["target.conditions"]
    assert standing(voucher, rule(), profile=voucher_of(remedy="m2")) == ["target.conditions"]
    assert standing(voucher, rule(), profile=voucher_of(amount=1934)) == ["target.conditions"]
    share = remedy(skus=("RUN-42",))
    share = but(share, value=RemedyValue(percent_bp=1500))
    percent = profile(NaiveShop([(share, T0)]).history("c1"), Policy())
    assert standing(voucher, rule(), profile=percent) == []


GONE = ["price.no_improvement"]
ON_ORDER = Deduction("order", 5000, 1000)
ON_SHIPPING = Deduction("shipping", 690, 10_000)


def test_an_offer_on_the_order_respects_the_floor_of_the_item_it_is_shown_for() -> None:
    mine = offer(deduction=ON_ORDER, unit=11610, rule_digest="R1")
    assert standing(mine, rule()) == []
    dear = item(costs={"EUR": kept(cost(amount=12000))})
    assert standing(mine, rule(), item=dear) == ["price.floor"]
    cheap = item(prices={"DE": kept(price(amount=11610))})
    assert standing(mine, rule(), item=cheap) == ["price.no_improvement"]


@pytest.mark.parametrize(("amount", "found"), [(12900, []), (13900, GONE), (11900, GONE)])
def test_an_offer_on_the_shipping_stands_while_the_item_price_is_unchanged(
    amount: int, found: list[str]
) -> None:
    mine = offer(deduction=ON_SHIPPING, unit=12900, rule_digest="R1")
    shelf = item(
        prices={"DE": kept(price(amount=amount))}, costs={"EUR": kept(cost(amount=20_000))}
    )
    assert standing(mine, rule(), item=shelf) == found


@pytest.mark.parametrize("territory", [None, "GB"])
def test_without_a_price_in_the_territory_an_offer_is_withdrawn(territory: str | None) -> None:
    found = standing(by=rule(), session=session(territory=territory))
    assert found == ["target.territory", "stock.out", "price.missing"]


def test_offers_of_other_sessions_reduce_what_can_be_promised() -> None:
    by = rule("R2", max_qty=2)
    shelf = item(stock={"DE": (kept(stock(available=3)),)})
    at = scene(item=shelf)
    mine, promised = offer(), offer("of2", state=OfferState.ACCEPTED)
    for committed, up, fits in (
        (1, (), True),
        (2, (), False),
        (2, (mine,), True),
        (2, (promised,), False),
    ):
        turn = context(by, items=[shelf], committed={("RUN-42", "DE"): committed})
        found = [
            one.reason for one in failed_gates(Evaluation(turn, at, up), by, by.holds_from(at))
        ]
        assert ("stock.committed" not in found) is fits
    nowhere = scene(session=session(territory=None))
    assert "stock.committed" not in [
        one.reason for one in failed_gates(Evaluation(context(by), nowhere, ()), by, 0)
    ]


def test_an_unknown_item_is_never_offered() -> None:
    at = scene(item=Item(sku="GHOST"))
    by = rule()
    found = [
        one.reason.value
        for one in failed_gates(Evaluation(context(by), at, ()), by, by.holds_from(at))
    ]
    assert found[:2] == ["stock.out", "price.missing"]


def test_a_price_finding_has_the_report_time_of_the_price() -> None:
    old = item(prices={"DE": ReportedFact(price(amount=1), T0 - 7)})
    by, at = rule(percent=50), scene(item=old)
    refused = [
        one
        for one in failed_gates(Evaluation(context(by), at, ()), by, 0)
        if one.reason.startswith("price.")
    ]
    assert [one.at for one in refused] == [T0 - 7]


@pytest.mark.parametrize(
    ("terms", "needed"),
    [
        (PriceTerms("percent", percent_bp=1500, margin_bp=2000), "a cost"),
        (PriceTerms("to_target"), "a target price"),
        (PriceTerms("ladder", ladder=(PriceTerms("to_target"),)), "a target price"),
        (PriceTerms("amount", amounts={"GBP": 100}), "an amount in this currency"),
    ],
)
def test_a_missing_price_names_what_is_missing(terms: PriceTerms, needed: str) -> None:
    by = rule(price=terms)
    turn = context(by)
    evaluation = Evaluation(turn, scene(item=item(costs={})), ())
    found = [one for one in failed_gates(evaluation, by, NOW) if one.reason == "price.missing"]
    assert [one.needed for one in found] == [needed]


def test_an_exclusion_follows_the_state_of_the_rule_and_a_ban_follows_the_consent() -> None:
    bad = rule("B", dwell(30), paused=True)
    book = rulebook(
        bad,
        exclusions=(Exclusion("x"),),
        input_bans=(InputBan("DE", frozenset({"pseudonymous"})),),
    )
    here = scene(session=session(consent="none"))
    found = failed_gates(Evaluation(context(rulebook=book), here, ()), bad, 0)
    assert [one.reason for one in found][:4] == [
        "rule.paused",
        "excluded.by_shop",
        "consent.missing",
        "consent.territory",
    ]


def test_an_exclusion_withdraws_a_standing_offer_even_if_its_rule_is_gone() -> None:
    book = rulebook(exclusions=(Exclusion("x", skus=frozenset({"RUN-42"})),))
    up = offer()
    evaluation = Evaluation(context(rulebook=book), scene(), (up,))
    found = failed_gates(evaluation, rule_of(up, None), standing=up)
    assert [one.reason for one in found] == ["excluded.by_shop"]


# findings that do not depend on the shopper

SHOPPERS = st.builds(
    session,
    territory=st.sampled_from(["DE", "FR", None]),
    consent=st.sampled_from(["anonymous", "personal", "none"]),
    customer=st.sampled_from([None, "c1"]),
    seq=st.integers(0, 9),
)
STANDING = st.builds(
    offer,
    rule=st.sampled_from(["R1", "gone"]),
    rule_digest=st.sampled_from(["R1", "old"]),
    on_change=st.sampled_from(["withdraw", "keep", "drain"]),
    max_qty=st.integers(1, 3),
    customer=st.sampled_from([None, "c1"]),
    state=st.sampled_from([OfferState.PUSHED, OfferState.SHOWN]),
)


@given(
    shopper=SHOPPERS,
    standing=STANDING,
    available=st.integers(-1, 6),
    ahead=st.integers(0, 3),
    paused=st.booleans(),
    minimum=st.integers(0, 3),
)
def test_what_everyone_fails_is_withdrawn_from_each_shopper(
    shopper: Session, standing: Offer, available: int, ahead: int, paused: bool, minimum: int
) -> None:
    rules = (rule(paused=paused, on_change="withdraw"),)
    shelf = item(stock={"DE": (kept(stock(available=available)),)})
    turn = context(
        *rules,
        signal=FactsChanged(),
        session=but(shopper, offers=(standing,)),
        items=[shelf],
        ahead={standing.id: ahead},
        policy=Policy(stock_minimum=minimum),
    )
    at = scene(session=shopper, item=shelf)
    ruled = rule_of(standing, turn.rulebook.rules.get(standing.rule))
    found = [*failed_by_everyone(at, turn.rulebook, ruled, standing)]
    withdrawal = WithdrawOffer(standing.id, shopper.seq + 1)
    if found:
        assert withdrawal in decide(turn).effects
        # Sent early, the same offer ends with the same number, even if it could stand again by now.
        signal = FactsChanged(standing.id, found[0].reason)
        restocked = but(turn, signal=signal, items={shelf.sku: item()}, ahead={})
        assert decide(restocked).effects == (withdrawal,)
        assert decide(but(turn, signal=signal)) == decide(turn)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"available": 0}, "stock.out"), ({"rule_digest": "old"}, "rule.ended"), ({}, None)],
)
def test_everyone_fails_without_stock_and_with_a_changed_rule(
    changes: dict[str, Any], reason: str | None
) -> None:
    shelf = item(stock={"DE": (kept(stock(available=changes.get("available", 6))),)})
    standing = offer(rule_digest=changes.get("rule_digest", "R1"))
    ruled = rule(on_change="withdraw")
    found = failed_by_everyone(scene(item=shelf), rulebook(ruled), ruled, standing)
    assert [one.reason for one in found] == ([reason] if reason else [])


@pytest.mark.parametrize("on_change", ["keep", "drain", "withdraw"])
def test_a_stop_withdraws_a_standing_offer_whatever_its_rule_says_of_changes(
    on_change: Any,
) -> None:
    by = rule(on_change=on_change)
    up = offer(on_change=on_change, rule_digest=by.digest)
    book = rulebook(by, paused=frozenset({EVERY_RULE}))
    evaluation = Evaluation(context(rulebook=book), scene(), (up,))
    found = failed_gates(evaluation, rule_of(up, by), standing=up)
    assert [one.reason for one in found] == ["offers.stopped"]
    for_all = failed_by_everyone(scene(), book, rule_of(up, by), up)
    assert next(for_all).reason == "offers.stopped"
