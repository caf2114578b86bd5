"""Every reason says what would flip it."""

from tactful.core.verdicts.counterfactuals import (
    CHANGES,
    NEEDED,
    as_plain_value,
    change_text,
    needed_value,
)
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding

NOON = 1_773_144_000_000


def test_every_reason_has_a_sentence() -> None:
    assert set(CHANGES) == set(Reason)
    assert all(text[0].islower() and not text.endswith(".") for text in CHANGES.values())


def test_what_time_alone_mends_says_when() -> None:
    quiet = Finding(Reason.TIMING_QUIET, until=NOON)
    assert (
        change_text(quiet)
        == "the quiet after a withdrawal passes; by itself at 2026-03-10T12:00:00Z"
    )
    assert change_text(Finding(Reason.STOCK_OUT)) == "the stock feed reports some"


def test_what_is_needed_is_a_value_an_instant_or_a_word() -> None:
    assert needed_value(Finding(Reason.STOCK_OUT, needed=1)) == 1
    assert needed_value(Finding(Reason.TIMING_QUIET, needed=NOON)) == "2026-03-10T12:00:00Z"
    assert needed_value(Finding(Reason.COMPLAINT_COOLDOWN, until=NOON)) == "2026-03-10T12:00:00Z"
    assert needed_value(Finding(Reason.COMPLAINT_OPEN)) == "resolved"
    assert NEEDED.keys() <= CHANGES.keys()


def test_instants_are_shown_as_such_and_everything_else_as_it_is() -> None:
    assert as_plain_value(Reason.TIMING_QUIET, NOON) == "2026-03-10T12:00:00Z"
    assert as_plain_value(Reason.STOCK_OUT, 0) == 0
    assert as_plain_value(Reason.OWNED_ALREADY, None) is None
