"""Whether an order may use an offer, and the price at which it does."""

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted
from support.redemption_ledger import IN_STOCK, claims, eur, line, made
from tactful.core.offers.offer import Offer
from tactful.core.redemption.offer_sales import not_applicable, not_stackable, sale_of
from tactful.core.redemption.order_totals import LineTotals, NotApplicable, RequestedLine, SkuNow
from tactful.core.redemption.redemption_rows import RedemptionRow, RedemptionState, SoldLine, Status
from tactful.core.values.allocation import Level


def using(offer: Offer, status: Status = "redeemed") -> RedemptionState:
    """An order that uses an offer."""
    use = RedemptionRow(id="rd", offer=offer.id, order="o1", at=T0, status=status, saved=0)
    return RedemptionState(offers={offer.id: offer}, redemptions=(use,), orders=frozenset({"o1"}))


@pytest.mark.parametrize(
    ("territory", "now", "is_holder", "code"),
    [
        ("DE", T0, None, None),
        ("DE", T0, True, None),
        ("AT", T0, None, "redemption.territory"),
        ("DE", T0 + 1_800_000, None, "offer.expired"),
        ("DE", T0, False, "redemption.holder"),
    ],
)
def test_an_offer_is_for_its_territory_its_time_and_its_holder(
    territory: str, now: int, is_holder: bool | None, code: str | None
) -> None:
    found = not_applicable(accepted(), territory, now, claims(), is_holder=is_holder)
    assert (found.code if found else None) == code


@pytest.mark.parametrize("status", ["held", "redeemed"])
def test_an_offer_that_the_order_holds_counts_as_used(status: Status) -> None:
    off = made(1, "order", at_most=100)
    found = not_stackable(using(off, status), made(2, "item"))
    assert found is not None
    assert found.code == "redemption.sequence"


@pytest.mark.parametrize("status", ["lapsed", "cancelled"])
def test_what_the_order_gave_back_does_not_count_as_used(status: Status) -> None:
    assert not_stackable(using(made(1, "order", at_most=100), status), made(2, "item")) is None


def test_offers_whose_rules_do_not_name_each_other_do_not_stack() -> None:
    apart = structs.replace(made(2, "order", at_most=100), stacks_with=())
    found = not_stackable(using(made(1, "item")), apart)
    assert found is not None
    assert found.code == "redemption.stacking"


def sold(*lines: RequestedLine, **changes: object) -> LineTotals | NotApplicable:
    offer = structs.replace(accepted(qty=3, max_qty=3), **changes)
    return sale_of(RedemptionState(), offer, lines, None, IN_STOCK)


def totals(*lines: RequestedLine) -> tuple[int, int, int, int]:
    """(unit, qty, paid, saved) of a sale."""
    sale = sold(*lines)
    assert isinstance(sale, LineTotals)
    (one,) = sale.lines
    assert sale.saved == one.saved
    return sale.unit, sale.qty, one.paid, one.saved


def test_a_shop_that_charges_less_than_promised_is_served_and_nothing_is_saved() -> None:
    assert totals(line("RUN-42", 2, 9900)) == (9900, 2, 19800, 0)
    assert totals(line("RUN-42", 1, 0)) == (0, 1, 0, 0)


def test_a_shop_that_names_the_promised_price_saves_as_if_it_named_none() -> None:
    assert totals(line("RUN-42", 2, 10965)) == totals(line("RUN-42", 2)) == (10965, 2, 21930, 3870)


def test_each_line_of_an_item_is_charged_at_its_own_price() -> None:
    assert totals(line("RUN-42", 1, 9900), line("RUN-42", 2)) == (10965, 3, 31830, 3870)


@pytest.mark.parametrize("unit", [eur(10966), eur(-1)])
def test_a_price_above_the_promise_or_below_nothing_is_refused(unit: object) -> None:
    found = sold(RequestedLine(sku="RUN-42", qty=1, unit=unit))  # type: ignore[arg-type]
    assert isinstance(found, NotApplicable)
    assert (found.code, found.ends_offer) == ("redemption.price", False)


@pytest.mark.parametrize("level", ["order", "shipping"])
def test_an_order_below_the_minimum_of_its_offer_is_told_what_is_missing(level: Level) -> None:
    off = made(1, level, at_most=1_500, min_order=20_000)
    now = {"A": SkuNow(price=15_000, currency="EUR"), "B": SkuNow(price=990, currency="EUR")}

    def asked(*lines: RequestedLine) -> LineTotals | NotApplicable:
        return sale_of(RedemptionState(), off, lines, eur(690), now)

    short = asked(line("A"), line("B", 2))
    assert isinstance(short, NotApplicable)
    assert (short.code, short.missing) == ("redemption.minimum", eur(20_000 - 16_980))
    exact = asked(line("A"), line("C", 1, 5_000))
    assert isinstance(exact, LineTotals)
    unknown = asked(line("A", 2), line("C"))
    assert isinstance(unknown, NotApplicable)
    assert unknown.code == "redemption.sku"


def test_the_minimum_counts_the_items_at_the_prices_of_their_offers() -> None:
    item = made(1, "item", sku="A", unit=15_000, public=20_000)
    use = RedemptionRow(
        id="rd", offer=item.id, order="o1", at=T0, status="redeemed", saved=5_000,
        lines=(SoldLine("A", 1, 15_000, 5_000),),
    )  # fmt: skip
    state = RedemptionState(offers={item.id: item}, redemptions=(use,), orders=frozenset({"o1"}))
    off = made(2, "order", at_most=1_500, min_order=16_000)
    now = {"A": SkuNow(price=20_000, currency="EUR")}
    short = sale_of(state, off, (line("A"),), None, now)
    assert isinstance(short, NotApplicable)
    assert short.missing == eur(1_000)


@pytest.mark.parametrize(
    ("now", "code", "ends"),
    [
        (SkuNow(available=0), "stock.out", True),
        (SkuNow(available=1), "stock.out", False),
        (SkuNow(recalled=True), "recall", True),
    ],
)
def test_what_cannot_be_sold_any_more_ends_the_offer(now: SkuNow, code: str, ends: bool) -> None:
    found = sale_of(
        RedemptionState(), accepted(qty=2, max_qty=2), (line("RUN-42", 2),), None, {"RUN-42": now}
    )
    assert isinstance(found, NotApplicable)
    assert (found.code, found.ends_offer) == (code, ends)


def test_a_recalled_line_does_not_end_an_offer_on_the_order() -> None:
    off = made(1, "order", at_most=100)
    found = sale_of(RedemptionState(), off, (line("A"),), None, {"A": SkuNow(recalled=True)})
    assert isinstance(found, NotApplicable)
    assert (found.code, found.ends_offer) == ("recall", False)
