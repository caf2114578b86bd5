"""`GET /v1/report` says what offers earned, compared with shoppers who were held out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from contracts.test_exposure_store import exposure
from journeys.fixture import CATALOGUE, order, rules
from support.live_server import LiveServer, live_server
from tactful.api.effect_reports import (
    COLUMNS,
    VARIANT_COLUMNS,
    csv_text,
    question_of,
    report_view,
    window_of,
)
from tactful.api.problems import ProblemError
from tactful.core.session.signals import ItemViewed
from tactful.core.values.calendar import DAY, format_rfc3339, parse_rfc3339
from tactful.measurement.experiment_report import ReportTerms, report_experiment
from tactful.measurement.given_away import GivenAway
from tactful.runtime.ports.ledger_rows import Commit
from unit.measurement.test_experiment_report import NOW, shop
from unit.measurement.test_unit_outcomes import trigger

HALF = rules(policy="").replace("holdout: 0%", "holdout: 50%")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, HALF) as server:
        await server.facts(*CATALOGUE)
        yield server


async def report(one: LiveServer, **query: str) -> dict[str, Any]:
    answer = await one.http.get("/v1/report", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_shoppers_with_and_without_offers_are_compared(one: LiveServer) -> None:
    for number in range(8):
        shopper = await one.known(f"c{number}")
        await shopper.view("RUN-42", 31)
    await one.advance(3600)
    placed = [order(f"o{n}", f"c{n}", "RUN-42") for n in range(4)]
    await one.facts(*placed)
    await one.advance(8 * 86_400)
    found = await report(one, rule="R1")
    arms = found["arms"]
    assert arms["treated"] + arms["held_out"] == 8
    assert min(arms.values()) > 0
    assert (found["treated_share_bp"], found["srm"]["ok"], found["verdict"]) == (
        5000, True, "too_early",
    )  # fmt: skip
    assert found["advice"] == "wait"
    assert found["sentence"].startswith("It is")
    assert found == await report(one, rule="R1")


async def test_a_shopper_without_personal_consent_is_no_unit(one: LiveServer) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 31)
    found = await report(one)
    assert (found["arms"], found["immature"]) == ({"treated": 0, "held_out": 0}, 0)
    assert found["metrics"] == []


async def test_an_order_without_an_offer_counts_for_its_session_of_a_held_out_shopper(
    one: LiveServer,
) -> None:
    shoppers = [await one.shopper(consent="personal") for _ in range(12)]
    for shopper in shoppers:
        await shopper.view("RUN-42", 31)
    outcomes = [(await one.why("RUN-42", session=each.session))["outcome"] for each in shoppers]
    held_out = [each for each, out in zip(shoppers, outcomes, strict=True) if out == "held_out"]
    assert 0 < len(held_out) < len(shoppers)
    await one.advance(3600)
    placed_at = format_rfc3339(one.parts.shop.clock.now())
    orders = [
        order(f"o{number}", "", "RUN-42", placed_at=placed_at, session=shopper.session)
        for number, shopper in enumerate(held_out)
    ]
    orders.append(order("o-nobody", "", "RUN-42", placed_at=placed_at))
    await one.facts(*({key: fact[key] for key in fact if key != "customer"} for fact in orders))
    await one.advance(8 * 86_400)
    found = await report(one, rule="R1")
    (conversion,) = [row for row in found["metrics"] if row["metric"] == "conversion"]
    assert (conversion["held_out"], conversion["treated"]) == (1.0, 0.0)
    assert (found["arms"]["held_out"], found["unlinked"]) == (len(held_out), 1)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"format": "html"}, 422, "report.format"),
        ({"window": "soon"}, 422, "report.window"),
        ({"window": "2h"}, 422, "report.window"),
        ({"window": "181d"}, 422, "report.window"),
        ({"since": "yesterday"}, 400, "query.instant"),
        ({"since": "2026-03-10T12:00:00Z", "until": "2026-03-10T12:00:00Z"}, 422, "report.time"),
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(
    one: LiveServer, query: dict[str, str], status: int, code: str
) -> None:
    answer = await one.http.get("/v1/report", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_metrics_can_be_had_as_csv(one: LiveServer) -> None:
    now = one.parts.shop.clock.now()
    ledger = one.parts.shop.ledger
    exposures = [
        exposure(f"se_{n}", rule="R1", at=now - 10 * DAY, is_treated=n % 2 == 0) for n in range(6)
    ]
    await ledger.commit(Commit(exposures=tuple(exposures)))
    answer = await one.http.get("/v1/report", params={"format": "csv", "rule": "R1"})
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert lines[0].split(",") == list(COLUMNS)
    assert lines[1].split(",")[:6] == ["conversion", "", "3", "3", "0.0", "0.0"]


def shown(**terms: Any) -> dict[str, Any]:
    found = report_experiment(*shop(), ReportTerms(now=NOW, **terms))
    return report_view(found, question_of({}, NOW), NOW)


def test_a_decided_report_has_money_and_an_undecided_one_says_what_is_missing() -> None:
    earning = shown()
    assert (earning["verdict"], earning["advice"]) == ("earns", "keep")
    assert earning["money"]["worst"] < earning["money"]["likely"] < earning["money"]["best"]
    assert (earning["money"]["currency"], earning["money"]["per"]) == ("EUR", "month")
    assert earning["waiting"] > 0
    assert earning["trial_units"] > 0
    assert "needed" not in earning
    small = report_experiment(*shop(120), ReportTerms(now=NOW))
    undecided = report_view(small, question_of({"rule": "R1", "territory": "DE"}, NOW), NOW)
    assert (undecided["rule"], undecided["territory"]) == ("R1", "DE")
    assert undecided["needed"] > 0
    assert undecided["expected_on"] > "2026-04-19"


def test_a_metric_says_how_much_was_cut_and_removed() -> None:
    margin = shown()["metrics"][0]
    assert (margin["metric"], margin["currency"]) == ("margin", "EUR")
    assert margin["interval"][0] < margin["fixed_interval"][0] < margin["difference"]
    assert margin["lift_interval"][0] < margin["lift"]
    assert margin["variance_removed"] >= 0
    assert margin["winsorised"]["units"] == 4


def test_a_metric_in_which_no_shoppers_differ_has_no_range() -> None:
    rows = {one["metric"]: one for one in shown()["metrics"]}
    complaints = rows["complaint_rate"]
    assert (complaints["treated"], complaints["difference"]) == (0.0, 0.0)
    assert (complaints["interval"], complaints["fixed_interval"]) == (None, None)
    assert complaints["lift_interval"] is None
    line = next(one for one in csv_text(shown()).splitlines() if one.startswith("complaint_rate"))
    assert line.endswith(",0.0,0.0,0.0,,,,,")


def test_what_was_given_away_has_the_currency_of_the_margin() -> None:
    found = report_experiment(*shop(), ReportTerms(now=NOW))
    given = GivenAway(discount=5000, likely=3000, least=2000, most=4000)
    view = report_view(structs.replace(found, given_away=given), question_of({}, NOW), NOW)
    assert view["given_away"] == {
        "currency": "EUR", "discount": 5000, "likely": 3000, "least": 2000, "most": 4000,
    }  # fmt: skip
    assert "given_away" not in shown()


def test_a_far_day_is_not_named() -> None:
    triggers = [trigger(f"s{n}", is_treated=n % 2 == 0) for n in range(10)]
    _, orders, _ = shop(20)
    found = report_experiment(triggers, orders, [], ReportTerms(now=NOW + 9999 * DAY))
    assert found.missing is None or found.missing.days is None
    assert "expected_on" not in report_view(found, question_of({}, NOW), NOW)


def test_a_metric_without_a_lift_has_empty_cells() -> None:
    text = csv_text({"metrics": [
        {
            "metric": "discount", "currency": "EUR", "units": {"treated": 2, "held_out": 3},
            "treated": 5.5, "held_out": 0.0, "difference": 5.5, "interval": [1.0, 10.0],
            "lift": None, "lift_interval": None,
        }
    ]})  # fmt: skip
    assert text.splitlines()[1] == "discount,EUR,2,3,5.5,0.0,5.5,1.0,10.0,,,"


def test_a_question_without_a_time_is_about_the_last_30_days() -> None:
    question = question_of({}, NOW)
    assert (question.since, question.until, question.window) == (
        NOW + 1 - 30 * DAY, NOW + 1, 7 * DAY,
    )  # fmt: skip
    longer = question_of({"window": "90d"}, NOW)
    assert (longer.since, longer.window) == (NOW + 1 - 113 * DAY, 90 * DAY)
    assert question_of({"window": "1d"}, NOW).since == NOW + 1 - 30 * DAY
    given = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z", "window": "30d"}
    question = question_of(given, NOW)
    assert question.since == parse_rfc3339("2026-01-01T00:00:00Z")
    assert question.until == parse_rfc3339("2026-02-01T00:00:00Z")
    assert question.window == 30 * DAY


@pytest.mark.parametrize(("text", "window"), [(None, 7 * DAY), ("1d", DAY), ("180d", 180 * DAY)])
def test_a_window_lasts_from_one_day_to_180(text: str | None, window: int) -> None:
    assert window_of(text) == window


def test_a_window_that_is_too_long_names_the_bounds() -> None:
    with pytest.raises(ProblemError, match="from 1d to 180d"):
        window_of("200d")


MORE = """
  - id: R2
    when: [item.category: {under: running}, session.dwell: {at_least: 30s}]
    offer: {percent: 20%}
