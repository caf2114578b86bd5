"""The page of `tactful report --format html`: one file with charts, which loads nothing.

The page answers three questions in this order: do the offers earn, how sure is that, what to do. The
charts are SVG within the page. Its policy (CSP) allows nothing but its own style.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any, Final

from msgspec import Struct

from tactful.cli.answer_speed import response_section
from tactful.core.values.counts import counted
from tactful.core.values.money import BP, Money, format_plain
from tactful.measurement.metric_names import METRIC_NAMES
from tactful.measurement.report_sentence import (
    WAITING_COSTS_MORE,
    change_in_words,
    until_answered,
    waiting_costs,
)

_STYLE: Final = """
:root { color-scheme: light dark; --ground: #f6f7f7; --sheet: #fff; --text: #1b2225; --dim: #566166;
  --line: #b9c3c6; --mark: #17616a; --good: #1a6b40; --bad: #a1331a; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181b; --sheet: #1c2225; --text: #eceeec;
  --dim: #a9b4b8; --line: #4b575d; --mark: #7cc7cf; --good: #86dba9; --bad: #ffab91; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.2rem clamp(0.8rem, 3vw, 2rem) 3rem;
  background: var(--ground); color: var(--text);
  font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.4rem 0 0.2rem; }
h2 { font-size: 1.1rem; margin: 0 0 0.3rem; }
p { margin: 0.3rem 0; }
.dim { color: var(--dim); }
.answers { display: grid; gap: 0.8rem; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr));
  margin: 1.2rem 0; }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.5rem;
  padding: 0.9rem 1rem; margin: 0 0 0.8rem; }
