"""What a verdict rests on: facts, conditions, price steps and lost rules."""

from typing import Any

from support import rule_files
from support.builders import (
    DAY,
    T0,
    case,
    category,
    context,
    cost,
    customer,
    line,
    offer,
    order,
    price,
    product,
    remedy,
    returned,
    review,
    rule,
    scene,
    session,
    stock,
)
from support.in_memory_shop import InMemoryShop
from support.naive_assembly import NaiveShop
from tactful.core.context import Scene
from tactful.core.customer.profile import profile
from tactful.core.evidence import (
    ConditionHeld,
    InputRead,
    LostRule,
    PriceStep,
    conditions_held,
    inputs_read,
    lost_rules,
    price_steps,
    steps_of_offer,
)
from tactful.core.explain import evidence, explain
from tactful.core.gates.evaluation import Evaluation
from tactful.core.gates.pipeline import failed_gates
from tactful.core.pricing.quote import PriceBasis, Quote, quote
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import All, AnyOf, Clause, NoneOf, PriceTerms, Rule
from tactful.core.session.signals import FactsChanged, LandingVisit
from tactful.core.watched_scene import watch


def read_in(at: Scene, by: Rule) -> tuple[InputRead, ...]:
    """What the gates of a rule read in a scene."""
    watched, reads = watch(at, Policy())
    findings = failed_gates(Evaluation(context(by), watched, ()), by, by.holds_from(watched))
    tuple(findings)
    return inputs_read(tuple(reads.values()), at, by)


def known(*facts: Any) -> Any:
    return profile(NaiveShop((one, T0) for one in facts).history("c1"), Policy())


def test_every_fact_about_the_item_is_named_with_its_version_and_provenance() -> None:
    found = read_in(scene(), rule())
    assert [(one.fact, one.id, one.provenance) for one in found] == [
        ("product", "RUN-42", "contextual"),
        ("price", "RUN-42", "contextual"),
        ("cost", "RUN-42", "contextual"),
        ("stock", "RUN-42", "contextual"),
    ]
    assert found[3].value == {"available": 6}
    dated = scene(
        item=InMemoryShop(told=[price(version=price(since=T0).since)]).shop.item("RUN-42")
    )
    (shown,) = read_in(dated, rule())
    assert shown.version == "2026-03-10T12:00:00+00:00"
    nowhere = read_in(scene(session=session(territory=None)), rule())
    assert [one.fact for one in nowhere] == ["product"]


def test_the_history_of_a_customer_is_personal() -> None:
    facts = (
        customer("c1", tier="gold"),
        order("o1", line("RUN-42")),
        returned("r1", ("RUN-42", "fit"), order="o1"),
        case("k1"),
        review(rating=1),
        remedy("m1", skus=("RUN-42",)),
    )
    found = read_in(scene(profile=known(*facts)), rule())[4:]
    assert [one.fact for one in found] == [
        "customer", "order", "return", "case", "review", "remedy",
    ]  # fmt: skip
    assert {one.provenance for one in found} == {"personal"}
    assert [one.id for one in found][:4] == ["c1", "o1", "r1", "k1"]
    assert found[0].value == {"tier": "gold", "opted_out": False}


def test_the_source_of_the_visit_is_an_input_where_a_condition_reads_it() -> None:
    by = rule_files.rule("[{visit.campaign: spring}, {item.brand: Velo}]")
    came = scene(session=session(visit=LandingVisit(campaign="spring")))
    (read,) = [one for one in read_in(came, by) if one.fact == "visit"]
    assert (read.id, read.value, read.at) == ("s1", {"visit.campaign": "spring"}, None)
    assert all(one.fact != "visit" for one in read_in(scene(), by))


def test_the_conditions_that_held_are_named_with_their_values() -> None:
    shoe, other = category("run"), category("boots")
    at = scene(item=InMemoryShop(told=[product(categories=("run",))]).shop.item("RUN-42"))
    condition = All((shoe, AnyOf((other, shoe)), NoneOf((other,))))
    held = list(conditions_held(at, condition))
    assert [(one.needed, one.actual) for one in held] == [
        (shoe.text, ("run",)), (shoe.text, ("run",)), (f"not {other.text}", ("run",)),
    ]  # fmt: skip
    assert list(conditions_held(at, other)) == []
    assert list(conditions_held(at, NoneOf((shoe,)))) == []


def test_a_condition_that_time_made_hold_names_the_instant() -> None:
    timed = Clause("t", "is", 1, lambda _: 1, "contextual", lambda _: T0 - DAY, text="t: 1")
    (held,) = conditions_held(scene(), timed)
    assert held == ConditionHeld("t", 1, "t: 1", T0 - DAY)


def quoted(**terms: Any) -> tuple[Any, Quote]:
    by = rule(price=PriceTerms("percent", percent_bp=1500, **terms))
    found = quote(by.price, PriceBasis(12900, "EUR", cost=5200))
    assert isinstance(found, Quote)
    return by, found


def test_a_price_comes_about_step_by_step() -> None:
    by, found = quoted(ending=99)
    assert price_steps(12900, by, found) == (
        PriceStep("public", 12900), PriceStep("percent", 10965), PriceStep("floor", 10965),
        PriceStep("ending", 10899), PriceStep("offer", 10899),
    )  # fmt: skip
    by, found = quoted(minimum={"EUR": 12000})
    assert [one.amount for one in price_steps(12900, by, found)] == [12900, 10965, 12000, 12000]


def test_the_rounding_of_a_currency_is_a_step_of_the_price() -> None:
    by = rule(price=PriceTerms("percent", percent_bp=1500))
    found = quote(by.price, PriceBasis(12999, "CHF"), rounding={"CHF": 5})
    assert isinstance(found, Quote)
    assert PriceStep("ending", 11045) in price_steps(12999, by, found)


def test_an_offer_of_another_price_shows_its_own_ends() -> None:
    by, found = quoted()
    assert len(steps_of_offer(offer(), by, found)) == 4
    assert steps_of_offer(offer(unit=9900), by, found) == (
        PriceStep("public", 12900), PriceStep("offer", 9900),
    )  # fmt: skip
    assert steps_of_offer(offer(), None, None)[-1] == PriceStep("offer", 10965)


def test_the_rules_that_lost_the_arbitration_are_named() -> None:
    reasons = [("A", "arbitration.outranked"), ("B", None), ("C", "rule.paused")]
    assert lost_rules(reasons) == (LostRule("A", "arbitration.outranked"),)


def test_a_push_and_its_standing_offer_rest_on_the_same_things() -> None:
    told = (product(), price(version=3), cost(), stock())
    shop = InMemoryShop(rule("A"), rule("B", percent=10), told=told)
    one = shop.open_session().view("RUN-42")
    before = one.context(FactsChanged())
    one.view("RUN-42", 60)
    after = one.context(FactsChanged())
    verdicts = explain(after, "RUN-42")
    found = evidence(after, "RUN-42", verdicts)
    (winner,) = [rule for rule, rests in found.items() if rests.price]
    rests_on = found[winner]
    assert rests_on.price[-1].amount == one.offers[0].unit
    assert [read.version for read in rests_on.inputs if read.fact == "price"] == [3]
    assert rests_on.lost != ()
    assert evidence(before, "RUN-42", explain(before, "RUN-42")) == {}
