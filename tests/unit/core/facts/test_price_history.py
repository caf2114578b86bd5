"""The public prices of an SKU; `test_assembly.py` has their rules."""

from support.builders import T0, price
from tactful.core.facts.fact_types import ReportedFact
from tactful.core.facts.price_history import GeneralPrice, public_prices, with_general_prices


def test_a_general_offer_is_public_while_it_runs() -> None:
    public = public_prices([ReportedFact(price("A", 100), T0)])
    assert with_general_prices(public, []) is public
    offer = GeneralPrice("R1", "DE", 80, "EUR", T0 + 1, T0 + 2)
    assert [one.amount for one in with_general_prices(public, [offer])] == [100, 80, 100]
    assert [one.amount for one in with_general_prices((), [offer])] == [80]
