"""Compilation of rule files as a whole."""

from support.rule_files import check, found


def test_an_empty_file_is_an_empty_rulebook() -> None:
    for text in (b"", b"# nothing here\n", b"\xef\xbb\xbf"):
        compiled = check(text)
        assert compiled.rulebook is not None
        assert compiled.rulebook.rules == {}


def test_ten_planted_mistakes_are_found_in_one_run_at_the_right_place() -> None:
    text = b"""\
rules:
  - id: one
    when:
      - item.stokc: {at_least: 5}
      - session.dwell: {at_least: 30}
      - item.price: {between: [400.00 EUR, 20.00 EUR]}
      - item.brand: {in: $heroes}
\tnote: with a tab
    paused: no
    valid: {from: 2025-03-01, until: 2025-03-31}
    offer:
      percent: 10%
      percent: 12%
      message: "Only today
  - id: two
    offer:
      fixed: {EUR: 5.00}
      floor: {minimum: {EUR: 10.00}}
"""
    assert found(text) == [
        ("R203", 4, 9),
        ("R205", 5, 35),
        ("R301", 6, 31),
        ("R207", 7, 26),
        ("R105", 8, 1),
        ("R208", 9, 13),
        ("R305", 10, 38),
        ("R110", 13, 7),
        ("R104", 14, 16),
        ("R306", 17, 14),
    ]
