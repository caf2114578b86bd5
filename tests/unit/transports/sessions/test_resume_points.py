"""The highest `n` of broken connections."""

from tactful.transports.sessions.resume_points import ResumePoints


def test_a_client_is_found_below_the_number_of_its_hello() -> None:
    numbers = ResumePoints()
    numbers.remember(b"s", 7)
    assert numbers.highest_n(b"s", 9) == 7
    assert numbers.highest_n(b"s", 8) == 7


def test_a_client_that_starts_again_from_one_is_a_new_client() -> None:
    numbers = ResumePoints()
    numbers.remember(b"s", 7)
    assert numbers.highest_n(b"s", 1) == 0
    assert numbers.highest_n(b"s", 7) == 0


def test_each_tab_is_found_by_its_own_range() -> None:
    numbers = ResumePoints()
    numbers.remember(b"s", 1_005)
    numbers.remember(b"s", 9_003)
    assert numbers.highest_n(b"s", 1_006) == 1_005
    assert numbers.highest_n(b"s", 9_004) == 9_003


def test_sessions_are_separate() -> None:
    numbers = ResumePoints()
    numbers.remember(b"s", 7)
    assert numbers.highest_n(b"t", 9) == 0


def test_the_number_of_remembered_connections_is_bounded() -> None:
    numbers = ResumePoints(max_sessions=2)
    for session in (b"a", b"b", b"c"):
        for taken in range(1, 20):
            numbers.remember(session, taken)
    assert numbers.highest_n(b"a", 100) == 0
    assert numbers.highest_n(b"c", 100) == 19
    assert numbers.highest_n(b"c", 12) == 0  # the twelfth last is forgotten


def test_a_connection_without_numbers_is_not_remembered() -> None:
    numbers = ResumePoints(max_sessions=1)
    numbers.remember(b"a", 5)
    numbers.remember(b"b", 0)
    assert numbers.highest_n(b"a", 6) == 5
