"""The first sentence of a report."""

from typing import Any

import pytest
from msgspec import structs

from tactful.core.values.calendar import parse_rfc3339
from tactful.measurement.advice import NO_ADVICE, Advice, AdviceKind, MoneyPerMonth
from tactful.measurement.conclusions import Conclusion, Missing
from tactful.measurement.experiment_report import (
    ExperimentReport,
    ReportTerms,
    report_experiment,
)
from tactful.measurement.report_sentence import (
    NO_COSTS,
    lacks_costs,
    report_sentence,
    variants_sentence,
)
from tactful.measurement.sample_ratio import SampleRatio
from tactful.measurement.variant_report import VariantReport, VariantsReport
from unit.measurement import test_experiment_report as shops

NOW = parse_rfc3339("2026-03-10T12:00:00Z")
MONEY = MoneyPerMonth(124_000, -30_000, 280_000)
CHANGES = (
    "most likely a gain of 1240.00 EUR a month, at worst a loss of 300.00 EUR and at best a gain of"
    " 2800.00 EUR"
)
UNTIL = (
    "Wait until about 2026-06-08. By then about 12,345 more shoppers have been counted, which should be"
    " enough to decide."
)
UNPROVEN = f"It is not proven whether the offers earn or cost money: {CHANGES}."
WAITING = "A month of waiting costs about 40.00 EUR, because some shoppers are in the worse group."


def report(**changes: Any) -> ExperimentReport:
    """A report of a shop with enough units, which is not yet decided."""
    made = ExperimentReport(
        treated=900,
        held_out=100,
        treated_bp=9000,
        immature=50,
        crossed=0,
        other_share=0,
        unlinked=0,
        unknown_cost=0,
        ratio=SampleRatio(0.4),
        metrics=(),
        currency="EUR",
        conclusion=Conclusion.TOO_EARLY,
        advice=Advice(AdviceKind.WAIT, MONEY, 4000, 5000),
        missing=Missing(12_345, 90),
    )
    return structs.replace(made, **changes)


def advice(kind: AdviceKind, waiting: int | None = None) -> Advice:
    return Advice(kind, MONEY, waiting, None)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            report(treated=0, held_out=0, immature=0),
            (
                "Nothing can be said: no shopper with consent was due an offer in this time."
                " Ask about a longer time, or wait."
            ),
        ),
        (
            report(treated_bp=10_000),
            (
                "Nothing can be known, because every shopper gets the offers."
                " Hold out 10 % of the shoppers, so that their purchases show what offers change."
            ),
        ),
        (
            report(treated_bp=0),
            (
                "Nothing can be known, because no shopper gets the offers."
                " Hold out 10 % of the shoppers instead of all."
            ),
        ),
        (
            report(conclusion=Conclusion.CANNOT_BE_TRUSTED, advice=NO_ADVICE),
            (
                "These figures cannot be trusted: one group has lost shoppers that the other has kept."
                " Usual causes are a page that fails with offers only, robots, or a session id that is"
                " not kept. Find the cause before you decide about the offers."
            ),
        ),
        (
            report(advice=NO_ADVICE, currency=None, missing=None),
            "It is too early to say anything: too few shoppers have bought yet. Wait.",
        ),
        (
            report(currency=None),
            f"It is too early to say anything: too few shoppers have bought yet. {UNTIL}",
        ),
        (
            report(conclusion=Conclusion.EARNS, advice=advice(AdviceKind.KEEP)),
            f"It is proven that the offers earn money: {CHANGES}. Keep them.",
        ),
        (
            report(conclusion=Conclusion.COSTS, advice=advice(AdviceKind.STOP)),
            f"It is proven that the offers cost money: {CHANGES}. Stop them.",
        ),
        (
            report(conclusion=Conclusion.NO_DIFFERENCE, advice=advice(AdviceKind.SHRINK)),
            (
                f"It is proven that the offers change almost nothing: {CHANGES}."
                " Give smaller discounts."
            ),
        ),
        (report(), f"{UNPROVEN} {UNTIL} {WAITING}"),
        (
            report(advice=advice(AdviceKind.WAIT), missing=Missing(10**7, None)),
            (
                f"{UNPROVEN} An answer needs about 10,000,000 more shoppers, who take more than a year"
                " to come. Make both groups equally large: the smaller one decides how long it takes. A"
                " larger discount makes a larger difference, which shows sooner."
            ),
        ),
        (report(advice=advice(AdviceKind.WAIT), missing=None), f"{UNPROVEN} Wait."),
        (
            report(advice=advice(AdviceKind.KEEP)),
            (
                f"{UNPROVEN} Keep the offers: a gain is likelier."
                " To wait for proof would cost more than it can save."
            ),
        ),
        (
            report(held_out=99, missing=None),
            "It is too early to say anything: each group needs 100 shoppers. Wait.",
        ),
        (
            report(advice=advice(AdviceKind.STOP), missing=None),
            (
                f"{UNPROVEN} Stop the offers: a loss is likelier."
                " To wait for proof would cost more than it can save."
            ),
        ),
    ],
)
def test_the_sentence_says_what_is_known_and_what_to_do(
    found: ExperimentReport, sentence: str
) -> None:
    assert report_sentence(found, NOW) == sentence


