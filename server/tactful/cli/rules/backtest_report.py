"""Report of a backtest as one HTML file with charts.

The file fetches nothing, follows the reader's light or dark mode, and is readable without colours.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.counts import counted
from tactful.core.values.money import Money, format_plain
from tactful.rulebook.testing.comparison import BacktestResult

BAR: Final = 18
"""Height of a bar, in user units of the SVG."""
LABEL: Final = 210
"""Width of the column of labels, in user units of the SVG."""
WIDTH: Final = 720
"""Width of a chart, in user units of the SVG."""
_STYLE: Final = """
:root { color-scheme: light dark; --ground: #f6f7f7; --sheet: #fff; --text: #1b2225; --dim: #566166;
  --line: #d3dadc; --old: #77858b; --new: #17616a; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181b; --sheet: #1c2225; --text: #eceeec;
  --dim: #a9b4b8; --line: #364046; --old: #8b989d; --new: #7cc7cf; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 4rem;
  background: var(--ground); color: var(--text); font: 100%/1.5 system-ui, "Segoe UI", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .7rem; }
p, li { max-width: 44rem; } .dim { color: var(--dim); }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px;
  padding: .9rem 1.1rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; font-weight: 500; overflow-wrap: anywhere; }
thead th { color: var(--dim); font-weight: 500; } tbody tr:last-child > * { border-bottom: 0; }
svg { display: block; width: 100%; min-width: 30rem; height: auto; }
svg text { fill: var(--text); font: 13px system-ui, "Segoe UI", sans-serif; }
svg .dim { fill: var(--dim); }
.old { fill: none; stroke: var(--old); stroke-width: 1.5; } .new { fill: var(--new); }
.key { display: flex; gap: 1.4rem; margin: 0 0 .6rem; padding: 0; list-style: none; }
.key i { display: inline-block; width: .9rem; height: .9rem; margin-right: .4rem;
  vertical-align: -.1rem; border: 1.5px solid var(--old); }
.key .filled { background: var(--new); border-color: var(--new); }
code { overflow-wrap: anywhere; }
"""


def render_report(done: BacktestResult, names: tuple[str, str]) -> str:
    """Return the report as an HTML document.

    Args:
        done: The result of the backtest.
        names: The old and the new rulebook as they were named on the command line.
    """
    old, new = done.old, done.new
    days = [
        {format_rfc3339(day)[:10]: count for day, count in side.days.items()} for side in (old, new)
    ]
    when = f"{format_rfc3339(done.since)[:10]} to {format_rfc3339(done.until)[:10]}"
    parts = [
        "<!doctype html>\n",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Backtest, {when}</title><style>{_STYLE}</style></head><body><main>",
        (
            f"<h1>Backtest of two rulebooks</h1><p>{when}: {counted(done.sessions, 'recorded session')},"
            f" {counted(done.turns, 'turn')}. {counted(done.shoppers_affected, 'shopper')} and"
            f" {counted(done.items_affected, 'item')} would have been treated differently.</p>"
        ),
        (
            f'<ul class="key"><li><i></i>old: <code>{escape(names[0])}</code> ({old.version})</li>'
            f'<li><i class="filled"></i>new: <code>{escape(names[1])}</code> ({new.version})</li></ul>'
        ),
        f'<div class="sheet">{_table("", _figures(done))}</div>',
        _chart("Offers pushed per day", days[0], days[1], by_name=True),
        _chart("Offers pushed by rule", old.rules, new.rules),
        _chart("Withheld, by primary reason", old.withheld, new.withheld),
        '<h2>What a backtest cannot know</h2><ul class="sheet" style="padding-left:2.2rem">',
        *(f"<li>{escape(line)}</li>" for line in done.cannot_know),
        "</ul></main></body></html>\n",
    ]
    return "".join(parts)


def _figures(done: BacktestResult) -> list[tuple[str, str, str]]:
    old, new = done.old, done.new
    rows = [
        ("Offers pushed", old.pushes, new.pushes),
        ("Shoppers reached", old.shoppers, new.shoppers),
        ("Items offered", len(old.items), len(new.items)),
        ("Withdrawn", old.withdrawn, new.withdrawn),
        ("Redeemed as they were", old.redeemed, new.redeemed),
        ("Pushed without a known cost", old.without_cost, new.without_cost),
    ]
    shown = [(title, f"{before:,}", f"{after:,}") for title, before, after in rows]
    for title, before, after in (
        ("Discount promised", old.promised, new.promised),
        ("Margin left", old.margin, new.margin),
    ):
        for currency in sorted({*before, *after}):
            amounts = [
                format_plain(Money(side.get(currency, 0), currency)) for side in (before, after)
            ]
            shown.append((title, amounts[0], amounts[1]))
    return shown


def _table(title: str, rows: Iterable[tuple[str, str, str]]) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{old}</td><td>{new}</td></tr>'
        for name, old, new in rows
    )
    head = f'<thead><tr><th scope="col">{title}</th><th scope="col">old</th><th scope="col">new</th></tr></thead>'
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _chart(
    title: str, old: Mapping[str, int], new: Mapping[str, int], *, by_name: bool = False
) -> str:
    """Return a chart with two bars for each name, and the same figures as a table."""
    names = sorted({*old, *new})
    if not by_name:
        names.sort(key=lambda name: -max(old.get(name, 0), new.get(name, 0)))
    if not names:
        return f'<h2>{title}</h2><p class="dim">None under either rulebook.</p>'
    most = max(*old.values(), *new.values(), 1)
    step = 2 * BAR + 14
    bars = [
        _pair(row * step, name, old.get(name, 0), new.get(name, 0), most)
        for row, name in enumerate(names)
    ]
    rows = [(name, f"{old.get(name, 0):,}", f"{new.get(name, 0):,}") for name in names]
    return (
        f'<h2>{title}</h2><div class="sheet"><svg viewBox="0 0 {WIDTH} {len(names) * step}"'
        f' role="img" aria-label="{title}: a bar for the old and the new rulebook each;'
        f' the figures are in the table below">{"".join(bars)}</svg>'
        f"<details><summary>As a table</summary>{_table('', rows)}</details></div>"
    )


def _pair(top: int, name: str, old: int, new: int, most: int) -> str:
    short = name if len(name) <= 30 else f"{name[:29]}…"
    drawn = [
        (
            f'<text x="{LABEL - 10}" y="{top + BAR + 9}" text-anchor="end">{escape(short)}'
            f"<title>{escape(name)}</title></text>"
        )
    ]
    for place, (kind, count) in enumerate((("old", old), ("new", new))):
        y = top + 3 + place * (BAR + 2)
        length = (WIDTH - LABEL - 70) * count // most
        drawn.append(
            f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{length}" height="{BAR - 2}" rx="2"/>'
            f'<text class="dim" x="{LABEL + length + 6}" y="{y + 12}">{count:,}</text>'
        )
    return "".join(drawn)
