"""A visitor has a cart, accepted offers and a login, which a logout clears."""

from tactful.demo.visitors import MAX_QUANTITY, MAX_VISITORS, AcceptedOffer, Visitor, Visitors

PRICES = {"RUN-42": 12900, "SOCK-39-42": 1990}


def accepted_offer(unit: int = 10965, max_qty: int = 1, until: int = 1_000) -> AcceptedOffer:
    return AcceptedOffer("of_1", "token", unit, max_qty, until)


def test_a_cart_costs_what_its_lines_cost() -> None:
    visitor = Visitor("v")
    visitor.set_quantity("RUN-42", 1)
    visitor.set_quantity("SOCK-39-42", 3)
    assert [line.total for line in visitor.priced_lines(PRICES, 0)] == [12900, 5970]
    assert visitor.count == 4
    visitor.set_quantity("RUN-42", 0)
    visitor.set_quantity("SOCK-39-42", 50)
    assert visitor.cart == {"SOCK-39-42": MAX_QUANTITY}


def test_pieces_beyond_the_quantity_of_an_offer_cost_the_public_price() -> None:
    visitor = Visitor("v")
    visitor.set_quantity("RUN-42", 3)
    visitor.accepted_offers["RUN-42"] = accepted_offer(max_qty=2)
    (line,) = visitor.priced_lines(PRICES, 0)
    assert (line.unit, line.total) == (10965, 2 * 10965 + 12900)


def test_an_accepted_offer_never_costs_more_than_the_public_price() -> None:
    visitor = Visitor("v")
    visitor.set_quantity("RUN-42", 1)
    visitor.accepted_offers["RUN-42"] = accepted_offer()
    (line,) = visitor.priced_lines({"RUN-42": 9900}, 0)
    assert line.total == 9900


def test_an_accepted_offer_ends_at_its_instant() -> None:
    visitor = Visitor("v")
    visitor.set_quantity("RUN-42", 1)
    visitor.accepted_offers["RUN-42"] = accepted_offer(until=1_000)
    assert visitor.priced_lines(PRICES, 999)[0].total == 10965
    assert visitor.priced_lines(PRICES, 1_000)[0].total == 12900


def test_a_logout_clears_the_cart_and_is_passed_on_once() -> None:
    visitor = Visitor("v")
    visitor.log_in("omar")
    visitor.set_quantity("RUN-42", 1)
    visitor.accepted_offers["RUN-42"] = accepted_offer()
    visitor.log_in("omar")
    assert visitor.count == 1
    visitor.log_in("nadia")
    assert (visitor.count, visitor.accepted_offers) == (0, {})
    visitor.log_out()
    assert visitor.shopper is None
    assert visitor.page_data(None)["logout"] is True
    assert visitor.page_data(None)["logout"] is False


def test_a_page_gets_only_what_the_widget_needs() -> None:
    visitor = Visitor("v")
    visitor.log_in("omar")
    visitor.set_quantity("RUN-42", 2)
    assert visitor.page_data("jwt") == {
        "identity": "jwt",
        "consent": "personal",
        "logout": False,
        "cart": [{"sku": "RUN-42", "qty": 2}],
    }


def test_pieces_in_a_cart_are_promised_to_its_visitor_while_the_accepted_offer_lasts() -> None:
    visitors = Visitors()
    lotte, ravi = visitors.get(None), visitors.get(None)
    lotte.set_quantity("RUN-42", 1)
    ravi.set_quantity("RUN-42", 3)  # no offer: nothing is promised
    lotte.accepted_offers["RUN-42"] = accepted_offer(until=1_000)
    assert visitors.promised(ravi.key, 999) == {"RUN-42": 1}
    assert visitors.promised(None, 999) == {"RUN-42": 1}
    assert visitors.promised(lotte.key, 999) == {}
    assert visitors.promised(ravi.key, 1_000) == {}
    lotte.set_quantity("RUN-42", 0)
    assert visitors.promised(ravi.key, 999) == {"RUN-42": 0}


def test_an_unknown_cookie_makes_a_new_visitor_and_the_oldest_is_forgotten() -> None:
    visitors = Visitors()
    first = visitors.get(None)
    assert visitors.get(first.key) is first
    assert visitors.get("made up").key != "made up"
    for _ in range(MAX_VISITORS):
        visitors.get(None)
    assert visitors.get(first.key) is not first
