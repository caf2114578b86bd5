"""The price that a page shows is a warning sign."""

from typing import Any

import pytest

from support.builders import (
    MINUTE,
    T0,
    context,
    item,
    kept,
    offer,
    price,
    rule,
    rulebook,
    scene,
    session,
)
from tactful.core.decide import decide
from tactful.core.decision import PushOffer, WithdrawOffer
from tactful.core.explain import explain
from tactful.core.gates.evaluation import price_basis_of
from tactful.core.gates.page_price import check_page_price, contradicting_price
from tactful.core.session import signals
from tactful.core.session.session import REMEMBERED_ITEMS, ShownPrice, ViewedItem
from tactful.core.values.money import Money
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding

LOWER = Money(10965, "EUR")


def shown(price: Money | None, sku: str = "RUN-42") -> Any:
    return session(
        viewed_items=(ViewedItem(sku, 1, T0 - MINUTE, T0 - MINUTE),),
        shown_prices=(ShownPrice(sku, price),) if price else (),
    )


def findings(on_page: Money | None, offered: int = 10965, **fields: Any) -> list[Finding]:
    at = scene(session=shown(on_page), **fields)
    return [*check_page_price(at, contradicting_price(at.page_price, price_basis_of(at)), offered)]


@pytest.mark.parametrize(
    ("amount", "disagrees"),
    [(12900, False), (13900, False), (10966, False), (10965, True), (10964, True), (0, True)],
)
def test_an_offer_must_be_below_the_price_of_the_page(amount: int, disagrees: bool) -> None:
    found = findings(Money(amount, "EUR"))
    assert [one.reason for one in found] == [Reason.PRICE_DISAGREES] * disagrees
    assert [(one.actual, one.needed) for one in found] == [(10965, amount - 1)] * disagrees


def test_a_page_in_another_currency_or_of_another_variant_says_nothing() -> None:
    assert findings(Money(1, "GBP")) == []
    other = scene(session=shown(Money(1, "EUR"), "RUN-43"))
    assert contradicting_price(other.page_price, price_basis_of(other)) is None
    assert findings(None) == []
    assert contradicting_price(LOWER, None) is None


@pytest.mark.parametrize(
    ("amount", "disagrees"), [(10838, True), (10839, False), (10840, False), (10841, False), (10842, True)]
)  # fmt: skip
def test_a_page_that_shows_the_reported_price_without_tax_says_nothing(
    amount: int, disagrees: bool
) -> None:
    """129.00 EUR are 108.40 EUR without 19 % tax."""
    assert bool(findings(Money(amount, "EUR"))) is disagrees


def test_a_price_that_is_reported_without_tax_has_no_other_form() -> None:
    net = item(prices={"DE": kept(price(tax_included=False))})
    assert len(findings(Money(10840, "EUR"), item=net)) == 1


def test_a_rule_is_withheld_and_why_names_the_price_of_the_page() -> None:
    here = shown(LOWER)
    (verdict,) = explain(context(rule(), session=here), "RUN-42")
    assert verdict.findings == (
        Finding(Reason.PRICE_DISAGREES, 10965, 10964, at=verdict.findings[0].at),
    )
    assert decide(context(rule(), session=here)).effects == ()
    cheaper = decide(context(rule(percent=20), session=here))
    assert [type(one) for one in cheaper.effects] == [PushOffer]


def test_a_view_of_a_page_with_a_lower_price_withdraws_a_standing_offer() -> None:
    up = offer(rule_digest="R1")
    book = rulebook(rule())
    for on_page, withdrawn in ((LOWER, True), (Money(12900, "EUR"), False), (None, False)):
        view = signals.ItemViewed("RUN-42", on_page)
        made = decide(context(session=session(offers=(up,)), signal=view, rulebook=book))
        assert [type(one) for one in made.effects] == [WithdrawOffer] * withdrawn
        reasons = [step.reason for step in made.steps]
        assert reasons == [Reason.PRICE_DISAGREES] * withdrawn


def test_the_last_view_of_an_item_counts() -> None:
    def after(before: Any, price: Money | None, sku: str = "RUN-42") -> Any:
        view = signals.ItemViewed(sku, price)
        return decide(context(session=before, signal=view, items=[])).session

    seen = shown(LOWER)
    assert seen.shown_price("RUN-42") == LOWER
    assert after(seen, None).shown_prices == ()
    again = after(after(seen, None), LOWER)
    assert scene(session=again).page_price == LOWER
    both = after(again, Money(1990, "EUR"), "SOCK-3")
    assert both.shown_prices == (
        ShownPrice("RUN-42", LOWER),
        ShownPrice("SOCK-3", Money(1990, "EUR")),
    )
    assert after(both, None, "BOOT-42").shown_prices == both.shown_prices
    assert both.shown_price("BOOT-42") is None


def test_no_more_prices_are_remembered_than_items() -> None:
    here = session()
    for number in range(2 * REMEMBERED_ITEMS):
        view = signals.ItemViewed(f"S-{number}", LOWER)
        here = decide(context(session=here, signal=view, items=[])).session
    assert [one.sku for one in here.shown_prices] == [one.sku for one in here.viewed_items]
