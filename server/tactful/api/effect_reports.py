"""The endpoints that report what offers earned: against no offers, and rule against rule."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.bodies import json_response
from tactful.api.explanations import instant_of
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.values.calendar import DAY, CalendarError, format_rfc3339, parse_duration
from tactful.measurement.arm_comparison import ArmComparison
from tactful.measurement.conclusions import LEAST_UNITS
from tactful.measurement.experiment_report import ExperimentReport, MetricResult
from tactful.measurement.intervals import Interval
from tactful.measurement.report_sentence import (
    lacks_costs,
    report_sentence,
    variants_sentence,
)
from tactful.measurement.response_quantiles import response_times
from tactful.measurement.variant_report import VariantReport, VariantsReport
from tactful.runtime.services.report_service import (
    DEFAULT_PERIOD,
    DEFAULT_WINDOW,
    ReportQuestion,
)
from tactful.runtime.services.response_counts import CountedResponses, read_response_counts
from tactful.runtime.shop import Shop

SHORTEST_WINDOW: Final = DAY
LONGEST_WINDOW: Final = 180 * DAY
"""The window of the lasting effect."""
COLUMNS: Final = (
    "metric", "currency", "units_treated", "units_held_out", "treated", "held_out", "difference",
    "low", "high", "lift", "lift_low", "lift_high",
)  # fmt: skip
"""The columns of the CSV form; `low` and `high` are the ends of the interval of the difference."""
VARIANT_COLUMNS: Final = ("rule", "against")
"""The columns that precede them for an experiment."""


def report_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes, which are read-only."""

    async def report(request: Request) -> Response:
        form, now = _form_of(request), shop.clock.now()
        question = question_of(request.query_params, now)
        shown = report_view(await shop.reports.report(question), question, now)
        shown |= await response_view(shop.ledger, question)
        return _answer(shown, form)

    async def experiment(request: Request) -> Response:
        form, now = _form_of(request), shop.clock.now()
        question = question_of(request.query_params, now)
        asked = structs.replace(question, rule=None, experiment=request.path_params["id"])
        return _answer(variants_view(await shop.reports.variants(asked), asked, now), form)

    return (
        Route("/v1/report", key.guard(report, "decisions:read"), methods=["GET"]),
        Route(
            "/v1/experiments/{id}/report", key.guard(experiment, "decisions:read"), methods=["GET"]
        ),
    )


def _form_of(request: Request) -> str:
    form = request.query_params.get("format", "json")
    if form not in {"json", "csv"}:
        problem = f"`format` is `json` or `csv`, not `{form[:40]}`."
        raise ProblemError(422, "report.format", problem)
    return form


def _answer(shown: dict[str, Any], form: str) -> Response:
    if form == "csv":
        return Response(csv_text(shown), media_type="text/csv")
    return json_response(shown)


def question_of(given: Mapping[str, str], now: int) -> ReportQuestion:
    """Return what a request or a command asks for.

    Args:
        given: `rule`, `territory`, `since`, `until` and `window`, each of which may be missing.
        now: Milliseconds since the Unix epoch, UTC.

    Raises:
        ProblemError: An instant or the window cannot be read, or the time is empty.
    """
    until = instant_of(given, "until")
    # The time is half-open, and a trigger of this millisecond belongs to it.
    until = now + 1 if until is None else until
    since = instant_of(given, "since")
    window = window_of(given.get("window"))
    if since is None:
        # With a longer window, the shoppers of the last 30 days would all be too young to count.
        since = until - DEFAULT_PERIOD - max(window - DEFAULT_WINDOW, 0)
    if since >= until:
        raise ProblemError(422, "report.time", "`since` is not before `until`.")
    return ReportQuestion(
        since=since,
        until=until,
        rule=given.get("rule"),
        territory=given.get("territory"),
        window=window,
    )


def window_of(text: str | None) -> int:
    """Return a window in milliseconds; `DEFAULT_WINDOW` where none is named.

    Raises:
        ProblemError: The text is no duration from 1 to 180 days.
    """
    if text is None:
        return DEFAULT_WINDOW
    problem = f"`window` is `{text[:40]}`. Write a duration from 1d to 180d, such as `7d`."
    try:
        window = parse_duration(text)
    except CalendarError:
        raise ProblemError(422, "report.window", problem) from None
    if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
        raise ProblemError(422, "report.window", problem)
    return window


