"""Discount codes: which texts are codes, and which of them a platform cannot tell apart."""

import pytest

from tactful.core.offers.discount_codes import LONGEST_CODE, FreeCode, code_key, code_problem


def test_a_code_without_an_end_outlasts_everything() -> None:
    assert FreeCode("A").outlasts(2**62)
    assert FreeCode("A", 10).outlasts(10)
    assert not FreeCode("A", 10).outlasts(11)


def test_codes_that_differ_in_case_only_are_one_code() -> None:
    assert code_key(" spring-1 ") == code_key("SPRING-1")
    assert code_key("SPRING-1") != code_key("SPRING1")


@pytest.mark.parametrize("code", ["A", "SPRING-15_%&", "x" * LONGEST_CODE])
def test_signs_letters_and_digits_make_a_code(code: str) -> None:
    assert code_problem(code) is None


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", "empty"),
        ("x" * (LONGEST_CODE + 1), "255 characters"),
        ("two words", "a space"),
        ("FRÜHLING", "ASCII"),
        ("A\n", "a space"),
    ],
)
def test_other_texts_are_refused_with_a_reason(code: str, problem: str) -> None:
    assert problem in (code_problem(code) or "")
