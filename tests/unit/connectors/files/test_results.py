"""Facts of rows are checked exactly as the server checks them."""

from tactful.connectors.files.results import BadRow, FoundFact, decode_or_error, fact_or_error


def test_a_row_is_checked_as_the_server_checks_a_fact() -> None:
    fact = {"type": "stock", "sku": "A", "territory": "DE", "available": 3, "version": None}
    found = fact_or_error(7, fact)
    assert isinstance(found, FoundFact)
    assert found.line == 7
    bad = fact_or_error(8, fact | {"available": "three"})
    assert isinstance(bad, BadRow)
    assert (bad.line, "available" in bad.message) == (8, True)
    assert isinstance(decode_or_error(9, b"{"), BadRow)