.answers section { margin: 0; }
.answers strong { display: block; font-size: 1.25rem; }
.earns { color: var(--good); }
.costs { color: var(--bad); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
.zero { stroke: var(--line); stroke-width: 2; }
.range { stroke: var(--mark); stroke-width: 8; stroke-linecap: round; opacity: 0.45; }
.likely, .given { fill: var(--mark); }
.whole { fill: var(--line); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.35rem 0.5rem; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { white-space: normal; overflow-wrap: anywhere; min-width: 5rem; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
td.chart { min-width: 11rem; width: 30%; }
"""
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none';"
    f" style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
_WIDTH: Final = 400
"""Width of a chart in its own units; the page scales it, so the texts are legible on a phone."""
_CELL_WIDTH: Final = 200
"""Width of the chart of one metric."""
_MOST_CHANGE: Final = 1.0
"""The largest change that the chart of a metric shows, as a share: 100 %."""


class PageWords(Struct, frozen=True):
    """How a page calls what is compared."""

    question: str
    verdicts: Mapping[str, str]
    """Verdict of the report → the answer to the question."""
    likelier: Mapping[str, str]
    """Advice without proof → the answer to the question."""
    advice: Mapping[str, str]
    """Advice of the report → what to do."""
    too_slow: str
    """What to do where waiting takes more than a year."""
    worth: str
    """The title of the chart of amounts."""
    arms: tuple[str, str]
    """The columns of the metrics."""


UNKNOWN: Final = {
    "too_early": "That is not known yet.",
    "cannot_be_trusted": "These figures cannot say.",
}
"""The answers that name nothing."""
_OFFERS: Final = PageWords(
    question="Do the offers earn?",
    verdicts={
        "earns": "Yes, the offers earn.",
        "costs": "No, the offers cost money.",
        "no_difference": "No, they make no difference worth knowing.",
        **UNKNOWN,
    },
    likelier={"keep": "Probably yes.", "stop": "Probably not."},
    too_slow="Hold out half of the shoppers.",
    advice={
        "keep": "Keep the offers.",
        "shrink": "Give smaller discounts.",
        "stop": "Stop the offers.",
        "wait": "Wait.",
    },
    worth="What the offers are worth in a month",
    arms=("with offers", "without"),
)


def report_page(shown: Mapping[str, Any]) -> str:
    """Return a report as one HTML page.

    Args:
        shown: What `GET /v1/report` returns.
    """
    about = f"Rule {shown['rule']}" if shown["rule"] else "All rules together"
    where = f" in {shown['territory']}" if shown["territory"] else ""
    return whole_page(
        f"{about}: do the offers earn?",
        about + where,
        shown,
        [
            *answers_of(shown, _OFFERS),
            *_given_chart(shown),
            *metrics_of(shown, _OFFERS),
            *_compared(shown),
            *response_section(shown.get("response_times", ())),
        ],
    )


def whole_page(title: str, about: str, shown: Mapping[str, Any], sections: Iterable[str]) -> str:
    """Return a page with the first sentence of a report.

    Args:
        title: The title of the page.
        about: What the report is about.
        shown: The report, as the API shows it.
        sections: What follows the sentence, as HTML.
    """
    head = (
        f'<meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style>'
    )
    time = f"shoppers from {_day(shown['since'])} to {_day(shown['until'])}"
    return (
        f'<!doctype html><html lang="en"><head>{head}</head><body><header>'
        f'<p class="dim">{escape(about)}, {time}</p>'
        f"<h1>{escape(shown['sentence'])}</h1></header><main>{''.join(sections)}</main></body></html>\n"
    )


def _day(instant: str) -> str:
    return escape(instant[:10])


def answers_of(shown: Mapping[str, Any], words: PageWords) -> Iterator[str]:
    """Yield the three answers: what is found, how sure that is, what to do; and the amounts."""
    yield '<div class="answers">'
    yield from _answers(shown, words)
    yield "</div>"
    yield from _money_chart(shown, words)


def _answers(shown: Mapping[str, Any], words: PageWords) -> Iterator[str]:
    verdict = shown["verdict"]
    tone = f' class="{verdict}"' if verdict in {"earns", "costs"} else ""
    yield f"<section><h2>{escape(words.question)}</h2>"
    answer = words.verdicts[verdict]
    if verdict == "too_early":
        answer = words.likelier.get(shown["advice"], answer)
    yield f"<strong{tone}>{escape(answer)}</strong>"
    if "money" in shown:
        yield f"<p>Most likely {_change(shown['money'], 'likely')} a month.</p>"
    yield f"</section><section><h2>How sure is that?</h2>{_certainty(shown)}</section>"
    yield "<section><h2>What should I do?</h2>"
    if verdict == "cannot_be_trusted":
        yield "<strong>Find the cause first.</strong><p>Do not use these figures until then.</p>"
    elif (missing := _what_is_missing(shown)) is not None:
        yield f"<strong>{missing[1]}</strong>"
    else:
        todo = words.advice[shown["advice"]]
        if shown["advice"] == "wait" and "needed" in shown and "expected_on" not in shown:
            todo = words.too_slow
        yield f"<strong>{escape(todo)}</strong>{_next_step(shown)}"
    yield "</section>"


def _certainty(shown: Mapping[str, Any]) -> str:
    if shown["verdict"] == "cannot_be_trusted":
        return "<strong>Not at all.</strong><p>One group has lost shoppers that the other has kept.</p>"
    if "money" not in shown:
        missing = _what_is_missing(shown)
        why = "Too few shoppers have been compared yet." if missing is None else missing[0]
        return f"<strong>Not at all.</strong><p>{why}</p>"
    proven = shown["verdict"] in {"earns", "costs", "no_difference"}
    worst, best = (_change(shown["money"], name) for name in ("worst", "best"))
    return (
        f"<strong>{'Proven.' if proven else 'Not proven.'}</strong><p>At worst {worst} and at best"
        f" {best} a month. The truth lies between them in 95 of 100 shops.</p>"
    )


def _what_is_missing(shown: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why nothing can be known however long the shop waits, and what to do; None: it can."""
    if not any(shown["arms"].values()) and not shown["immature"]:
        return None
    if shown["treated_share_bp"] == BP:
        return "Every shopper gets the offers.", "Hold out 10 % of the shoppers."
    if shown["treated_share_bp"] == 0:
        return "No shopper gets the offers.", "Let some shoppers get the offers."
    bought = any(one["treated"] or one["held_out"] for one in shown["metrics"])
    if "money" not in shown and shown["unknown_cost"] and bought and _has_no_margin(shown):
        return "No item that was bought has a known cost.", "Report the costs of items."
    return None


def _has_no_margin(shown: Mapping[str, Any]) -> bool:
    margins = [one for one in shown["metrics"] if one["metric"] == "margin"]
    return all(one["treated"] == one["held_out"] == 0 for one in margins)


def _next_step(shown: Mapping[str, Any]) -> str:
    text = ""
    if shown["verdict"] == "too_early" and shown["advice"] != "wait":
        text += f"<p>That is likelier to pay. {WAITING_COSTS_MORE}</p>"
    elif "needed" in shown:
        day = _day(shown["expected_on"]) if "expected_on" in shown else None
        text += f"<p>{until_answered(shown['needed'], day)}</p>"
        if day is not None:
            text += f"<p>Then ask about the time from {_day(shown['since'])} on again, so that the shoppers of today count too.</p>"
    if "waiting" in shown and shown["advice"] == "wait" and "money" in shown:
        cost = _amount(shown["waiting"], shown["money"]["currency"])
        text += f"<p>{waiting_costs(cost)}</p>"
    return text


def _change(money: Mapping[str, Any], name: str) -> str:
    return change_in_words(money[name], money["currency"])


def _money(money: Mapping[str, Any], name: str) -> str:
    return _amount(money[name], money["currency"])


def _amount(value: float, currency: str) -> str:
    return format_plain(Money(round(value), currency))


def _money_chart(shown: Mapping[str, Any], words: PageWords) -> Iterator[str]:
    """Yield a chart of what the offers are worth in a month."""
    if "money" not in shown:
        return
    money = shown["money"]
    ends = [money["worst"], money["best"]]
    scale = _Scale(min(0, *ends), max(0, *ends), _WIDTH)
    said = f"At worst {_money(money, 'worst')}, most likely {_money(money, 'likely')}, at best"
    yield f"<section><h2>{escape(words.worth)}</h2>"
    yield (
        f'<svg viewBox="0 0 {_WIDTH} 74" role="img" aria-label="{said} {_money(money, "best")}.">'
        f"{_range(scale, ends, money['likely'], middle=32)}"
    )
    zero = scale.place(0)
    yield f'<text x="{zero}" y="66" text-anchor="{_anchor(zero)}">0</text>'
    for name in ("worst", "best"):
        at = scale.place(money[name])
        yield f'<text x="{at}" y="12" text-anchor="{_anchor(at)}">{_money(money, name)}</text>'
    yield '</svg><p class="dim">The dot is the most likely amount, the bar the range around it. Left of'
    yield " 0 is a loss.</p></section>"


class _Scale(Struct, frozen=True):
    """Where values are on a chart, with a margin on both sides."""

    low: float
    high: float
    width: int

    def place(self, value: float) -> float:
        """Return the place of a value; one outside the chart is at its edge."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(10 + min(1.0, max(0.0, share)) * (self.width - 20), 1)


def _anchor(place: float) -> str:
    """Return the alignment that keeps a text at a place within the chart."""
    if place < _WIDTH / 4:
        return "start"
    return "end" if place > _WIDTH * 3 / 4 else "middle"


def _range(scale: _Scale, ends: Iterable[float], likely: float, *, middle: int) -> str:
    """Return a line at 0, a bar from one end to the other, and a dot."""
    zero, left, right, dot = (scale.place(value) for value in (0, *ends, likely))
    return (
        f'<line class="zero" x1="{zero}" x2="{zero}" y1="{middle - 12}" y2="{middle + 12}"/>'
        f'<line class="range" x1="{left}" x2="{right}" y1="{middle}" y2="{middle}"/>'
        f'<circle class="likely" cx="{dot}" cy="{middle}" r="6"/>'
    )


def _given_chart(shown: Mapping[str, Any]) -> Iterator[str]:
    """Yield how much of the discounts went to shoppers who would have bought anyway."""
    if "given_away" not in shown:
        return
    given = shown["given_away"]
    total, likely, least, most = (
        _money(given, name) for name in ("discount", "likely", "least", "most")
    )
    width = round(_WIDTH * given["likely"] / given["discount"], 1)
    yield "<section><h2>Discounts to shoppers who would have bought anyway</h2>"
    yield (
        f'<svg viewBox="0 0 {_WIDTH} 26" role="img" aria-label="{likely} of {total}.">'
        f'<rect class="whole" width="{_WIDTH}" height="26" rx="4"/>'
        f'<rect class="given" width="{width}" height="26" rx="4"/></svg>'
        f"<p>About {likely} of {total}; it may be {least} to {most}.</p></section>"
    )


def metrics_of(shown: Mapping[str, Any], words: PageWords) -> Iterator[str]:
    """Yield a table of every metric with a chart of its change."""
    if not shown["metrics"]:
        return
    arms = "".join(f'<th scope="col">{escape(arm)}</th>' for arm in words.arms)
    yield (
        '<section><h2>Both groups of shoppers</h2><div class="scroll" role="region" tabindex="0"'
        ' aria-label="Metrics"><table><thead><tr><th scope="col">per shopper</th>'
        f'{arms}<th scope="col">change</th><th scope="col">from −100 % to +100 %</th></tr></thead>'
        "<tbody>"
    )
    for metric in shown["metrics"]:
        currency = metric.get("currency")
        values = (
            f"{metric[arm]:.2%}" if currency is None else _amount(metric[arm], currency)
            for arm in ("treated", "held_out")
        )
        cells = "".join(f"<td>{value}</td>" for value in values)
        lift = metric["lift"]
        change = "–" if lift is None else f"{lift:+.1%}".replace("-", "−")
        name = escape(METRIC_NAMES[metric["metric"]])
        yield f'<tr><td>{name}</td>{cells}<td>{change}</td><td class="chart">{_lift(metric)}</td></tr>'
    yield (
        '</tbody></table></div><p class="dim">The dot is the change, the bar its range. A bar that'
        " touches the line in the middle may be chance. Of twenty such ranges, one misses the truth"
        " by chance.</p></section>"
    )


def _lift(metric: Mapping[str, Any]) -> str:
    """Return a chart of the relative change; empty where it has no range."""
    interval = metric["lift_interval"]
    if interval is None or metric["lift"] is None:
        return ""
    words = f"between {interval[0]:+.1%} and {interval[1]:+.1%}"
    scale = _Scale(-_MOST_CHANGE, _MOST_CHANGE, _CELL_WIDTH)
    bar = _range(scale, interval, metric["lift"], middle=12)
    return f'<svg viewBox="0 0 {_CELL_WIDTH} 24" role="img" aria-label="{words}">{bar}</svg>'


def _compared(shown: Mapping[str, Any]) -> Iterator[str]:
    """Yield who was compared, and who was left out."""
    arms = shown["arms"]
    yield "<section><h2>Who was compared</h2>"
    yield (
        f"<p>{counted(arms['treated'], 'shopper')} could see offers; {counted(arms['held_out'], 'other')},"
        " chosen by chance, got none (held out)."
        f" What both bought within {counted(shown['window_days'], 'day')} is compared.</p>"
    )
    if shown["immature"]:
        yield f"<p>{counted(shown['immature'], 'more is', 'more are')} left out because their days are not over.</p>"
    if shown["unknown_cost"]:
        yield f"<p>{counted(shown['unknown_cost'], 'order line has', 'order lines have')} no known cost or tax rate.</p>"
    if shown["unlinked"]:
        yield f"<p>{counted(shown['unlinked'], 'order names', 'orders name')} neither a customer nor a session.</p>"
    yield "</section>"
