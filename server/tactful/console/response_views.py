"""How fast the server answered, as the page of results shows it."""

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tactful.console.charts import Bar, bar_chart
from tactful.console.languages import say
from tactful.console.local_formats import format_number
from tactful.core.values.phrases import Phrase, phrase
from tactful.measurement.response_quantiles import (
    HISTOGRAM_MS,
    ResponseTime,
    response_times,
    signal_histogram,
)


class ResponsesView(Struct, frozen=True):
    """Response times of all kinds."""

    chart: Any
    """The histogram of the answers to shoppers, as HTML."""
    kinds: tuple[tuple[Phrase, ResponseTime], ...]


def responses_view(counts: Sequence[tuple[str, int]]) -> ResponsesView | None:
    """Return response times as the page shows them; None: nothing was answered.

    Args:
        counts: (name of a bucket, number of answers in it).
    """
    if not counts:
        return None
    found = signal_histogram(counts)
    bars = [Bar(_within(place), count, format_number(count)) for place, count in enumerate(found)]
    said = ", ".join(f"{bar.label}: {bar.text}" for bar in bars)
    chart = bar_chart(bars, say("Answers to shoppers by response time"), said)
    kinds = tuple((_name(one), one) for one in response_times(counts))
    return ResponsesView(chart, kinds)


def _within(place: int) -> str:
    bound = HISTOGRAM_MS[place]
    if math.isinf(bound):
        return say("longer")
    return say("within {n} ms", n=format_number(round(bound)))


def _name(one: ResponseTime) -> Phrase:
    if one.of == "signal":
        return phrase("Signal `{kind}`", kind=one.kind)
    return phrase("Fact `{kind}`", kind=one.kind)
