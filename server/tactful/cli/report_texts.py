"""Reports as text: the sentence first, then what it rests on, then each metric."""

from functools import partial
from typing import Any, Final

from tactful.cli.answer_speed import print_response_times
from tactful.cli.shared.output import print_line, print_table
from tactful.core.values.counts import counted
from tactful.core.values.money import Money, format_plain
from tactful.measurement.metric_names import METRIC_NAMES

_LASTING_METRICS: Final = (
    "repeat_purchase", "full_price_share", "return_rate", "complaint_rate", "margin",
)  # fmt: skip
_LEFT_OUT: Final = {
    "immature": "more are left out because their days are not over.",
    "other_share": "more are left out because another share of shoppers was held out then.",
    "crossed": "were in the other group later; they count in their first one.",
    "unlinked": "orders name neither a customer nor a session, so they count for nobody.",
    "unknown_cost": "order lines have no known cost or tax rate, so they are left out of the margin.",
}
"""Count in the report → what it says, after the number."""


def print_report(answer: dict[str, Any]) -> None:
    """Print a report.

    Args:
        answer: What `GET /v1/report` returns.
    """
    print_line(answer["sentence"])
    if "money" in answer:
        is_proven = answer["verdict"] in {"earns", "costs", "no_difference"}
        print_line(
            f"How sure is that? {'Proven' if is_proven else 'Not proven'}. In 95 of 100 shops the true"
            " amount lies between the worst and the best."
        )
    if answer["advice"] == "wait" and "expected_on" in answer:
        print_line(
            f"Ask again then, with --since {answer['since']}, so that the shoppers of today count too."
        )
    print_line("")
    arms = answer["arms"]
    print_line(
        f"{counted(arms['treated'], 'shopper')} could see offers; {counted(arms['held_out'], 'other')}, chosen"
        " by chance, got none (held out)."
        f" What both bought within {counted(answer['window_days'], 'day')} is compared."
    )
    for name, text in _LEFT_OUT.items():
        if answer[name]:
            print_line(f"{answer[name]:,} {text}")
    if "given_away" in answer:
        print_line(_given_away(**answer["given_away"]))
    if answer["metrics"]:
        print_line("")
        print_table(
            ("per shopper", "with offers", "without", "difference", "between", "and"),
            map(_row, answer["metrics"]),
        )
        print_line("")
        print_line("Of twenty such ranges, one misses the truth by chance.")
    print_response_times(answer.get("response_times", ()))


def print_variants(answer: dict[str, Any]) -> None:
    """Print which rule of an experiment earns more, and then each comparison."""
    print_line(answer["sentence"])
    print_line("")
    for rule, units in answer["arms"].items():
        share = f"{answer['shares_bp'][rule] / 100:g} %"
        name = "no offer (held out)" if rule == "held_out" else rule
        print_line(f"{name}: {counted(units, 'shopper')}, of a share of {share}")
    if answer["started"] is not None:
        print_line(f"Counted since {answer['started']}, when the experiment had its present form.")
    if answer["other_edition"]:
        print_line(
            f"{answer['other_edition']:,} more are left out because the experiment was changed since."
        )
    for rule, report in answer["variants"].items():
        _print_comparison(f"{rule} against no offer", report, ("with it", "no offer"))
    compared = answer.get("compared", {"baseline": "", "variants": {}})
    baseline = compared["baseline"]
    for rule, report in compared["variants"].items():
        _print_comparison(f"{rule} against {baseline}", report, (rule, baseline))
    print_line("")
    print_line("Of twenty such ranges, one misses the truth by chance.")


def _print_comparison(title: str, report: dict[str, Any], arms: tuple[str, str]) -> None:
    print_line("")
    print_line(title)
    if report["metrics"]:
        print_table(
            ("per shopper", *arms, "difference", "between", "and"), map(_row, report["metrics"])
        )
    else:
        print_line(report["sentence"])


def print_lasting(answers: list[dict[str, Any]]) -> None:
    """Print how shoppers with and without offers did in each window, metric by metric."""
    print_line("Shoppers with offers and without, from their first offer on.")
    for answer in answers:
        arms, days = answer["arms"], counted(answer["window_days"], "day")
        print_line(
            f"{days}: {counted(arms['treated'], 'shopper')} could see offers,"
            f" {counted(arms['held_out'], 'was', 'were')} held out; the {days} of {answer['immature']:,} more are not over."
        )
        if answer["srm"] is not None and not answer["srm"]["ok"]:
            print_line(f"{days}: {answer['sentence']}")
    rows = [
        (counted(answer["window_days"], "day"), *_row(metric))
        for name in _LASTING_METRICS
        for answer in answers
        for metric in answer["metrics"]
        if metric["metric"] == name
    ]
    if rows:
        print_line("")
        print_table(
            ("after", "per shopper", "with offers", "without", "difference", "between", "and"), rows
        )
        print_line("")
        print_line("Of twenty such ranges, one misses the truth by chance.")


def _given_away(*, currency: str, discount: int, likely: int, least: int, most: int) -> str:
    total, about, low, high = (
        format_plain(Money(amount, currency)) for amount in (discount, likely, least, most)
    )
    return (
        f"Offers gave {total} of discounts. About {about} of it went to shoppers who would have bought"
        f" anyway; it may be {low} to {high}."
    )


def _row(metric: dict[str, Any]) -> tuple[str, ...]:
    values = (metric["treated"], metric["held_out"], metric["difference"])
    currency = metric.get("currency")
    write = _share if currency is None else partial(_amount, currency)
    ends = ("–", "–") if metric["interval"] is None else map(write, metric["interval"])
    return (METRIC_NAMES[metric["metric"]], *map(write, values), *ends)


def _share(value: float) -> str:
    return f"{value:.2%}"


def _amount(currency: str, value: float) -> str:
    return format_plain(Money(round(value), currency))
