"""A histogram of durations, as Prometheus reads it."""

import pytest

from tactful.runtime.durations import Durations


def test_a_duration_falls_into_the_first_bucket_that_it_does_not_exceed() -> None:
    durations = Durations((0.1, 0.5))
    for seconds in (0.05, 0.1, 0.2, 9.0):
        durations.observe(seconds)
    samples = {
        (sample.name, sample.labels.get("le")): sample.value
        for sample in durations.family("d", "Test").samples
    }
    assert samples["d_bucket", "0.1"] == 2
    assert samples["d_bucket", "0.5"] == 3
    assert samples["d_bucket", "+Inf"] == samples["d_count", None] == 4
    assert samples["d_sum", None] == pytest.approx(9.35)
