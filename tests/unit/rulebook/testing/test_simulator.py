"""One simulated session: facts, signals, time, budgets and withdrawals."""

import pytest

from support.rule_files import NOW, rulebook
from tactful.core.facts.fact_types import AnyFact, Case, Customer, Price, Product, Stock
from tactful.core.rules.rule import Rulebook
from tactful.core.session import signals
from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.core.values.money import Money
from tactful.rulebook.testing.given import as_datetime
from tactful.rulebook.testing.simulator import FEEDS, Simulator, restrict

RULES = """
campaigns: {c: {budget: 25.00 EUR, count: 5}}
policy: {min_stock: 1, caps: {visible: 3, per_session: 9}}
rules:
  - {id: ten, campaign: c, when: [item.brand: Velo], offer: {percent: 10%}}
  - {id: gold, when: [customer.tier: gold, item.brand: Nordek], offer: {percent: 5%}}
"""


def item(sku: str, brand: str = "Velo", stock: int = 9) -> tuple[AnyFact, ...]:
    price = Price(
        sku=sku,
        territory="DE",
        price=Money(10000, "EUR"),
        tax_included=False,
        tax_rate_bp=0,
        since=as_datetime(NOW - 90 * DAY),
    )
    product = Product(sku=sku, product=sku, title=sku, brand=brand)
    return product, price, Stock(sku=sku, territory="DE", available=stock)


def session(book: Rulebook | None = None, **more: str) -> Simulator:
    simulator = Simulator(book or rulebook(RULES), NOW, ("c1",))
    simulator.add_facts(*item("A"), *item("B"), *item("N", "Nordek"))
    consent = signals.ConnectionOpened(tab=1, consent="personal", territory="DE", **more)  # type: ignore[arg-type]
    simulator.send(consent)
    return simulator


def view(simulator: Simulator, sku: str) -> None:
    simulator.send(signals.PageViewed("product"))
    simulator.send(signals.ItemViewed(sku))


def wait(simulator: Simulator, duration: int) -> list[int]:
    return list(simulator.advance(duration))


def test_an_offer_is_made_by_a_timer_and_seen_at_once() -> None:
    simulator = session()
    view(simulator, "A")
    assert not simulator.advertised
    assert wait(simulator, 31 * SECOND) == [NOW + 30 * SECOND]
    assert simulator.now == NOW + 31 * SECOND
    [offer] = simulator.advertised
    assert (offer.rule, offer.unit, offer.state) == ("ten", 9000, "shown")
    assert simulator.pushed == {"ten"}


def test_facts_that_are_reported_are_decided_on_and_added_facts_are_not() -> None:
    simulator = session()
    view(simulator, "A")
    wait(simulator, 31 * SECOND)
    simulator.add_facts(Stock(sku="A", territory="DE", available=0))
    assert len(simulator.advertised) == 1
    simulator.report_facts(Stock(sku="A", territory="DE", available=0))
    assert not simulator.advertised
    assert simulator.withdrawn == "stock.out"


def test_the_catalogue_follows_the_facts() -> None:
    simulator = session()
    assert simulator.items["A"].available("DE") == 9
    assert simulator.items is simulator.items
    simulator.add_facts(Stock(sku="A", territory="DE", available=1), at=NOW + 1)
    assert simulator.items["A"].available("DE") == 1


def test_an_offer_reserves_its_cost_and_counts_once_per_campaign() -> None:
    simulator = session()
    for sku in ("A", "B"):
        view(simulator, sku)
        wait(simulator, 31 * SECOND)
        for offer in simulator.advertised:
            if offer.sku == sku:
                simulator.send(signals.OfferAccepted(offer.id))
    balances = simulator.context_for(signals.TimerFired()).balances
    assert balances["c", "EUR"].reserved == 1000 * len(simulator.session.offers)
    assert balances["c", "EUR"].settled == 0
    simulator.spent["c", "EUR"] = 400
    assert simulator.context_for(signals.TimerFired()).balances["c", "EUR"].settled == 400


def test_the_quantity_of_an_offer_is_committed_stock() -> None:
    simulator = session()
    view(simulator, "A")
    wait(simulator, 31 * SECOND)
    assert simulator.context_for(signals.TimerFired()).committed == {("A", "DE"): 1}