"""
TWO_RULES = rules(extra=MORE) + "experiment: {id: E, variants: [{rule: R1}, {rule: R2}]}\n"


async def test_the_rules_of_an_experiment_are_compared(tmp_path: Path) -> None:
    async with live_server(tmp_path, HALF) as one:
        now = one.parts.shop.clock.now()
        rows = [
            exposure(
                f"se_{n}", rule="R1" if n % 2 else "R2", at=now - 10 * DAY, experiment="E",
                edition="e1", arm_bp=4500, treated_bp=9000, is_treated=n < 8,
            )
            for n in range(10)
        ]  # fmt: skip
        await one.parts.shop.ledger.commit(Commit(exposures=tuple(rows)))
        path = "/v1/experiments/E/report"
        found = (await one.http.get(path)).json()
        assert found["arms"] == {"R1": 4, "R2": 4, "held_out": 2}
        assert found["shares_bp"] == {"R1": 4500, "R2": 4500, "held_out": 1000}
        assert found["compared"]["baseline"] == "R1"
        assert found["compared"]["variants"]["R2"]["arms"] == {"treated": 4, "held_out": 4}
        assert found["variants"]["R1"]["rule"] == "R1"
        assert found["sentence"].startswith("It is too early to compare 'R2' with 'R1'")
        table = (await one.http.get(path, params={"format": "csv"})).text
        assert table.splitlines()[0] == ",".join((*VARIANT_COLUMNS, *COLUMNS))
        assert "R2,R1,conversion," in table
        assert "R1,,conversion," in table
        refused = await one.http.get(path, params={"format": "html"})
        assert (refused.status_code, refused.json()["code"]) == (422, "report.format")
        unknown = (await one.http.get("/v1/experiments/none/report")).json()
        assert (unknown["arms"], unknown["started"]) == ({}, None)
        assert "compared" not in unknown
        assert csv_text(unknown).count("\n") == 1


async def test_a_customer_keeps_the_rule_of_an_experiment_on_every_device_and_over_a_restart(
    tmp_path: Path,
) -> None:
    names = [f"c{number}" for number in range(8)]
    async with live_server(tmp_path, TWO_RULES) as one:
        stock = {"type": "stock", "sku": "RUN-42", "territory": "DE", "available": 99}
        await one.facts(*CATALOGUE, stock)
        first = {name: await rule_shown(one, name) for name in names}
        (one.rules / "rules.yaml").write_text(TWO_RULES + "# a remark\n", "utf-8")
        await one.restart()
        assert {name: await rule_shown(one, name) for name in names} == first


async def rule_shown(one: LiveServer, customer: str) -> str:
    """The rule whose offer a customer is shown on a new device."""
    shopper = await one.known(customer)
    await shopper.view("RUN-42", 31)
    await shopper.offered()
    found = [
        rule
        for rule in ("R1", "R2")
        if (await one.why("RUN-42", rule, session=shopper.session))["outcome"] == "standing"
    ]
    assert len(found) == 1
    return found[0]


def test_amounts_of_too_few_shoppers_are_not_shown() -> None:
    question = question_of({}, NOW)
    few, enough = (
        report_view(report_experiment(*shop(units), ReportTerms(now=NOW)), question, NOW)
        for units in (150, 1500)
    )
    assert "money" not in few
    assert few["sentence"].startswith("It is too early to say anything")
    assert "money" in enough


async def test_a_report_says_how_fast_the_server_answered(one: LiveServer) -> None:
    one.parts.shop.state.telemetry.responses.record_signal(ItemViewed, 0.0045)
    await one.advance(6 * 3600)
    times = {(of["of"], of["kind"]): of for of in (await report(one))["response_times"]}
    assert times["signal", "view"] == {
        "of": "signal", "kind": "view", "answers": 1, "p50_ms": 4.0, "p95_ms": 4.9, "p99_ms": 4.98,
        "slow": 0,
    }  # fmt: skip
    before = await report(one, until="2026-01-01T00:00:00Z")
    assert before["response_times"] == []
