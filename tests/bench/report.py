"""The report of a run as one self-contained page: goals, spreads and rates, drawn as SVG."""

import html
import math
from collections.abc import Iterator, Sequence
from typing import Any

WIDE, ROW, NAMES = 720, 24, 300
OURS = ("tactful", "whole server", "the product")
SPREAD = {"median", "low", "high"}
STYLE = """
:root{--ink:#1c2733;--soft:#66717e;--line:#d8dde3;--ours:#1f6f6b;--peer:#a9b4bf;--bad:#b3261e;--ground:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--line:#37414c;--ours:#5cc4bd;
--peer:#5d6975;--bad:#ff8a80;--ground:#14191f}}
body{font:15px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--ground);max-width:760px;
margin:2.5rem auto;padding:0 1rem}
h1{margin:0}h2{margin:2.4rem 0 .2rem;border-top:1px solid var(--line);padding-top:1.2rem}
h3{font-size:.95rem;margin:1.2rem 0 .3rem}p{margin:.2rem 0}.soft{color:var(--soft)}
.bad{color:var(--bad)}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
td,th{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right}td:first-child{width:5.5rem}td.m{width:1.2rem}svg{max-width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}.ours{fill:var(--ours)}.peer{fill:var(--peer)}
.range{stroke:var(--soft);stroke-width:2}.one{stroke:var(--soft);stroke-dasharray:3 3}
pre{overflow:auto;font-size:12px}summary{cursor:pointer;color:var(--soft);margin:.6rem 0}
"""


def page(results: dict[str, dict[str, Any]], machine: dict[str, Any]) -> str:
    """The whole page: a summary first, then each benchmark."""
    parts = ["<h1>Benchmarks</h1>", *_summary(results, machine)]
    for name, found in results.items():
        parts += _bench(name, found)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Benchmarks of Tactful</title>'
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def _summary(results: dict[str, dict[str, Any]], machine: dict[str, Any]) -> Iterator[str]:
    goals = [goal for found in results.values() for goal in found["goals"]]
    met = sum(goal["met"] for goal in goals)
    broken = [name for name, found in results.items() if found["outcome"] != "ran"]
    without = sorted({one for found in results.values() for one in found.get("without", ())})
    where = ", ".join(f"{key} {value}" for key, value in machine.items())
    yield f'<p class="soft">{_text(where)}</p>'
    yield f"<p><strong>{met} of {len(goals)} goals met</strong>"
    yield f" in {len(results)} benchmarks. Ratios within one run count; rates are orientation.</p>"
    if broken:
        yield f'<p class="bad">Not finished: {_text(", ".join(broken))}.</p>'
    for one in without:
        yield f'<p class="bad">Measured without {_text(one)}.</p>'
    missed = [(n, g) for n, found in results.items() for g in found["goals"] if not g["met"]]
    if missed:
        rows = (f"<tr><td>{_text(n)}<td>{_text(g['goal'])}{_value(g)}" for n, g in missed)
        yield f"<h3>Missed</h3><table>{''.join(rows)}</table>"


def _bench(name: str, found: dict[str, Any]) -> Iterator[str]:
    mark = "" if found["outcome"] == "ran" else ' class="bad"'
    yield f"<h2>{_text(name.replace('_', ' '))}</h2>"
    yield f"<p{mark}>{_text(found['outcome'])} in {found['seconds']} s</p>"
    if found["goals"]:
        rows = (
            f'<tr><td class="m">{"✓" if g["met"] else "✗"}<td>{_text(g["goal"])}{_value(g)}'
            for g in found["goals"]
        )
        yield f"<table>{''.join(rows)}</table>"
    for title, group in groups(found["figures"], "events_per_s"):
        yield bars(f"{title or name}: events per second", group)
    for title, spreads in all_spreads(found["figures"]):
        yield ranges(title or name, spreads)
    said = _text(found["said"])
    yield f"<details><summary>what it printed</summary><pre>{said}</pre></details>"


def _value(goal: dict[str, Any]) -> str:
    mark = "n" if goal["met"] else "n bad"
    return f'<td class="{mark}">{number(goal["value"])}'


