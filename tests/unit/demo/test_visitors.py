"""Who is in the demo shop, and what is in their cart?"""

from tactful.demo.visitors import MOST, MOST_OF_ONE, AcceptedOffer, Visitor, Visitors

PRICES = {"RUN-42": 12900, "SOCK-39-42": 1990}


def promise(unit: int = 10965, max_qty: int = 1, until: int = 1_000) -> AcceptedOffer:
    return AcceptedOffer("of_1", "token", unit, max_qty, until)


def test_a_cart_costs_what_its_lines_cost() -> None:
    visitor = Visitor("v")
    visitor.put("RUN-42", 1)
    visitor.put("SOCK-39-42", 3)
    assert [line.total for line in visitor.lines(PRICES, 0)] == [12900, 5970]
    assert visitor.count == 4
    visitor.put("RUN-42", 0)
    visitor.put("SOCK-39-42", 50)
    assert visitor.cart == {"SOCK-39-42": MOST_OF_ONE}


def test_a_promise_is_for_so_many_and_the_rest_costs_what_it_costs() -> None:
    visitor = Visitor("v")
    visitor.put("RUN-42", 3)
    visitor.promises["RUN-42"] = promise(max_qty=2)
    (line,) = visitor.lines(PRICES, 0)
    assert (line.unit, line.total) == (10965, 2 * 10965 + 12900)


def test_a_promise_never_costs_more_than_anybody_pays() -> None:
    visitor = Visitor("v")
    visitor.put("RUN-42", 1)
    visitor.promises["RUN-42"] = promise()
    (line,) = visitor.lines({"RUN-42": 9900}, 0)
    assert line.total == 9900


def test_a_promise_ends_at_its_instant() -> None:
    visitor = Visitor("v")
    visitor.put("RUN-42", 1)
    visitor.promises["RUN-42"] = promise(until=1_000)
    assert visitor.lines(PRICES, 999)[0].total == 10965
    assert visitor.lines(PRICES, 1_000)[0].total == 12900


def test_logging_out_leaves_nothing_and_is_told_once() -> None:
    visitor = Visitor("v")
    visitor.enter("omar")
    visitor.put("RUN-42", 1)
    visitor.promises["RUN-42"] = promise()
    visitor.enter("omar")
    assert visitor.count == 1
    visitor.enter("nadia")
    assert (visitor.count, visitor.promises) == (0, {})
    visitor.leave()
    assert visitor.shopper is None
    assert visitor.for_page(None)["logout"] is True
    assert visitor.for_page(None)["logout"] is False


def test_a_page_knows_only_what_the_widget_needs() -> None:
    visitor = Visitor("v")
    visitor.enter("omar")
    visitor.put("RUN-42", 2)
    assert visitor.for_page("jwt") == {
        "identity": "jwt",
        "consent": "personal",
        "logout": False,
        "cart": [{"sku": "RUN-42", "qty": 2}],
    }


def test_a_cookie_that_nobody_has_makes_a_new_visitor_and_the_first_is_forgotten_first() -> None:
    visitors = Visitors()
    first = visitors.get(None)
    assert visitors.get(first.key) is first
    assert visitors.get("made up").key != "made up"
    for _ in range(MOST):
        visitors.get(None)
    assert visitors.get(first.key) is not first
