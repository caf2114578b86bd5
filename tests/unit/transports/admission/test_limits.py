"""How much one peer, one address and all together may take."""

import resource

from tactful.transports.admission.limits import (
    Admission,
    AdmissionLimits,
    AdmissionResult,
    raise_descriptor_limit,
)


def admission(**limits):
    return Admission(AdmissionLimits(**limits))


def test_all_are_welcome_until_the_room_is_taken_then_only_health_checks_then_nobody():
    door = admission(connections=2, headroom=1)
    assert [door.count_in() for _ in range(4)] == [
        AdmissionResult.ADMITTED,
        AdmissionResult.ADMITTED,
        AdmissionResult.HEALTH_ONLY,
        AdmissionResult.FULL,
    ]


def test_who_leaves_makes_room():
    door = admission(connections=1, headroom=0)
    door.count_in()
    assert door.count_in() is AdmissionResult.FULL
    door.count_out()
    door.count_out()
    assert door.count_in() is AdmissionResult.ADMITTED
    assert door.connections == 1


def test_an_address_gets_its_share_and_no_more():
    door = admission(per_address=2)
    assert [door.claim_address("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert door.claim_address("192.0.2.2")


def test_an_address_with_nothing_left_is_forgotten():
    door = admission(per_address=2)
    for n in range(1_000):
        door.claim_address(f"10.0.0.{n}")
        door.release_address(f"10.0.0.{n}")
    assert door.address_count == 0


def test_a_refused_address_is_not_remembered_either():
    door = admission(per_address=0)
    assert not door.claim_address("192.0.2.1")
    assert door.address_count == 0


def test_the_room_leaves_a_tenth_of_the_descriptors_free():
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert (
        AdmissionLimits(connections=10**9).capacity() == soft * 9 // 10 - AdmissionLimits().headroom
    )
    assert AdmissionLimits(connections=3).capacity() == 3


def test_the_process_may_have_as_many_descriptors_as_it_may_allow_itself():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert raise_descriptor_limit() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
