"""Charts as SVG, made on the server: ranges around zero, and bars.

A chart has a title and a description, takes its colours from the style sheet, and stands above a table
with the same numbers.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH: Final = 400
"""Width of a chart in its own units; the page scales it."""
ROW: Final = 30
"""Height of one row."""
EDGE: Final = 14
"""Space left and right of what is drawn."""


class Range(Struct, frozen=True):
    """An estimate with the ends of its interval."""

    low: float
    likely: float
    high: float


class Bar(Struct, frozen=True):
    """A labelled number from 0."""

    label: str
    value: int
    text: str
    """The number as the reader's language writes it."""


def range_chart(ranges: Sequence[Range], title: str, description: str) -> "Markup":
    """Return ranges below each other on one scale, which contains zero.

    Args:
        ranges: The ranges, the first on top.
        title: What the chart shows.
        description: The same as `title`, with the numbers.
    """
    from markupsafe import Markup  # noqa: PLC0415

    ends = [0.0, *(end for one in ranges for end in (one.low, one.high))]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0

    def x(value: float) -> str:
        return f"{EDGE + (value - low) / span * (WIDTH - 2 * EDGE):.1f}"

    zero = Markup('<line class="zero" x1="{0}" x2="{0}" y1="2" y2="{1}"/>').format(
        x(0), ROW * len(ranges) - 2
    )
    rows = Markup("").join(
        Markup(
            '<line class="range {4}" x1="{0}" x2="{2}" y1="{3}" y2="{3}"/>'
            '<circle class="likely" cx="{1}" cy="{3}" r="6"/>'
        ).format(x(one.low), x(one.likely), x(one.high), ROW // 2 + ROW * place, _tone(one))
        for place, one in enumerate(ranges)
    )
    return _svg(zero + rows, ROW * len(ranges), title, description)


def bar_chart(bars: Sequence[Bar], title: str, description: str) -> "Markup":
    """Return bars below each other, each with its label and number; see `range_chart`."""
    from markupsafe import Markup  # noqa: PLC0415

    largest = max((bar.value for bar in bars), default=0) or 1
    rows = Markup("").join(
        Markup(
            '<rect class="bar" x="0" y="{0}" width="{1:.1f}" height="{2}" rx="3"/>'
            '<text x="4" y="{3}">{4}: {5}</text>'
        ).format(
            ROW * place + 3,
            max(bar.value / largest * WIDTH, 1.0),
            ROW - 6,
            ROW * place + 20,
            bar.label,
            bar.text,
        )
        for place, bar in enumerate(bars)
    )
    return _svg(rows, ROW * len(bars), title, description)


def _tone(one: Range) -> str:
    return "gains" if one.low > 0 else "loses" if one.high < 0 else "unsure"


def _svg(content: "Markup", height: int, title: str, description: str) -> "Markup":
    from markupsafe import Markup  # noqa: PLC0415

    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>{}</svg>'
    ).format(WIDTH, height, title, description, content)
