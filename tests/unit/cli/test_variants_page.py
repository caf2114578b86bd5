"""The page of an experiment: each rule beside another one, and beside no offer."""

import re
from html import unescape
from typing import Any

import pytest

from support.browsers import chromium
from tactful.api.effect_reports import question_of, report_view, variants_view
from tactful.cli.variants_page import variants_page
from tactful.measurement.experiment_report import ExperimentReport, ReportTerms, report_experiment
from tactful.measurement.sample_ratio import SampleRatio
from tactful.measurement.variant_report import VariantArm, VariantReport
from unit.measurement.test_experiment_report import NOW, shop
from unit.measurement.test_report_sentence import variants

LONG = "fifteen-percent-off-everything-in-the-autumn-sale-for-hesitating-shoppers"


def found(*conversion: int) -> ExperimentReport:
    return report_experiment(*shop(conversion=conversion), ReportTerms(now=NOW))  # type: ignore[arg-type]


def shown(name: str = "b", **changes: Any) -> dict[str, Any]:
    """An experiment whose rule earns more than rule `a`, and more than no offer."""
    one = variants(
        arms=(VariantArm("a", 4500, 1990), VariantArm(name, 4500, 2010), VariantArm("", 1000, 400)),
        against_first=(VariantReport(name, "a", found(30, 20)),),
        against_nothing=(VariantReport("a", "", found(21, 20)), VariantReport(name, "", found(30, 20))),
    )  # fmt: skip
    question = question_of({}, NOW)
    return variants_view(one, question, NOW) | {"experiment": "E"} | changes


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.split("</style>")[1])))


def test_a_page_says_which_rule_earns_more_and_whether_each_earns() -> None:
    text = text_of(variants_page(shown()))
    assert "Experiment E, shoppers from" in text
    for words in (
        "Does b earn more than a? Yes, b earns more. Most likely a gain of",
        "How sure is that? Proven.",
        "What should I do? Keep b.",
        "Does a earn more than no offer? Probably yes.",
        "Does b earn more than no offer? Yes, b earns.",
        "What should I do? Keep b rather than no offer.",
        "a 1,990 45 %",
        "no offer (held out) 400 10 %",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("verdict", "advice", "words"),
    [
        ("costs", "stop", "No, b earns less."),
        ("costs", "stop", "What should I do? Keep a."),
        ("no_difference", "shrink", "Keep the one that gives less."),
    ],
)
def test_a_rule_that_is_no_better_is_not_kept(verdict: str, advice: str, words: str) -> None:
    one = shown()
    one["compared"]["variants"]["b"] |= {"verdict": verdict, "advice": advice}
    assert words in text_of(variants_page(one))


def test_groups_of_wrong_sizes_are_not_compared() -> None:
    lost = variants_view(variants(ratio=SampleRatio(0.0)), question_of({}, NOW), NOW)
    text = text_of(variants_page(lost | {"experiment": "E"}))
    assert "These figures cannot be trusted" in text
    assert "Find the cause first." in text


def test_an_experiment_without_shoppers_says_so() -> None:
    nobody = variants_view(
        variants(edition="", started=None), question_of({"territory": "DE"}, NOW), NOW
    )
    text = text_of(variants_page(nobody | {"experiment": "E"}))
    assert "Experiment E in DE, " in text
    assert "Nothing can be said" in text
    assert "Who was compared" not in text


def test_shoppers_of_earlier_editions_are_counted_and_names_are_shown_as_they_are() -> None:
    page = variants_page(shown("<b>", other_edition=1) | {"experiment": "<E>"})
    assert "1 more shopper is left out because the experiment was changed since." in text_of(page)
    assert "<b>" not in page
    assert "Experiment &lt;E&gt;" in page


@pytest.mark.browser
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_page_with_long_names_fits_a_phone(colours: Any) -> None:
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme=colours)
        page = context.new_page()
        page.set_content(variants_page(shown(LONG)))
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        context.close()


def test_the_single_report_is_of_the_same_shape() -> None:
    assert {"sentence", "since", "until", "verdict", "advice", "metrics"} <= report_view(
        found(30, 20), question_of({}, NOW), NOW
    ).keys()
