"""Why each rule speaks, or not: all gates of all rules."""

from support.builders import DAY, T0, case, category, context, item, offer, rule, scene, session
from support.naive_assembly import Shop
from support.scenario_fixture import play, r1
from tactful.core.customer.profile import profile
from tactful.core.explain import explain
from tactful.core.facts.item import Item
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.session import signals


def test_every_rule_is_explained_in_the_order_of_their_names() -> None:
    turn = context(
        rule("B"), rule("A", percent=20), rule("C", paused=True), rule("D", mode="shadow")
    )
    told = [(one.rule, one.outcome, one.reason) for one in explain(turn, "RUN-42")]
    assert told == [
        ("A", "withheld", "arbitration.outranked"),
        ("B", "pushed", None),
        ("C", "withheld", "rule.paused"),
        ("D", "withheld", "arbitration.outranked"),
    ]


def test_all_gates_are_told_and_not_only_the_first() -> None:
    turn = context(rule("A", category("x"), paused=True), session=session(page="payment"))
    (one,) = explain(turn, "RUN-42")
    codes = [finding.reason for finding in one.findings]
    assert codes == ["rule.paused", "target.conditions", "timing.checkout"]


def test_an_unknown_item_is_explained_too() -> None:
    (one,) = explain(context(rule("A"), items=[]), "GHOST")
    assert (one.sku, one.reason) == ("GHOST", "stock.out")


def test_what_stands_is_said_to_stand_or_why_it_could_not() -> None:
    for state, stock, outcome in (
        (OfferState.SHOWN, {}, "withheld"),
        (OfferState.SHOWN, None, "standing"),
        (OfferState.ACCEPTED, {}, "standing"),
    ):
        shoe = item() if stock is None else item(stock=stock)
        here = session(offers=(offer(state=state, rule_digest="R1", accept_until=T0 + DAY),))
        (one,) = explain(context(rule("R1"), session=here, items=[shoe]), "RUN-42")
        assert one.outcome == outcome
        assert bool(one.findings) is (outcome == "withheld")


def test_what_is_marked_on_an_offer_is_told_as_long_as_it_stands() -> None:
    here = session(offers=(offer(rule_digest="R1", notes=("price.clamped",)),))
    (verdict,) = explain(context(rule("R1"), session=here), "RUN-42")
    assert verdict.notes == ("price.clamped",)


def test_an_offer_past_its_time_stands_no_more() -> None:
    here = session(offers=(offer(ends_at=T0),))
    (one,) = explain(context(rule("R1"), session=here), "RUN-42")
    assert one.reason == "contact.dismissed"


def test_the_signal_is_not_applied_and_nothing_is_changed() -> None:
    turn = context(rule("A"), signal=signals.CustomerLoggedOut("x"))
    assert explain(turn, "RUN-42") == explain(turn, "RUN-42")
    assert explain(turn, "RUN-42")[0].outcome == "pushed"


def test_an_explanation_says_what_the_decision_does() -> None:
    shop = play(r1(), rule("R2", percent=10, priority=1))
    one = shop.visit().view("RUN-42", 29)
    assert one.reasons("RUN-42") == one.reasons("RUN-42", "R2") == ["timing.wait"]
    shop.advance(1)
    assert [made.rule for made in one.pushed] == ["R2"]
    assert one.why("RUN-42", "R2").outcome == "standing"


def test_a_let_down_is_explained_with_its_cause_its_age_and_its_end() -> None:
    told = case(status="resolved", skus=["RUN-42"], resolved_at=T0 - DAY)
    known = profile(Shop([(told, T0 - 5)]).history("c1"), Policy())
    here = session(customer="c1", consent="personal")
    (one,) = explain(context(rule("A"), session=here, profile=known), "RUN-42")
    (finding,) = one.findings
    assert (finding.actual, finding.at, finding.until) == ("k1", T0 - 5, T0 + 89 * DAY)


def test_a_scene_without_a_customer_has_no_history() -> None:
    nobody = scene(item=Item(sku="GHOST"))
    assert (nobody.history, nobody.product, nobody.price, nobody.remedy) == (None, None, None, None)
    assert scene(session=session(territory=None)).price is None
