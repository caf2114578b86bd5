"""Explanations: every failed gate of every rule."""

from support.builders import DAY, T0, case, category, context, item, offer, rule, session
from support.naive_assembly import NaiveShop
from support.scenario_fixture import play, r1
from tactful.core.customer.profile import profile
from tactful.core.explain import currency_of, evidence, evidence_of_offer, explain
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.session import signals


def test_every_rule_is_explained_in_rule_id_order() -> None:
    turn = context(
        rule("B"), rule("A", percent=20), rule("C", paused=True), rule("D", mode="shadow")
    )
    outcomes = [(one.rule, one.outcome, one.reason) for one in explain(turn, "RUN-42")]
    assert outcomes == [
        ("A", "withheld", "arbitration.outranked"),
        ("B", "pushed", None),
        ("C", "withheld", "rule.paused"),
        ("D", "withheld", "arbitration.outranked"),
    ]


def test_an_explanation_has_every_failed_gate() -> None:
    turn = context(rule("A", category("x"), paused=True), session=session(page="payment"))
    (one,) = explain(turn, "RUN-42")
    codes = [finding.reason for finding in one.findings]
    assert codes == ["rule.paused", "target.conditions", "timing.checkout"]


def test_an_unknown_item_is_explained() -> None:
    (one,) = explain(context(rule("A"), items=[]), "GHOST")
    assert (one.sku, one.reason) == ("GHOST", "stock.out")


def test_a_standing_offer_is_explained_by_the_gates_it_passes_again() -> None:
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


def test_the_notes_of_a_standing_offer_are_in_its_verdict() -> None:
    here = session(offers=(offer(rule_digest="R1", notes=("price.clamped",)),))
    (verdict,) = explain(context(rule("R1"), session=here), "RUN-42")
    assert verdict.notes == ("price.clamped",)


def test_an_expired_offer_does_not_stand() -> None:
    here = session(offers=(offer(ends_at=T0),))
    (one,) = explain(context(rule("R1"), session=here), "RUN-42")
    assert one.reason == "contact.dismissed"


def test_an_explanation_does_not_apply_the_signal() -> None:
    turn = context(rule("A"), signal=signals.CustomerLoggedOut("x"))
    assert explain(turn, "RUN-42") == explain(turn, "RUN-42")
    assert explain(turn, "RUN-42")[0].outcome == "pushed"


def test_an_explanation_agrees_with_the_decision() -> None:
    shop = play(r1(), rule("R2", percent=10, priority=1))
    one = shop.open_session().view("RUN-42", 29)
    assert one.reasons("RUN-42") == one.reasons("RUN-42", "R2") == ["timing.wait"]
    shop.advance(1)
    assert [made.rule for made in one.pushed] == ["R2"]
    assert one.why("RUN-42", "R2").outcome == "standing"


def test_a_taint_is_explained_with_its_cause_its_age_and_its_end() -> None:
    complaint = case(status="resolved", skus=["RUN-42"], resolved_at=T0 - DAY)
    known = profile(NaiveShop([(complaint, T0 - 5)]).history("c1"), Policy())
    here = session(customer="c1", consent="personal")
    (one,) = explain(context(rule("A"), session=here, profile=known), "RUN-42")
    (finding,) = one.findings
    assert (finding.actual, finding.at, finding.until) == ("k1", T0 - 5, T0 + 89 * DAY)


def test_an_offer_rests_on_the_inputs_of_its_turn() -> None:
    turn = context(rule("R1"), rule("B"))
    verdicts = explain(turn, "RUN-42")
    found = evidence_of_offer(turn, offer(), verdicts)
    assert [one.fact for one in found.inputs] == ["product", "price", "cost", "stock"]
    assert (found.currency, found.price[-1].amount) == ("EUR", 10965)
    gone = evidence_of_offer(turn, offer(rule="GONE"), verdicts)
    assert [one.step for one in gone.price] == ["public", "offer"]
    pushed = evidence(turn, "RUN-42", verdicts)
    assert [one.price[-1].amount for one in pushed.values()] == [10965]


def test_the_currency_of_an_item_is_that_of_its_public_price() -> None:
    assert currency_of(context(), "RUN-42") == "EUR"
    assert currency_of(context(items=[]), "GHOST") is None
