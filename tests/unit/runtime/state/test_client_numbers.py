"""The numbers of the client messages that a session has taken."""

from tactful.runtime.state.client_numbers import (
    MAX_EARLIER,
    Taken,
    decode_taken,
    encode_taken,
    highest_below,
    with_earlier,
)


def test_a_client_is_found_below_the_number_of_its_hello() -> None:
    assert highest_below((7,), 9) == 7
    assert highest_below((7,), 8) == 7


def test_a_client_that_starts_again_from_one_is_a_new_client() -> None:
    assert highest_below((7,), 1) == 0
    assert highest_below((7,), 7) == 0


def test_each_tab_is_found_by_its_own_range() -> None:
    assert highest_below((1_005, 9_003), 1_006) == 1_005
    assert highest_below((1_005, 9_003), 9_004) == 9_003


def test_the_number_of_remembered_connections_is_bounded() -> None:
    taken: Taken = ()
    for number in range(1, 20):
        taken = with_earlier(taken, number)
    assert len(taken) == MAX_EARLIER
    assert highest_below(taken, 100) == 19
    assert highest_below(taken, 12) == 0  # the twelfth last is forgotten


def test_a_connection_without_numbers_is_not_remembered() -> None:
    assert with_earlier((5,), 0) == (5,)


def test_the_numbers_are_stored_and_read_again() -> None:
    assert decode_taken(encode_taken((5, 1_005))) == (5, 1_005)
    assert decode_taken(None) == ()
