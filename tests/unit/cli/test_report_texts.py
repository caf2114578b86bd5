"""Reports as text."""

from typing import Any

from tactful.cli.report_texts import print_lasting, print_report, print_variants
from tactful.measurement.metric_names import METRIC_NAMES
from unit.api.test_effect_reports import shown


def test_arms_that_cannot_be_trusted_say_so_in_the_lasting_effect(capsys: Any) -> None:
    lost = shown() | {
        "srm": {"ok": False, "p": 0.0},
        "sentence": "Not to be trusted.",
        "metrics": [],
    }
    print_lasting([lost])
    text = capsys.readouterr().out
    assert "7 days: Not to be trusted." in text
    assert "per shopper" not in text


def test_what_was_given_away_is_said_in_money(capsys: Any) -> None:
    given = {
        "currency": "EUR",
        "discount": 124_000,
        "likely": 82_000,
        "least": 50_000,
        "most": 110_000,
    }
    print_report(shown() | {"given_away": given})
    text = capsys.readouterr().out
    assert (
        "Offers gave 1240.00 EUR of discounts. About 820.00 EUR of it went to shoppers who" in text
    )


def test_a_report_in_words_names_what_is_left_out(capsys: Any) -> None:
    answer = shown() | {"immature": 12, "crossed": 3, "unlinked": 1200}
    print_report(answer)
    text = capsys.readouterr().out
    assert text.startswith("It is proven that the offers earn money: most likely a gain of ")
    assert "12 more are left out because their days are not over." in text
    assert "1,200 orders name neither a customer nor a session" in text
    assert "order lines have no known cost" not in text
    assert text.count("–") == 10
    for name in METRIC_NAMES.values():
        assert name in text
    assert "Of twenty such ranges, one misses the truth by chance." in text


def test_rules_that_cannot_be_compared_yet_say_so(capsys: Any) -> None:
    answer = {
        "sentence": "S.", "arms": {}, "shares_bp": {}, "started": None, "other_edition": 0,
        "variants": {"R1": shown() | {"metrics": [], "sentence": "Too early."}},
    }  # fmt: skip
    print_variants(answer)
    text = capsys.readouterr().out
    assert "R1 against no offer" in text
    assert "Too early." in text


def test_a_report_that_says_to_wait_says_what_to_ask_then(capsys: Any) -> None:
    waiting = {"advice": "wait", "verdict": "too_early", "expected_on": "2026-06-08"}
    print_report(shown() | waiting)
    text = capsys.readouterr().out
    assert "How sure is that? Not proven." in text
    assert "Ask again then, with --since 2026-" in text
    print_report(shown())
    assert "Ask again" not in capsys.readouterr().out
