"""The kit's own Tactful makes real offers for the item of a shop."""

import pytest
from msgspec import structs

from support.driven_shop import ITEM
from tactful.bridge_check.offer_server import MAX_QTY, OfferServer


def test_each_promise_is_an_offer_of_its_own_that_an_order_can_redeem() -> None:
    with OfferServer(ITEM, "key") as server:
        first, second = server.promise(), server.promise()
        assert first.offer != second.offer
        assert first.unit == 10965
        assert server.redemptions(first) == []
        lines = [{"sku": ITEM.sku, "qty": MAX_QTY}]
        body = {"token": first.token, "order": "o1", "territory": "DE", "lines": lines}
        server.ask("POST", "/v1/redemptions", body)
        assert [row["state"] for row in server.redemptions(first)] == ["redeemed"]
        assert server.settled() == 2 * (12900 - 10965)


def test_a_refused_request_of_the_kit_says_which() -> None:
    with (
        OfferServer(ITEM, "key") as server,
        pytest.raises(RuntimeError, match=r"POST /v1/redemptions: 422"),
    ):
        server.ask("POST", "/v1/redemptions", {})


def test_an_item_that_no_price_can_have_is_refused_with_its_reason() -> None:
    item = structs.replace(ITEM, territory="XX")
    with pytest.raises(ValueError, match=r"fact\.unknown_territory"), OfferServer(item, "key"):
        pass