def groups(figures: Any, of: str, path: str = "") -> Iterator[tuple[str, dict[str, float]]]:
    """Every group of contenders that has such a figure, at any depth."""
    if not isinstance(figures, dict):
        return
    group = {
        name: float(each[of])
        for name, each in figures.items()
        if isinstance(each, dict) and of in each
    }
    if group:
        yield path, group
        return
    for name, each in figures.items():
        yield from groups(each, of, f"{path} · {name}" if path else name)


def all_spreads(figures: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every group of medians with their spread; those that are 1 by definition say nothing."""
    if not isinstance(figures, dict):
        return
    here = {name: each for name, each in figures.items() if _is_spread(each)}
    under = {
        f"{name}: {what}": spread
        for name, each in figures.items()
        if isinstance(each, dict) and not _is_spread(each)
        for what, spread in each.items()
        if _is_spread(spread)
    }
    shown = {
        name.replace("_", " "): spread
        for name, spread in (here | under).items()
        if set(spread.values()) not in ({1.0}, {0.0})
    }
    if shown:
        yield path, shown
    for name, each in figures.items():
        if isinstance(each, dict) and not any(_is_spread(one) for one in each.values()):
            yield from all_spreads(each, f"{path} · {name}" if path else name)


def _is_spread(figure: Any) -> bool:
    return isinstance(figure, dict) and figure.keys() == SPREAD


def bars(title: str, group: dict[str, float]) -> str:
    """Bars side by side, ours in its own colour."""
    most = max(group.values()) or 1
    rows = []
    for place, (name, value) in enumerate(sorted(group.items(), key=lambda one: -one[1])):
        top = place * ROW + 3
        wide = max(1, round(value / most * (WIDE - NAMES - 90)))
        kind = "ours" if name.startswith(OURS) else "peer"
        rows.append(
            f'<text x="0" y="{top + 14}">{_text(name)}</text>'
            f'<rect class="{kind}" rx="2" x="{NAMES}" y="{top}" width="{wide}" height="{ROW - 6}"/>'
            f'<text x="{NAMES + 6 + wide}" y="{top + 14}">{number(value)}</text>'
        )
    return _drawing(title, rows)


def ranges(title: str, spreads: dict[str, dict[str, float]]) -> str:
    """Medians with their spread, on a logarithmic scale with a line at 1."""
    found = [value for one in spreads.values() for value in one.values() if value > 0] or [1.0]
    least, most = math.log(min(*found, 1.0)), math.log(max(*found, 1.0))
    scale = (WIDE - NAMES - 90) / ((most - least) or 1)

    def at(value: float) -> float:
        return round(NAMES + (math.log(value) - least) * scale, 1) if value > 0 else NAMES

    high = len(spreads) * ROW
    rows = [f'<line class="one" x1="{at(1)}" x2="{at(1)}" y1="0" y2="{high}"/>']
    for place, (name, one) in enumerate(spreads.items()):
        middle = place * ROW + ROW // 2
        rows.append(
            f'<text x="0" y="{middle + 4}">{_text(_short(name))}</text>'
            f'<line class="range" x1="{at(one["low"])}" x2="{at(one["high"])}" y1="{middle}" y2="{middle}"/>'
            f'<circle class="ours" r="5" cx="{at(one["median"])}" cy="{middle}"/>'
            f'<text x="{at(one["high"]) + 10}" y="{middle + 4}">{number(one["median"])}</text>'
        )
    return _drawing(f"{title}: median, and the spread of the rounds", rows, len(spreads))


def _drawing(title: str, rows: Sequence[str], count: int | None = None) -> str:
    high = (len(rows) if count is None else count) * ROW + 4
    label = _text(title)
    return (
        f'<h3>{label}</h3><svg role="img" aria-label="{label}" viewBox="0 0 {WIDE} {high}"'
        f' width="{WIDE}" height="{high}">{"".join(rows)}</svg>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 46 else f"{name[:45]}…"


def number(value: float) -> str:
    """A number with a sensible number of digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _text(value: Any) -> str:
    return html.escape(str(value))
