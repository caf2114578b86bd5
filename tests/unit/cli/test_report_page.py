"""The page of a report: three answers, charts, and nothing that is loaded."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec import structs

from support.browsers import chromium
from tactful.api.effect_reports import question_of, report_view
from tactful.cli.report_page import report_page
from tactful.measurement.advice import AdviceKind
from tactful.measurement.conclusions import Missing
from tactful.measurement.experiment_report import ReportTerms, report_experiment
from unit.api.test_effect_reports import shown
from unit.measurement import test_report_sentence as sentences
from unit.measurement.test_experiment_report import NOW, Rows, shop

GIVEN = {"currency": "EUR", "discount": 124_000, "likely": 82_000, "least": 50_000, "most": 110_000}


def of_shop(rows: Rows, **question: str) -> dict[str, Any]:
    found = report_experiment(*rows, ReportTerms(now=NOW))
    return report_view(found, question_of(question, NOW), NOW)


def all_in(treated_bp: int) -> Rows:
    """A shop in which every shopper is in one group."""
    triggers, orders, events = shop(400)
    is_treated = treated_bp > 0
    alike = [structs.replace(one, is_treated=is_treated, treated_bp=treated_bp) for one in triggers]
    return alike, orders, events


def text_of(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))


@pytest.mark.parametrize(
    ("report", "answers"),
    [
        (shown(), ("Yes, the offers earn.", "Proven.", "Keep the offers.")),
        (
            of_shop(shop(conversion=(15, 30))),
            ("No, the offers cost money.", "Proven.", "Stop the offers."),
        ),
        (
            of_shop(shop(120)),
            ("That is not known yet.", "Not at all.", "Wait.", "Wait until about"),
        ),
        (
            of_shop(shop(conversion=(22, 21))),
            ("Probably yes.", "Not proven.", "a loss of"),
        ),
        (
            shown() | {"verdict": "cannot_be_trusted", "metrics": []},
            ("These figures cannot say.", "Not at all.", "Find the cause first."),
        ),
        (
            of_shop(all_in(0)),
            ("Not at all.", "No shopper gets", "Let some shoppers get the offers."),
        ),
        (of_shop(all_in(10_000)), ("Every shopper gets", "Hold out 10 % of the shoppers.")),
        (of_shop(shop(cost=None)), ("No item that was bought", "Report the costs of items.")),
        (
            shown() | {"verdict": "too_early", "advice": "keep", "needed": 9},
            ("Keep the offers.", "likelier to pay", "To wait for proof would cost more"),
        ),
        (
            {name: value for name, value in of_shop(shop(0)).items() if name != "money"},
            ("That is not known yet.", "Not at all.", "Wait."),
        ),
    ],
    ids=[
        "earns",
        "costs",
        "too early",
        "unclear",
        "not trusted",
        "all held out",
        "none held out",
        "no costs",
        "likelier",
        "nobody",
    ],
)
def test_a_page_answers_whether_how_sure_and_what_to_do(
    report: dict[str, Any], answers: tuple[str, ...]
) -> None:
    page = report_page(report)
    for answer in answers:
        assert answer in text_of(page)
    assert report["sentence"] in text_of(page)


def test_a_page_loads_nothing_and_allows_its_own_style_alone() -> None:
    page = report_page(shown() | {"given_away": GIVEN})
    assert not re.search(r"\b(src|href)=|url\(|@import|<script|<link| style=", page)
    style = page.split("<style>")[1].split("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"
        in (unescape(page))
    )


def test_the_charts_say_in_words_what_they_show() -> None:
    page = report_page(shown() | {"given_away": GIVEN})
    charts = [ET.fromstring(one) for one in re.findall(r"<svg.*?</svg>", page)]  # noqa: S314 - our own page
    labels = [chart.get("aria-label") or "" for chart in charts]
    assert labels[0].startswith("At worst ")
    assert labels[1] == "820.00 EUR of 1240.00 EUR."
    assert labels[2].startswith("between +")
    assert charts[1][1].get("width") == "264.5"


def test_the_bar_of_a_loss_lies_left_of_zero() -> None:
    page = report_page(of_shop(shop(conversion=(15, 30))))
    chart = ET.fromstring(re.findall(r"<svg.*?</svg>", page)[0])  # noqa: S314 - our own page
    zero, bar = chart[0], chart[1]
    assert float(bar.get("x2") or 0) < float(zero.get("x1") or 0)


def test_a_page_names_who_is_left_out_and_shows_names_as_they_are() -> None:
    report = of_shop(shop(400), rule="R<1>", territory="DE")
    report |= {"immature": 12, "unknown_cost": 3, "unlinked": 1200}
    page = report_page(report)
    assert "Rule R&lt;1&gt; in DE" in page
    for words in ("12 more are left out", "3 order lines have no", "1,200 orders name neither"):
        assert words in text_of(page)


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1200])
def test_a_page_fits_a_phone_and_its_style_applies(width: int) -> None:
    with chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.set_content(report_page(shown() | {"given_away": GIVEN}))
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.answers')).display") == "grid"
        )
        assert said == []
        context.close()


@pytest.mark.parametrize(
    ("kind", "answer"), [(AdviceKind.KEEP, "Probably yes."), (AdviceKind.STOP, "Probably not.")]
)
def test_what_is_likely_without_proof_is_said(kind: AdviceKind, answer: str) -> None:
    found = sentences.report(advice=sentences.advice(kind))
    page = report_page(report_view(found, question_of({}, sentences.NOW), sentences.NOW))
    assert f"<strong>{answer}</strong>" in page
    assert "<strong>Not proven.</strong>" in page


def test_where_an_answer_takes_more_than_a_year_the_page_does_not_say_to_wait() -> None:
    found = sentences.report(missing=Missing(10**7, None))
    page = report_page(report_view(found, question_of({}, sentences.NOW), sentences.NOW))
    assert "<strong>Hold out half of the shoppers.</strong>" in page
    assert "Wait." not in page


def test_a_page_that_says_to_wait_says_what_to_ask_then() -> None:
    page = report_page(
        report_view(sentences.report(), question_of({}, sentences.NOW), sentences.NOW)
    )
    assert "Then ask about the time from 2026-02-08 on again" in page