def variants(*pairs: ExperimentReport, **changes: Any) -> VariantsReport:
    """A report of an experiment whose rules `b`, `c` … are compared with `a`."""
    made = VariantsReport(
        edition="e1",
        started=NOW,
        other_edition=0,
        arms=(),
        ratio=None,
        against_nothing=(),
        against_first=tuple(
            VariantReport(name, "a", one) for name, one in zip("bcd", pairs, strict=False)
        ),
    )
    return structs.replace(made, **changes)


LESS = MoneyPerMonth(-124_000, -280_000, 30_000)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (variants(edition=""), "Nothing can be said: no shopper with consent was due an offer"),
        (variants(ratio=SampleRatio(0.0)), "These figures cannot be trusted"),
        (variants(), "It is too early to compare: the shoppers of one rule only"),
        (
            variants(report(advice=NO_ADVICE)),
            "It is too early to compare 'b' with 'a': too few shoppers have bought yet. Wait until",
        ),
        (
            variants(report(conclusion=Conclusion.EARNS)),
            f"It is proven that 'b' earns more than 'a': {CHANGES}. Keep 'b'.",
        ),
        (
            variants(report(conclusion=Conclusion.COSTS)),
            f"It is proven that 'b' earns less than 'a': {CHANGES}. Keep 'a'.",
        ),
        (
            variants(report(conclusion=Conclusion.NO_DIFFERENCE)),
            f"It is proven that 'b' and 'a' earn almost the same: with 'b' {CHANGES}. Keep the one",
        ),
        (
            variants(report(missing=None)),
            (
                f"It is not proven which of 'b' and 'a' earns more: with 'b' {CHANGES}. Wait."
                f" {WAITING}"
            ),
        ),
        (
            variants(report(advice=advice(AdviceKind.KEEP), missing=None)),
            (
                f"It is not proven which of 'b' and 'a' earns more: with 'b' {CHANGES}."
                " Keep 'b': it is likelier to earn more."
            ),
        ),
        (
            variants(report(advice=Advice(AdviceKind.STOP, LESS, None, None), missing=None)),
            (
                "It is not proven which of 'b' and 'a' earns more: with 'b' most likely a loss of"
                " 1240.00 EUR a month"
            ),
        ),
    ],
)
def test_the_sentence_of_an_experiment_names_the_rule_to_keep(
    found: VariantsReport, sentence: str
) -> None:
    assert variants_sentence(found, NOW).startswith(sentence)


def test_the_likelier_rule_is_kept_where_waiting_costs_too_much() -> None:
    found = variants(report(advice=Advice(AdviceKind.STOP, LESS, None, None), missing=None))
    assert variants_sentence(found, NOW).endswith(
        "Keep 'a': it is likelier to earn more. To wait for proof would cost more than it can save."
    )


def test_each_further_rule_has_a_sentence() -> None:
    found = variants(report(conclusion=Conclusion.EARNS), report(conclusion=Conclusion.COSTS))
    assert "Keep 'b'. It is proven that 'c' earns less than 'a'" in variants_sentence(found, NOW)


@pytest.mark.parametrize("unknown", [{"cost": None}, {"cost": None, "tax_bp": None}])
def test_without_costs_nothing_is_said_about_the_margin(unknown: dict[str, None]) -> None:
    found = report_experiment(*shops.shop(**unknown), ReportTerms(now=shops.NOW))  # type: ignore[arg-type]
    assert lacks_costs(found)
    assert report_sentence(found, NOW) == NO_COSTS
    assert variants_sentence(variants(found), NOW) == NO_COSTS


def test_a_report_without_unknown_costs_or_without_metrics_lacks_no_costs() -> None:
    assert not lacks_costs(report_experiment(*shops.shop(), ReportTerms(now=shops.NOW)))
    assert not lacks_costs(report(unknown_cost=3))


def test_amounts_in_other_currencies_are_named() -> None:
    triggers, orders, events = shops.shop()
    paid = [
        structs.replace(
            order,
            lines=tuple(
                structs.replace(line, currency=("EUR", "EUR", "GBP", "CHF")[number % 4])
                for line in order.lines
            ),
        )
        for number, order in enumerate(orders)
    ]
    found = report_experiment(triggers, paid, events, ReportTerms(now=shops.NOW))
    end = "These amounts are of purchases in EUR only, without CHF and GBP."
    assert report_sentence(found, NOW).endswith(end)
    assert variants_sentence(variants(found), NOW).endswith(end)
