"""Response times by kind of signal and of fact."""

from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest

from tactful.core.session import signals
from tactful.core.session.signals import ItemViewed, TimerFired
from tactful.measurement.response_quantiles import BOUNDS_MS, response_times
from tactful.runtime.answer_times import SIGNAL_LABELS, ResponseTimes


class Registered:
    """What prometheus_client reads."""

    def __init__(self, times: ResponseTimes) -> None:
        self.collect = times.families


def test_every_signal_has_a_label_of_its_own() -> None:
    assert SIGNAL_LABELS.keys() == set(get_args(signals.Signal))
    assert len({*SIGNAL_LABELS.values()}) == len(SIGNAL_LABELS)


def test_each_kind_has_a_histogram() -> None:
    times = ResponseTimes()
    times.record_signal(ItemViewed, 0.0015)
    times.record_signal(ItemViewed, 60)
    times.record_fact("price", 0.004)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Registered(times))
    text = generate_latest(registry).decode()
    assert 'tactful_signal_response_seconds_bucket{le="0.002",signal="view"} 1.0' in text
    assert 'tactful_signal_response_seconds_count{signal="view"} 2.0' in text
    assert 'tactful_fact_response_seconds_bucket{le="0.005",type="price"} 1.0' in text
    assert 'signal="timer"' not in text, "nothing of this kind was answered"


def test_the_counts_of_buckets_give_the_same_times_as_a_report_shows() -> None:
    times = ResponseTimes()
    for _ in range(4):
        times.record_signal(TimerFired, 0.0065)
    times.record_fact("stock", 60)
    assert times.counts() == {"signal timer 8": 4, "fact stock inf": 1}
    timer, stock = response_times(times.counts().items())
    assert (timer.of, timer.kind, timer.answers) == ("signal", "timer", 4)
    assert 5 < timer.p50_ms < 8
    assert (stock.kind, stock.slow, stock.p99_ms) == ("stock", 1, BOUNDS_MS[-1])
