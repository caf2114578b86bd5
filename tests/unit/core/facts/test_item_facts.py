"""Facts about items: addresses, known costs, counted stock."""

import pytest

from support.builders import cost, product, stock


@pytest.mark.parametrize(
    ("url", "page"),
    [
        (None, None),
        ("https://shop.example/a", "https://shop.example/a"),
        (("https://shop.example/a", "https://shop.example/b"), "https://shop.example/a"),
        ((), None),
    ],
)
def test_the_page_of_a_product_is_its_first_address(
    url: str | tuple[str, ...] | None, page: str | None
) -> None:
    assert product(url=url).page == page


def test_a_cost_of_zero_is_known_only_where_the_shop_says_so() -> None:
    assert cost(amount=1).is_known
    assert cost(amount=0, cost_is_zero=True).is_known
    assert not cost(amount=0).is_known
    assert not cost(amount=-5, cost_is_zero=True).is_known


def test_stock_is_counted_unless_its_policy_says_otherwise() -> None:
    assert stock().is_counted
    assert not stock(policy="backorder").is_counted
    assert not stock(available=None, policy="untracked").is_counted
