"""JSON representations of amounts, instants, offers and stored rows."""

from typing import Any

import msgspec
import pytest

from support.builders import offer as built_offer
from tactful.api import representations
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding, Verdict

NOON = 1_773_144_000_000


def test_an_amount_carries_its_currency_and_absence_stays_absent() -> None:
    assert representations.money(10_965, "EUR") == {"amount": 10_965, "currency": "EUR"}
    assert representations.money(None, "EUR") is None


def test_an_instant_is_rfc_3339_in_utc() -> None:
    assert representations.when(NOON) == "2026-03-10T12:00:00Z"
    assert representations.when(None) is None


def test_an_offer_shows_its_amounts_and_instants_and_is_json() -> None:
    shown = representations.offer(built_offer())
    assert msgspec.json.decode(msgspec.json.encode(shown)) == shown
    assert set(shown["price"]) == {"amount", "currency"}
    assert shown["issued_at"].endswith("Z")
    assert (shown["level"], shown["at_most"], shown["percent_bp"]) == ("item", None, None)


def test_a_verdict_names_its_primary_reason_and_all_failed_gates() -> None:
    finding = Finding(Reason.TIMING_WAIT, actual={"engaged": 10}, at=NOON - 5_000)
    shown = representations.verdict(
        Verdict(rule="R1", sku="RUN-42", outcome="withheld", findings=(finding,)), NOON, "EUR"
    )
    assert (shown["rule"], shown["outcome"], shown["reason"]) == ("R1", "withheld", "timing.wait")
    (gate,) = shown["gates"]
    assert gate["reason"] == "timing.wait"
    assert gate["age"] == 5
    assert gate["change"]
    assert "notes" not in shown


def test_amounts_of_a_failed_gate_have_their_currency() -> None:
    finding = Finding(Reason.PRICE_FLOOR, actual=9000, needed=10413)
    shown = representations.finding(finding, NOON, "EUR")
    assert shown["actual"] == {"amount": 9000, "currency": "EUR"}
    assert shown["needed"] == {"amount": 10413, "currency": "EUR"}


def test_a_verdict_without_a_reason_has_no_gates() -> None:
    shown = representations.verdict(Verdict(rule="R1", sku="RUN-42", outcome="pushed"), NOON, None)
    assert shown == {"rule": "R1", "outcome": "pushed", "gates": []}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"at": NOON}, {"at": "2026-03-10T12:00:00Z"}),
        ({"opened_at": NOON, "accept_until": NOON}, dict.fromkeys(("opened_at", "accept_until"), "2026-03-10T12:00:00Z")),
        ({"since": None}, {"since": None}),
        ({"amount": NOON}, {"amount": NOON}),
        ({"rows": [{"until": NOON}, 7]}, {"rows": [{"until": "2026-03-10T12:00:00Z"}, 7]}),
    ],
)  # fmt: skip
def test_stored_instants_are_exported_as_rfc_3339(stored: Any, shown: Any) -> None:
    assert representations.export(stored) == shown
