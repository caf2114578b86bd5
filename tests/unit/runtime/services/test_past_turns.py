"""The recorded turns of a session, shown as they were recorded."""

from msgspec import structs

from support.ledger_rows import T0, offer
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.session.signals import TimerFired
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import DecisionTrace, Finding, Verdict
from tactful.runtime.ports.ledger_rows import AuditRow, TurnEntry
from tactful.runtime.services.past_turns import (
    as_of,
    last_full,
    offers_at,
    recorded_evidence,
    recorded_verdicts,
)
from tactful.runtime.turn_log.log_encoding import encode, encode_trace


def entry(at: int, *verdicts: Verdict) -> TurnEntry:
    return TurnEntry(
        session="s1", customer=None, at=at, rulebook="v1", signal=encode(TimerFired()),
        trace=encode_trace(DecisionTrace(verdicts)) if verdicts else None,
    )  # fmt: skip


def withheld(rule: str, sku: str, reason: Reason) -> Verdict:
    return Verdict(rule, sku, "withheld", (Finding(reason),))


def test_the_last_verdict_of_each_rule_on_the_item_is_shown() -> None:
    early, other = withheld("r1", "RUN-42", Reason.TIMING_WAIT), Verdict("r2", "RUN-42", "pushed")
    late, elsewhere = Verdict("r1", "RUN-42", "pushed"), Verdict("r1", "BOOT-42", "pushed")
    entries = [entry(1, early, other), entry(2), entry(3, late), entry(4, elsewhere)]
    found = recorded_verdicts(entries, "RUN-42")
    assert [(one.verdict, one.at) for one in found] == [(late, 3), (other, 1)]
    assert found[1].trace == (early, other)
    assert recorded_verdicts(entries, "SOCK-3") == []


def row(one: Offer, at: int, to: OfferState) -> AuditRow:
    return AuditRow(OfferStep(one.id, at, at, to), structs.replace(one, state=OfferState.EXPIRED))


def test_offers_are_shown_in_their_state_of_then() -> None:
    one, two = offer("of_1"), offer("of_2", sku="BOOT-42")
    rows = [
        row(one, T0 + 9, OfferState.EXPIRED),
        row(two, T0 + 5, OfferState.PUSHED),
        row(one, T0 + 2, OfferState.SHOWN),
        row(one, T0 + 1, OfferState.PUSHED),
    ]
    states = {
        at: [(found.id, found.state.value) for found in offers_at(rows, T0 + at)]
        for at in (1, 2, 5, 6, 10)
    }
    assert states == {
        1: [],
        2: [("of_1", "pushed")],
        5: [("of_1", "shown")],
        6: [("of_2", "pushed"), ("of_1", "shown")],
        10: [("of_1", "expired"), ("of_2", "pushed")],
    }


def test_a_verdict_is_standing_while_its_offer_stands() -> None:
    pushed = Verdict("r1", "RUN-42", "pushed")
    stood, ended = offer("of_1"), offer("of_1", state=OfferState.EXPIRED)
    assert as_of(pushed, [stood]).outcome == "standing"
    assert as_of(pushed, [ended]) is pushed
    assert as_of(pushed, []) is pushed


def test_recorded_evidence_has_the_ends_of_the_price_and_the_rules_that_lost() -> None:
    trace = (
        withheld("r2", "RUN-42", Reason.ARBITRATION_OUTRANKED),
        Verdict("r1", "RUN-42", "pushed"),
    )
    found = recorded_evidence(offer(), trace, "")
    assert [(step.step, step.amount) for step in found.price] == [
        ("public", 12900),
        ("offer", 10965),
    ]
    assert [one.rule for one in found.lost] == ["r2"]
    assert (found.recorded_by, found.inputs, found.conditions) == ("0.1.0", (), ())


def test_a_log_without_a_full_record_has_no_start() -> None:
    assert last_full([entry(1)]) is None
