"""Telephone numbers in their international form."""

import pytest

from tactful.core.values.phone_numbers import e164


@pytest.mark.parametrize(
    ("text", "territory", "number"),
    [
        ("+49 30 901820", None, "+4930901820"),
        ("+49 (0)30 / 90-1820", None, "+4930901820"),
        ("0049 30 901820", "US", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("(212) 555-0100", "US-NY", "+12125550100"),
        ("1 212 555 0100", "US", "+12125550100"),
        ("06 1 234 5678", "HU", "+3612345678"),
        ("02 1234567", "IT", "+39021234567"),
        ("612 345 678", "ES", "+34612345678"),
        ("030 901820", None, None),
        ("030 901820", "ZZ", None),
        ("+49", None, None),
        ("+49 30 call me", None, None),
        ("", "DE", None),
        ("+4930901820123456", None, None),
    ],
)
def test_a_number_is_read_in_its_territory(
    text: str, territory: str | None, number: str | None
) -> None:
    assert e164(text, territory) == number
