"""What each event adds to the metrics, in the text that Prometheus reads."""

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.builders import offer
from tactful.core.decision import ConfirmAcceptance, PushOffer, WithdrawOffer
from tactful.runtime.telemetry import PLAIN_COUNTERS, Telemetry


def metrics(telemetry: Telemetry) -> dict[tuple[str, ...], float]:
    """(name, label values …) → value."""
    families = text_string_to_metric_families(telemetry.exposition().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


PLAIN: dict[str, Callable[[Telemetry], None]] = {
    "signals_dropped": Telemetry.record_dropped_signal,
    "cart_lines_dropped": lambda telemetry: telemetry.record_dropped_cart_lines(1),
    "ledger_failures": Telemetry.record_ledger_failure,
    "turns_crashed": Telemetry.record_crash,
    "sessions_moved": Telemetry.record_moved_session,
    "loop_stalls": Telemetry.record_stall,
    "trials_stopped": Telemetry.record_stopped_trial,
    "general_offers": Telemetry.record_general_offer,
}


def test_every_plain_counter_has_an_event() -> None:
    assert PLAIN.keys() == PLAIN_COUNTERS.keys()


@pytest.mark.parametrize("name", PLAIN_COUNTERS)
def test_an_event_adds_one_to_its_counter_and_to_no_other(name: str) -> None:
    telemetry = Telemetry()
    before = metrics(telemetry)
    PLAIN[name](telemetry)
    after = metrics(telemetry)
    changed = {key for key in after if after[key] != before[key] and not key[0].endswith("created")}
    assert changed == {(f"tactful_{name}_total",)}
    assert after[f"tactful_{name}_total",] == 1


def test_effects_facts_reloads_and_redemptions_are_counted_by_label() -> None:
    telemetry = Telemetry()
    one = offer()
    telemetry.record_delivery([PushOffer(one), WithdrawOffer(one.id, 2), PushOffer(one)])
    telemetry.record_delivery([ConfirmAcceptance(one)])
    telemetry.record_facts(3, 2, 1)
    telemetry.record_reload("same")
    telemetry.record_redemption(409)
    telemetry.record_refused_commit("facts.newer")
    found = metrics(telemetry)
    assert found["tactful_effects_total", "push"] == 2
    assert found["tactful_effects_total", "withdraw"] == 1
    assert found["tactful_effects_total", "confirm"] == 1
    assert found["tactful_facts_total", "accepted"] == 3
    assert found["tactful_facts_total", "ignored"] == 2
    assert found["tactful_facts_total", "rejected"] == 1
    assert found["tactful_rulebook_reloads_total", "same"] == 1
    assert found["tactful_redemptions_total", "409"] == 1
    assert found["tactful_commits_refused_total", "facts.newer"] == 1


def test_a_gauge_is_read_at_each_scrape() -> None:
    telemetry, values = Telemetry(), [1.0, 2.0]
    telemetry.add_gauge("tactful_test", "Test", lambda: [(("a",), values.pop(0))], ("which",))
    assert metrics(telemetry)["tactful_test", "a"] == 1
    assert metrics(telemetry)["tactful_test", "a"] == 2


def test_two_shops_share_no_metric() -> None:
    first, second = Telemetry(), Telemetry()
    first.record_folded()
    assert metrics(first)["tactful_signals_passed_total",] == 1
    assert metrics(second)["tactful_signals_passed_total",] == 0