@pytest.mark.parametrize(
    ("signal", "known"),
    [
        (signals.TimerFired(), True),
        (signals.CustomerLoggedOut("other"), False),
        (signals.ConsentChanged("anonymous"), False),
        (signals.ConsentChanged("personal", gpc=True), False),
        (signals.CustomerIdentified("c2"), True),
    ],
)
def test_a_turn_reads_the_history_that_it_may_read_after_its_signal(
    signal: signals.Signal, known: bool
) -> None:
    simulator = session()
    simulator.add_facts(Customer(customer="c1", tier="gold"))
    simulator.send(signals.CustomerIdentified("c1"))
    profile = simulator.context_for(signal).profile
    assert (profile is not None) == known


def test_what_a_customer_was_shown_is_remembered() -> None:
    simulator = session()
    simulator.add_facts(Customer(customer="c1", tier="gold"))
    simulator.send(signals.CustomerIdentified("c1"))
    view(simulator, "N")
    wait(simulator, 31 * SECOND)
    assert [offer.rule for offer in simulator.advertised] == ["gold"]
    assert set(simulator.contacts) == {"c1"}


def test_the_reason_of_the_last_withdrawal_is_kept() -> None:
    simulator = session()
    simulator.add_facts(Customer(customer="c1", tier="gold"))
    simulator.send(signals.CustomerIdentified("c1"))
    view(simulator, "A")
    wait(simulator, 31 * SECOND)
    assert simulator.withdrawn is None
    case = Case(
        case="k",
        customer="c1",
        skus=("A",),
        kind="defect",
        status="open",
        opened_at=as_datetime(NOW),
    )
    simulator.report_facts(case)
    assert simulator.withdrawn == "complaint.open"


def test_a_silent_feed_was_last_heard_from_when_it_fell_silent() -> None:
    simulator = session()
    simulator.silent["stock"] = NOW
    wait(simulator, 20 * MINUTE)
    heard = simulator.context_for(signals.TimerFired()).feed_heartbeats
    ages = {feed: simulator.now - at for feed, at in heard.items()}
    assert ages == {feed: 20 * MINUTE if feed == "stock" else 0 for feed in FEEDS}


def test_every_rule_is_explained_for_an_item() -> None:
    simulator = session()
    view(simulator, "A")
    verdicts = {one.rule: one.reason for one in simulator.explain("A")}
    assert verdicts == {"ten": "timing.wait", "gold": "target.conditions"}


def test_conditions_read_the_scene_of_an_item() -> None:
    assert session().scene_of("B").item.sku == "B"


def test_a_rulebook_can_be_restricted_to_some_rules() -> None:
    book = restrict(rulebook(RULES), ("gold",))
    assert set(book.rules) == {"gold"}
    simulator = session(book)
    view(simulator, "A")
    assert [one.rule for one in simulator.explain("A")] == ["gold"]
    assert list(book.index.for_item(simulator.scene_of("A"))) == []


def test_no_shopper_of_a_scenario_is_held_out() -> None:
    book = rulebook(RULES.replace("policy: {", "policy: {holdout: 90%, "))
    simulator = session(book)
    view(simulator, "A")
    wait(simulator, 31 * SECOND)
    assert len(simulator.advertised) == 1


def test_a_scenario_gets_the_first_rule_of_an_experiment_or_the_one_it_names() -> None:
    text = """
    experiment: {id: e, variants: [{rule: more}, {rule: ten}]}
    rules:
      - {id: ten, when: [item.brand: Velo], offer: {percent: 10%}}
      - {id: more, when: [item.brand: Velo], offer: {percent: 20%}}
    """
    for book, rule in (
        (rulebook(text), "more"),
        (restrict(rulebook(text), ("ten",)), "ten"),
    ):
        simulator = session(book)
        view(simulator, "A")
        wait(simulator, 31 * SECOND)
        assert [offer.rule for offer in simulator.advertised] == [rule]


CODED = RULES.replace("offer: {percent: 10%}", "offer: {percent: 10%, codes: p}")


def test_a_pool_has_enough_codes_unless_the_scenario_says_how_many() -> None:
    simulator = session(rulebook(CODED))
    view(simulator, "A")
    wait(simulator, 31 * SECOND)
    (offer,) = simulator.advertised
    assert offer.code is not None


def test_codes_are_used_up_by_offers_and_given_back_by_those_that_end() -> None:
    simulator = session(rulebook(CODED))
    simulator.free_codes["p"] = 1
    view(simulator, "A")
    wait(simulator, 31 * SECOND)
    (offer,) = simulator.advertised
    assert simulator.free_codes["p"] == 0
    (verdict,) = [one for one in simulator.explain("B") if one.rule == "ten"]
    assert "budget.codes" in {one.reason for one in verdict.findings}
    simulator.send(signals.OfferDismissed(offer.id))
    assert simulator.free_codes["p"] == 1
