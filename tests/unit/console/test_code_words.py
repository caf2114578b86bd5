"""Codes in words."""

from typing import get_args

from tactful.console.code_words import CODE_WORDS, code_words
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.alert_store import AlertState
from tactful.runtime.security.operator_accounts import ROLES


def test_every_role_and_state_has_words() -> None:
    for code in (*ROLES, *get_args(AlertState)):
        assert code in CODE_WORDS
    shown = {state.value for state in OfferState} - {"held_out", "shadow"}
    assert shown <= set(CODE_WORDS)


def test_a_code_without_words_is_shown_with_spaces() -> None:
    assert code_words("not_known_yet") == "not known yet"
    assert code_words("snoozed") == "at rest"
