"""How long the server takes to answer, by kind of signal and of fact."""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from tactful.core.session.signals import (
    ActivityReported,
    CartChanged,
    ConnectionClosed,
    ConnectionOpened,
    ConsentChanged,
    CustomerIdentified,
    CustomerLoggedOut,
    FactsChanged,
    ItemViewed,
    MoreTimeRequested,
    OfferAccepted,
    OfferDismissed,
    OfferRedeemed,
    OfferRevoked,
    OfferSeen,
    OrderReported,
    PageViewed,
    RedemptionRolledBack,
    Signal,
    TimerFired,
    VoucherIssued,
)
from tactful.measurement.response_quantiles import BOUNDS_MS, bucket_name
from tactful.runtime.durations import Durations

SIGNAL_LABELS: Final[dict[type[Signal], str]] = {
    ActivityReported: "activity",
    CartChanged: "cart",
    ConnectionClosed: "disconnect",
    ConnectionOpened: "connect",
    ConsentChanged: "consent",
    CustomerIdentified: "identify",
    CustomerLoggedOut: "logout",
    FactsChanged: "facts",
    ItemViewed: "view",
    MoreTimeRequested: "more_time",
    OfferAccepted: "accept",
    OfferDismissed: "dismiss",
    OfferRedeemed: "redeemed",
    OfferRevoked: "revoked",
    OfferSeen: "seen",
    OrderReported: "order",
    PageViewed: "page",
    RedemptionRolledBack: "rolled_back",
    TimerFired: "timer",
    VoucherIssued: "voucher",
}
"""The public `signal` label of each signal: that of its message, where a client sends one."""
BOUNDS_S: Final = tuple(bound / 1_000 for bound in BOUNDS_MS)


class ResponseTimes:
    """Histograms of the response times of one shop."""

    def __init__(self) -> None:
        self._signals: dict[str, Durations] = {}
        self._facts: dict[str, Durations] = {}

    def record_signal(self, kind: type[Signal], seconds: float) -> None:
        """Count a signal that was answered; seconds from its receipt to the frame."""
        _histogram(self._signals, SIGNAL_LABELS[kind]).observe(seconds)

    def record_fact(self, kind: str, seconds: float) -> None:
        """Count a fact; seconds from its receipt until every session concerned was notified.

        Args:
            kind: The `type` of the fact.
            seconds: The time.
        """
        _histogram(self._facts, kind).observe(seconds)

    def counts(self) -> dict[str, int]:
        """Return the name of a bucket → the number of answers in it; see `bucket_name`."""
        return {
            bucket_name(what, kind, place): count
            for what, histograms in (("signal", self._signals), ("fact", self._facts))
            for kind, histogram in histograms.items()
            for place, count in enumerate(histogram.counts)
            if count
        }

    def families(self) -> Iterator[Metric]:
        """Yield the histograms as Prometheus reads them."""
        for name, meaning, label, histograms in (
            (
                "tactful_signal_response_seconds",
                "From the receipt of a signal to the frame that answers it",
                "signal",
                self._signals,
            ),
            (
                "tactful_fact_response_seconds",
                "From the receipt of a fact to the last session notified",
                "type",
                self._facts,
            ),
        ):
            family = HistogramMetricFamily(name, meaning, labels=[label])
            for kind, histogram in sorted(histograms.items()):
                family.add_metric([kind], histogram.buckets(), histogram.total)
            yield family


def _histogram(histograms: dict[str, Durations], kind: str) -> Durations:
    found = histograms.get(kind)
    if found is None:
        found = histograms[kind] = Durations(BOUNDS_S)
    return found
