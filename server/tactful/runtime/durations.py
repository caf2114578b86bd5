"""A histogram of durations, which costs little to fill."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric


class Durations:
    """A histogram of durations in seconds."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds`: upper bounds of the buckets, ascending, without infinity."""
        self._bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        """The number of durations in each bucket; the last one has no bound."""
        self.total = 0.0
        """The sum of the durations, in seconds."""

    def observe(self, seconds: float) -> None:
        """Count one duration in seconds, or another amount in the unit of the bounds."""
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, int]]:
        """Return (upper bound, number of durations up to it) of each bucket."""
        bounds = [*map(str, self._bounds), "+Inf"]
        return list(zip(bounds, accumulate(self.counts), strict=True))

    def family(self, name: str, meaning: str) -> Metric:
        """Return the histogram as Prometheus reads it."""
        return HistogramMetricFamily(name, meaning, buckets=self.buckets(), sum_value=self.total)
