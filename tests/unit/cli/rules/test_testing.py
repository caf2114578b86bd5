"""`tactful rules test` and `coverage` run the scenarios beside the rules, and report their results."""

import json
from pathlib import Path

import pytest

from support.cli_runner import run
from support.rule_files import PLENTY_RULES, PLENTY_TESTS


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "plenty.yaml").write_text(PLENTY_RULES)
    return folder


def test_a_failing_test_shows_what_was_expected_and_what_every_rule_said(shop: Path) -> None:
    (shop / "plenty.test.yaml").write_text(PLENTY_TESTS)
    assert "1 of 1 test passes" in run("rules", "test").output
    (shop / "plenty.test.yaml").write_text(
        PLENTY_TESTS.replace("price: 90.00 EUR", "price: 80.00 EUR")
    )
    result = run("rules", "test", "rules/plenty.test.yaml")
    assert result.exit_code == 1
    assert "rules/plenty.test.yaml:12: expected a price of 80.00 EUR" in result.output
    assert "plenty: standing" in result.output
    (shop / "plenty.test.yaml").write_text(PLENTY_TESTS.replace("stock: 9", "stock: 1"))
    assert (
        "target.conditions: is item.stock 1, needs item.stock: {at_least: "
        in run("rules", "test").output
    )
    assert json.loads(run("rules", "test", "--json").output)[0]["name"] == "plenty of it"


def test_a_failing_test_prints_amounts_in_units_with_their_currency(shop: Path) -> None:
    dear = PLENTY_TESTS.replace("price: 100.00 EUR", "price: 100.00 EUR, target: 105.00 EUR")
    (shop / "plenty.test.yaml").write_text(dear)
    assert "price.floor: is 99.99 EUR, needs 105.00 EUR" in run("rules", "test").output


def test_a_failing_test_says_in_words_what_the_moment_lacks(shop: Path) -> None:
    (shop / "plenty.test.yaml").write_text(PLENTY_TESTS.replace("wait: 31s", "wait: 10s"))
    output = run("rules", "test").output
    assert "timing.wait: is 10 s of engaged time, needs 20 s more" in output


def test_broken_tests_are_findings_and_broken_rules_an_error(shop: Path) -> None:
    (shop / "plenty.test.yaml").write_text("tests: [{name: a}]\n")
    result = run("rules", "test")
    assert (result.exit_code, "R202" in result.output) == (1, True)
    (shop / "plenty.yaml").write_text("rules: {}\n")
    result = run("rules", "test")
    assert (result.exit_code, "R204" in result.output) == (2, True)


def test_coverage_names_the_gaps_and_can_have_a_threshold(shop: Path) -> None:
    (shop / "plenty.test.yaml").write_text(PLENTY_TESTS)
    result = run("rules", "coverage")
    assert result.exit_code == 0
    assert "plenty: item.stock: {at_least: 5} was never false" in result.output
    assert "The tests cover 66.66% of the rules and conditions." in result.output
    assert run("rules", "coverage", "--threshold", "90%").exit_code == 1
    assert run("rules", "coverage", "--threshold", "lots").exit_code == 2
    (shop / "plenty.test.yaml").unlink()
    assert "plenty: never offered" in run("rules", "coverage").output