def report_view(report: ExperimentReport, question: ReportQuestion, now: int) -> dict[str, Any]:
    """Return a report as the API shows it; `now`: milliseconds since the Unix epoch, UTC."""
    advice, missing = report.advice, report.missing
    shown: dict[str, Any] = {
        "sentence": report_sentence(report, now),
        "rule": question.rule,
        "territory": question.territory,
        "since": views.when(question.since),
        "until": views.when(question.until),
        "window_days": question.window // DAY,
        "arms": {"treated": report.treated, "held_out": report.held_out},
        "treated_share_bp": report.treated_bp,
        "immature": report.immature,
        "crossed": report.crossed,
        "other_share": report.other_share,
        "unlinked": report.unlinked,
        "unknown_cost": report.unknown_cost,
        "srm": report.ratio and {"ok": report.ratio.ok, "p": report.ratio.p},
        "metrics": [_metric(one) for one in report.metrics],
        "verdict": report.conclusion.value,
        "advice": advice.kind.value,
    }
    # With fewer shoppers the range is not valid, so its amounts would mislead.
    is_valid = min(report.treated, report.held_out) >= LEAST_UNITS and not lacks_costs(report)
    if advice.money is not None and report.currency is not None and is_valid:
        shown["money"] = {
            "currency": report.currency,
            "likely": advice.money.likely,
            "worst": advice.money.worst,
            "best": advice.money.best,
            "per": "month",
        }
    if report.given_away is not None and report.currency is not None:
        given = structs.asdict(report.given_away)
        shown["given_away"] = {"currency": report.currency, **given}
    if advice.waiting is not None:
        shown["waiting"] = advice.waiting
    if advice.trial_units is not None:
        shown["trial_units"] = advice.trial_units
    if missing is not None:
        shown["needed"] = missing.units
        if missing.days is not None:
            shown["expected_on"] = format_rfc3339(now + missing.days * DAY)[:10]
    return shown


async def response_view(ledger: CountedResponses, question: ReportQuestion) -> dict[str, Any]:
    """Return how fast the server answered in the time of a report, whatever rule it is about.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    counts = await read_response_counts(ledger, question.since, question.until)
    return {"response_times": [structs.asdict(one) for one in response_times(counts)]}


def variants_view(report: VariantsReport, question: ReportQuestion, now: int) -> dict[str, Any]:
    """Return the report of an experiment as the API shows it; `now`: ms since the Unix epoch, UTC."""
    shown: dict[str, Any] = {
        "sentence": variants_sentence(report, now),
        "experiment": question.experiment,
        "edition": report.edition,
        "started": views.when(report.started) if report.started is not None else None,
        "other_edition": report.other_edition,
        "territory": question.territory,
        "since": views.when(question.since),
        "until": views.when(question.until),
        "window_days": question.window // DAY,
        "arms": {one.rule or "held_out": one.units for one in report.arms},
        "shares_bp": {one.rule or "held_out": one.share_bp for one in report.arms},
        "srm": report.ratio and {"ok": report.ratio.ok, "p": report.ratio.p},
        "variants": _by_rule(report.against_nothing, question, now),
    }
    if report.against_first:
        shown["compared"] = {
            "baseline": report.against_first[0].against,
            "variants": _by_rule(report.against_first, question, now),
        }
    return shown


def _by_rule(
    pairs: Iterable[VariantReport], question: ReportQuestion, now: int
) -> dict[str, dict[str, Any]]:
    return {
        one.rule: report_view(one.report, structs.replace(question, rule=one.rule), now)
        for one in pairs
    }


def _metric(result: MetricResult) -> dict[str, Any]:
    arms = result.arms
    shown: dict[str, Any] = {"metric": result.metric}
    if result.currency is not None:
        shown["currency"] = result.currency
    shown |= {
        "units": {"treated": arms.units[0], "held_out": arms.units[1]},
        "treated": arms.treated,
        "held_out": arms.held_out,
        "difference": arms.difference,
        "interval": _ends(arms, arms.interval),
        "fixed_interval": _ends(arms, arms.fixed_interval),
        "lift": arms.lift,
        "lift_interval": _ends(arms, arms.lift_interval),
        "variance_removed": arms.reduction,
    }
    if arms.cap is not None:
        shown["winsorised"] = {
            "cap": arms.cap, "units": arms.units_cut, "amount": arms.amount_cut,
        }  # fmt: skip
    return shown


def _ends(arms: ArmComparison, interval: Interval | None) -> list[float] | None:
    """Return the ends of an interval; None where the shoppers of each arm do not differ.

    Without a variance the interval would have no width and claim to be certain, as where nobody has
    complained yet.
    """
    return None if interval is None or arms.error == 0 else [interval.low, interval.high]


def csv_text(shown: Mapping[str, Any]) -> str:
    """Return the metrics of a report as CSV, a row for each metric and currency.

    The rows of an experiment begin with the rule and the rule that it is compared with; an empty cell
    is no offer.

    Args:
        shown: What `report_view` or `variants_view` returns.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if "variants" in shown:
        writer.writerow((*VARIANT_COLUMNS, *COLUMNS))
        writer.writerows(_variant_rows(shown))
    else:
        writer.writerow(COLUMNS)
        writer.writerows(_rows(shown))
    return out.getvalue()


def _variant_rows(shown: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for rule, report in shown["variants"].items():
        yield from ((rule, None, *row) for row in _rows(report))
    compared = shown.get("compared", {"variants": {}})
    for rule, report in compared["variants"].items():
        yield from ((rule, compared["baseline"], *row) for row in _rows(report))


def _rows(shown: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for one in shown["metrics"]:
        units = one["units"]
        # `None` is written as an empty cell.
        yield (
            one["metric"], one.get("currency"), units["treated"], units["held_out"], one["treated"],
            one["held_out"], one["difference"], *(one["interval"] or (None, None)), one["lift"],
            *(one["lift_interval"] or (None, None)),
        )  # fmt: skip
