"""Lists of discount codes, as lines and as tables."""

import pytest

from tactful.connectors.files.code_lists import end_of, read_codes
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.values.calendar import CalendarError, parse_rfc3339

EASTER = parse_rfc3339("2026-04-06T22:00:00Z")


def read(text: str, ends_at: int | None = None) -> list[FreeCode | str]:
    found = read_codes(text, "Europe/Berlin", ends_at)
    return [one.code or f"{one.line}: {one.problem}" for one in found]


def test_one_code_a_line() -> None:
    assert read("A\n\n  B \r\nC") == [FreeCode("A"), FreeCode("B"), FreeCode("C")]
    assert read("") == []
    assert read("\ufeffA", ends_at=5) == [FreeCode("A", 5)]


@pytest.mark.parametrize(
    "table",
    [
        "Code,Ends_at,Status\nA,2026-04-06,active\nB,,active",
        "status;code;expires\nactive;A;2026-04-06\nactive;B;",
        "Discount code\tExpires\nA\t2026-04-06T22:00:00Z\nB",
        'code,ends\n"A",2026-04-07 00:00\nB,',
    ],
)
def test_a_table_has_columns_for_codes_and_their_ends(table: str) -> None:
    assert read(table) == [FreeCode("A", EASTER), FreeCode("B")]


def test_a_table_without_a_heading_has_its_codes_in_the_first_column() -> None:
    assert read("A,1\nB,2") == [FreeCode("A"), FreeCode("B")]


def test_malformed_and_repeated_lines_are_named() -> None:
    assert read("code,ends\nA,\na,\ntwo words,\n,\nB,soon") == [
        FreeCode("A"),
        "3: The code a is in line 2 already.",
        "4: The code has a space, or a character that is no letter, digit or sign of ASCII.",
        "5: The code is empty.",
        "6: 'soon' is no end. Write a date such as 2026-12-31.",
    ]


def test_a_day_is_included_in_its_end() -> None:
    assert end_of("2026-04-06", "Europe/Berlin") == EASTER
    assert end_of("2026-04-06T22:00:00Z", "Asia/Tokyo") == EASTER
    with pytest.raises(CalendarError):
        end_of("soon", "UTC")
