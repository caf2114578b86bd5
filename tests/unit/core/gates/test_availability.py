"""Gate 6: the available units after everything that was promised."""

import pytest

from support.builders import T0, item, kept, product, scene, session, stock
from tactful.core.context import Scene
from tactful.core.facts.fact_types import Gone
from tactful.core.gates.availability import check_availability
from tactful.core.rules.policy import Policy


def shelf(count: int | None) -> Scene:
    rows = {} if count is None else {"DE": (kept(stock(available=count), T0 - 1),)}
    return scene(item=item(stock=rows))


@pytest.mark.parametrize(
    ("count", "promised", "wanted", "found"),
    [
        (None, 0, 1, ["stock.out"]),
        (0, 0, 1, ["stock.out"]),
        (-1, 0, 1, ["stock.out"]),
        (1, 0, 1, []),
        (1, 1, 1, ["stock.committed"]),
        (3, 2, 1, []),
        (3, 1, 3, ["stock.committed"]),
        (3, 0, 3, []),
    ],
)
def test_no_more_is_promised_than_is_available(
    count: int | None, promised: int, wanted: int, found: list[str]
) -> None:
    reported = check_availability(shelf(count), Policy(), promised, wanted)
    assert [finding.reason.value for finding in reported] == found


def test_below_the_stock_minimum_nothing_is_offered() -> None:
    policy = Policy(stock_minimum=5)
    assert [one.reason for one in check_availability(shelf(4), policy, 4, 1)] == [
        "stock.minimum",
        "stock.committed",
    ]
    assert [*check_availability(shelf(5), policy, 4, 1)] == []


@pytest.mark.parametrize("count", [None, 0, -1])
def test_what_was_promised_before_makes_no_difference_without_stock(count: int | None) -> None:
    alone = [*check_availability(shelf(count), Policy(), 0, 1)]
    assert [*check_availability(shelf(count), Policy(), 7, 1)] == alone


def test_stock_of_another_territory_does_not_count() -> None:
    (out,) = check_availability(scene(session=session(territory="GB")), Policy(), 0, 1)
    assert (out.reason, out.actual, out.at) == ("stock.out", None, None)
    (nowhere,) = check_availability(scene(session=session(territory=None)), Policy(), 0, 1)
    assert nowhere.reason == "stock.out"


def test_a_stock_finding_has_the_report_time_of_the_stock() -> None:
    (out,) = check_availability(shelf(0), Policy(), 0, 1)
    assert out.at == T0 - 1


@pytest.mark.parametrize("policy", ["backorder", "untracked"])
def test_an_item_that_is_sold_without_counted_stock_passes(policy: str) -> None:
    rows = {"DE": (kept(stock(available=None, policy=policy)),)}
    assert not list(check_availability(scene(item=item(stock=rows)), Policy(stock_minimum=5), 9, 9))


def test_a_product_that_is_gone_or_discontinued_is_out_of_stock_and_says_why() -> None:
    rows = {"DE": (kept(stock(available=9)),)}
    gone = item(stock=rows, product=kept(product()), end=kept(Gone(of="product", sku="RUN-42")))
    stopped = item(stock=rows, product=kept(product(status="discontinued")))
    for ended, word in ((gone, "gone"), (stopped, "discontinued")):
        (found,) = check_availability(scene(item=ended), Policy(), 0, 1)
        assert (found.reason.value, found.actual) == ("stock.out", word)
