"""The page of an experiment: which rule earns more, and how sure that is."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from tactful.cli.report_page import UNKNOWN, PageWords, answers_of, metrics_of, whole_page
from tactful.core.values.counts import counted


def variants_page(shown: Mapping[str, Any]) -> str:
    """Return the report of an experiment as one HTML page.

    Args:
        shown: What `GET /v1/experiments/{id}/report` returns.
    """
    about = f"Experiment {shown['experiment']}"
    if shown["territory"]:
        about += f" in {shown['territory']}"
    title = f"{about}: which rule earns more?"
    return whole_page(title, about, shown, [*_comparisons(shown), *_groups(shown)])


def _comparisons(shown: Mapping[str, Any]) -> Iterator[str]:
    if shown["srm"] is not None and not shown["srm"]["ok"]:
        yield (
            "<section><h2>What should I do?</h2><strong>Find the cause first.</strong>"
            "<p>One group has lost shoppers that the others have kept.</p></section>"
        )
    compared = shown.get("compared", {"baseline": "", "variants": {}})
    for rule, report in compared["variants"].items():
        yield from _pair(report, _rule_words(rule, compared["baseline"]))
    for rule, report in shown["variants"].items():
        yield from _pair(report, _offer_words(rule))


def _pair(report: Mapping[str, Any], words: PageWords) -> Iterator[str]:
    yield from answers_of(report, words)
    yield from metrics_of(report, words)


def _rule_words(rule: str, other: str) -> PageWords:
    """Return the words for a rule beside another rule."""
    return PageWords(
        question=f"Does {rule} earn more than {other}?",
        verdicts={
            "earns": f"Yes, {rule} earns more.",
            "costs": f"No, {rule} earns less.",
            "no_difference": "No, there is no difference worth knowing.",
            **UNKNOWN,
        },
        likelier={"keep": f"Probably {rule}.", "stop": f"Probably {other}."},
        too_slow="Make the rules differ more.",
        advice={
            "keep": f"Keep {rule}.",
            "shrink": "Keep the one that gives less.",
            "stop": f"Keep {other}.",
            "wait": "Wait.",
        },
        worth=f"What {rule} earns more than {other} in a month",
        arms=(rule, other),
    )


def _offer_words(rule: str) -> PageWords:
    """Return the words for a rule beside no offer."""
    return PageWords(
        question=f"Does {rule} earn more than no offer?",
        verdicts={
            "earns": f"Yes, {rule} earns.",
            "costs": "No, the rule costs money.",
            "no_difference": f"No, {rule} makes no difference worth knowing.",
            **UNKNOWN,
        },
        likelier={"keep": "Probably yes.", "stop": "Probably not."},
        too_slow="Hold out half of the shoppers.",
        advice={
            "keep": f"Keep {rule} rather than no offer.",
            "shrink": "Give smaller discounts.",
            "stop": f"Make no offer rather than {rule}.",
            "wait": "Wait.",
        },
        worth=f"What {rule} is worth in a month",
        arms=(rule, "no offer"),
    )


def _groups(shown: Mapping[str, Any]) -> Iterator[str]:
    """Yield who was compared, and who was left out."""
    if not shown["arms"]:
        return
    yield '<section><h2>Who was compared</h2><div class="scroll"><table><thead><tr>'
    yield '<th scope="col">rule</th><th scope="col">shoppers</th><th scope="col">share</th>'
    yield "</tr></thead><tbody>"
    for rule, units in shown["arms"].items():
        name = "no offer (held out)" if rule == "held_out" else rule
        share = f"{shown['shares_bp'][rule] / 100:g} %"
        yield f"<tr><td>{escape(name)}</td><td>{units:,}</td><td>{share}</td></tr>"
    yield "</tbody></table></div>"
    if shown["started"] is not None:
        yield f"<p>Counted since {escape(shown['started'][:10])}, when the experiment had its present form.</p>"
    if shown["other_edition"]:
        left_out = counted(shown["other_edition"], "more shopper is", "more shoppers are")
        yield f"<p>{left_out} left out because the experiment was changed since.</p>"
    yield "</section>"
