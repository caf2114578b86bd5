"""What the facts of a test, or of a shop, make of its items."""

from support.rule_files import NOW
from tactful.core.facts.fact_types import Cost, Price, Product, Recall, ReportedFact, Stock
from tactful.core.facts.item import PublicPrice
from tactful.core.values.money import Money
from tactful.rulebook.testing.fact_set import FactSet
from tactful.rulebook.testing.given import as_datetime


def test_facts_become_items_with_their_history() -> None:
    facts = FactSet()
    facts.add(Product(sku="A", product="p", title="A", components=("B", "C")), NOW)
    facts.add(Stock(sku="A", territory="DE", available=1, location="x"), NOW)
    facts.add(Stock(sku="A", territory="DE", available=2, location="y"), NOW)
    facts.add(Stock(sku="B", territory="DE", available=2), NOW)
    facts.add(Cost(sku="A", cost=Money(1, "EUR")), NOW)
    facts.add(Recall(recall="r", product="p", status="active"), NOW)
    facts.add(Recall(recall="q", skus=("A",), status="lifted"), NOW)
    for amount, since in ((10, None), (9, as_datetime(NOW - 5))):
        facts.add(
            Price(
                sku="A",
                territory="DE",
                price=Money(amount, "EUR"),
                tax_included=True,
                tax_rate_bp=0,
                since=since,
            ),
            NOW,
        )
    item = facts.items()["A"]
    assert item.available("DE") == 3
    assert item.recalls == ("r",)
    assert item.costs["EUR"] == ReportedFact(Cost(sku="A", cost=Money(1, "EUR")), NOW)
    assert [part.sku for part in item.components] == ["B", "C"]
    assert item.history["DE"] == (PublicPrice(NOW - 5, 9, "EUR"), PublicPrice(NOW, 10, "EUR"))
    assert facts.history("nobody").orders == ()
