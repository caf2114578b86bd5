"""Every reason has words that an agent may say."""

from typing import get_args

from tactful.console.reason_words import REASON_WORDS, reason_words
from tactful.core.verdicts.reasons import Reason
from tactful.runtime.operators import RevocationReason


def test_every_reason_of_a_gate_and_of_an_operator_has_words() -> None:
    codes = {reason.value for reason in Reason} | set(get_args(RevocationReason))
    assert REASON_WORDS.keys() == codes


def test_words_are_a_clause_and_no_code() -> None:
    for code, words in REASON_WORDS.items():
        assert not words.endswith("."), code
        assert not {"_", "`"} & set(words), code


def test_an_unknown_code_is_shown_as_it_is_and_none_as_nothing() -> None:
    assert reason_words("new.code") == "new.code"
    assert reason_words(None) == ""
