"""The table of close codes."""

from tactful.protocol import close_codes
from tactful.protocol.close_codes import ReconnectAdvice


def test_every_code_and_every_name_stands_once() -> None:
    codes = [row.code for row in close_codes.TABLE]
    names = [row.name for row in close_codes.TABLE]
    assert len(set(codes)) == len(codes)
    assert len(set(names)) == len(names)


def test_the_table_holds_every_constant_of_the_module() -> None:
    constants = {value for name, value in vars(close_codes).items() if name.isupper()} - {
        close_codes.TABLE
    }
    assert constants == set(close_codes.TABLE)


def test_codes_of_our_own_are_in_the_range_for_private_use() -> None:
    assert all(row.code < 1016 or 4000 <= row.code < 5000 for row in close_codes.TABLE)


def test_what_would_fail_again_tells_the_client_to_stop() -> None:
    stops = {row.name for row in close_codes.TABLE if row.afterwards is ReconnectAdvice.STOP}
    assert {"bad_message", "no_hello", "origin", "not_text", "not_utf8", "too_large"} <= stops


def test_a_restart_lets_the_client_resume() -> None:
    assert close_codes.GOING_AWAY.afterwards is ReconnectAdvice.RESUME


def test_a_session_that_moved_lets_the_client_resume_once_its_page_is_visible() -> None:
    assert (close_codes.MOVED.code, close_codes.MOVED.afterwards) == (
        4411,
        ReconnectAdvice.RESUME_VISIBLE,
    )
