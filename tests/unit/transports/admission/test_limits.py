"""Counts of connections, in total and per address."""

import resource
from typing import Any

from tactful.transports.admission.limits import (
    Admission,
    AdmissionLimits,
    AdmissionResult,
    raise_descriptor_limit,
)


def admission(**limits: Any) -> Admission:
    return Admission(AdmissionLimits(**limits))


def test_beyond_the_capacity_only_health_checks_are_served_and_then_nothing() -> None:
    some = admission(connections=2, headroom=1)
    assert [some.count_in() for _ in range(4)] == [
        AdmissionResult.ADMITTED,
        AdmissionResult.ADMITTED,
        AdmissionResult.HEALTH_ONLY,
        AdmissionResult.FULL,
    ]


def test_a_closed_connection_makes_room() -> None:
    some = admission(connections=1, headroom=0)
    some.count_in()
    assert some.count_in() is AdmissionResult.FULL
    some.count_out()
    some.count_out()
    assert some.count_in() is AdmissionResult.ADMITTED
    assert some.connections == 1


def test_an_address_has_a_maximum_of_connections() -> None:
    some = admission(per_address=2)
    assert [some.claim_address("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert some.claim_address("192.0.2.2")


def test_an_address_without_connections_is_forgotten() -> None:
    some = admission(per_address=2)
    for n in range(1_000):
        some.claim_address(f"10.0.0.{n}")
        some.release_address(f"10.0.0.{n}")
    assert some.address_count == 0


def test_a_rejected_address_is_not_remembered() -> None:
    some = admission(per_address=0)
    assert not some.claim_address("192.0.2.1")
    assert some.address_count == 0


def test_the_capacity_leaves_a_tenth_of_the_descriptors_free() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert (
        AdmissionLimits(connections=10**9).capacity() == soft * 9 // 10 - AdmissionLimits().headroom
    )
    assert AdmissionLimits(connections=3).capacity() == 3


def test_the_descriptor_limit_is_raised_to_the_hard_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert raise_descriptor_limit() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
