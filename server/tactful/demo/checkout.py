"""Checkout of the demo shop: cart, checkout and payment pages, and the redemption of offers."""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response
from tactful.api.problems import ProblemError
from tactful.core.values.calendar import DAY, SECOND, format_rfc3339
from tactful.demo import seed_facts
from tactful.demo.catalogue import BY_SKU
from tactful.demo.demo_shop import DemoShop
from tactful.demo.pages import read_form, redirect, with_visitor_cookie
from tactful.demo.storefront import StorefrontPages
from tactful.demo.visitors import AcceptedOffer, PricedCartLine, Visitor

REFUSAL_TEXTS: Final = {
    "stock.out": "is sold out: somebody else bought the last one before you paid.",
    "recall": "has been recalled and cannot be sold.",
    "redemption.used": "has an offer that was used already. The usual price applies.",
}
"""Reason of a refused redemption → the end of the sentence that the shopper reads."""
EXPIRED_TEXT: Final = "has an offer that has ended. The usual price applies."
"""The end of the sentence for every other reason of a refused redemption."""


class ChargedLine(Struct, frozen=True):
    """A line of a paid order. Amounts are cents."""

    line: PricedCartLine
    total: int
    offer: str | None = None
    """The offer that was redeemed."""
    took_ms: float | None = None
    """Milliseconds that the redemption took."""


def checkout_routes(storefront: StorefrontPages) -> Sequence[BaseRoute]:
    """Return the routes of cart, checkout and payment."""
    demo_shop = storefront.demo_shop

    async def cart(request: Request) -> Response:
        lines = await _priced_lines(demo_shop, storefront.visitor_of(request))
        return storefront.render(
            request, "cart", lines=lines, total=sum(line.total for line in lines)
        )

    async def change(request: Request) -> Response:
        given = await read_form(request)
        visitor = storefront.visitor_of(request)
        sku, qty = given.get("sku", ""), given.get("qty", "1")
        if sku not in BY_SKU or not re.fullmatch(r"[0-9]{1,3}", qty):
            raise ProblemError(422, "cart.line", "There is no such size, or the quantity is wrong.")
        visitor.set_quantity(sku, int(qty) + (visitor.cart.get(sku, 0) if "add" in given else 0))
        return redirect("/shop/cart", visitor)

    async def accept(request: Request) -> Response:
        given = await read_form(request)
        visitor = storefront.visitor_of(request)
        claims = await demo_shop.backend.verify_token(given.get("token", ""))
        if claims is None or claims["sku"] not in BY_SKU:
            raise ProblemError(422, "offer.invalid", "This is not an offer of this shop.")
        _keep_accepted_offer(visitor, given["token"], claims)
        return with_visitor_cookie(json_response({"count": visitor.count}), visitor)

    async def checkout(request: Request) -> Response:
        return await _step("checkout", request)

    async def payment(request: Request) -> Response:
        return await _step("payment", request)

    async def _step(name: str, request: Request) -> Response:
        visitor = storefront.visitor_of(request)
        lines = await _priced_lines(demo_shop, visitor)
        if not lines:
            return redirect("/shop/cart", visitor)
        return storefront.render(
            request, name, lines=lines, total=sum(line.total for line in lines)
        )

    async def pay(request: Request) -> Response:
        await read_form(request)
        visitor = storefront.visitor_of(request)
        lines = await _priced_lines(demo_shop, visitor)
        if not lines:
            return redirect("/shop/cart", visitor)
        problem = await _stock_problem(demo_shop, visitor, lines)
        order = f"K-{secrets.token_hex(4)}"
        charged = None if problem else await _redeem_offers(demo_shop, visitor, order, lines)
        if charged is None:
            visitor.notice = problem or visitor.notice
            return redirect("/shop/cart", visitor)
        await _report_order(demo_shop, visitor, order, charged)
        visitor.cart.clear()
        visitor.accepted_offers.clear()
        return with_visitor_cookie(
            storefront.render(
                request,
                "thanks",
                order=order,
                charged=charged,
                redeemed_ms=_redeemed_ms(charged),
            ),
            visitor,
        )

    return (
        Route("/shop/cart", cart, methods=["GET"]),
        Route("/shop/cart", change, methods=["POST"]),
        Route("/shop/cart/offer", accept, methods=["POST"]),
        Route("/shop/checkout", checkout, methods=["GET"]),
        Route("/shop/checkout/payment", payment, methods=["GET"]),
        Route("/shop/checkout/payment", pay, methods=["POST"]),
    )


async def _priced_lines(demo_shop: DemoShop, visitor: Visitor) -> list[PricedCartLine]:
    return visitor.priced_lines(await demo_shop.prices(), demo_shop.clock.now())


def _keep_accepted_offer(visitor: Visitor, token: str, claims: dict[str, Any]) -> None:
    """Put an accepted offer into the cart, with its token."""
    sku = claims["sku"]
    visitor.accepted_offers[sku] = AcceptedOffer(
        claims["offer"], token, claims["unit"], claims["max_qty"], claims["exp"] * SECOND
    )
    if sku not in visitor.cart:
        visitor.set_quantity(sku, 1)


async def _stock_problem(
    demo_shop: DemoShop, visitor: Visitor, lines: list[PricedCartLine]
) -> str | None:
    """Return a sentence about the first line that the visitor cannot have; None: there is none."""
    promised = demo_shop.visitors.promised(visitor.key, demo_shop.clock.now())
    for line in lines:
        sku = line.variant.sku
        there = (await demo_shop.stock(line.article))[sku] - promised.get(sku, 0)
        if there < line.qty:
            size = f"{line.article.title}, {line.variant.size},"
            left = "is sold out" if there <= 0 else f"is down to {there}"
            return f"We are sorry: {size} {left}."
    return None


async def _redeem_offers(
    demo_shop: DemoShop, visitor: Visitor, order: str, lines: list[PricedCartLine]
) -> list[ChargedLine] | None:
    """Redeem the accepted offers of the lines.

    Returns:
        What each line costs; None: an offer could not be redeemed, so all redemptions of the order
        were cancelled.
    """
    charged: list[ChargedLine] = []
    for line in lines:
        if line.accepted_offer is None:
            charged.append(ChargedLine(line, line.total))
            continue
        # The offer is for `max_qty` pieces; further pieces cost the public price.
        promised = {"sku": line.variant.sku, "qty": min(line.qty, line.accepted_offer.max_qty)}
        token = line.accepted_offer.token
        reply = await demo_shop.backend.redeem(token, order, [promised], visitor.customer)
        if not reply.ok:
            await demo_shop.backend.cancel_redemption(order)
            visitor.accepted_offers.pop(line.variant.sku, None)
            words = REFUSAL_TEXTS.get(reply.body.get("code", ""), EXPIRED_TEXT)
            visitor.notice = f"We are sorry: {line.article.title} {words} Nothing was charged."
            return None
        total = line.price * line.qty - reply.body["saved"]["amount"]
        charged.append(ChargedLine(line, total, line.accepted_offer.offer, reply.took_ms))
    return charged


def _redeemed_ms(charged: list[ChargedLine]) -> float | None:
    """Return the milliseconds that all redemptions of an order took; None: it used no offer."""
    taken = [one.took_ms for one in charged if one.took_ms is not None]
    return round(sum(taken), 1) if taken else None


async def _report_order(
    demo_shop: DemoShop,
    visitor: Visitor,
    order: str,
    charged: list[ChargedLine],
) -> None:
    """Report the order and the remaining stock as facts."""
    now = demo_shop.clock.now()
    lines = []
    for one in charged:
        qty = one.line.qty
        unit = {"amount": one.total // qty, "currency": seed_facts.CURRENCY}
        bought = {"sku": one.line.variant.sku, "qty": qty, "unit": unit}
        lines.append(bought | ({"offer": one.offer} if one.offer else {}))
    placed: dict[str, Any] = {
        "type": "order",
        "order": order,
        "territory": seed_facts.TERRITORY,
        "placed_at": format_rfc3339(now),
        "status": "placed",
        "promised_by": format_rfc3339(now + 4 * DAY),
        "lines": lines,
    }
    if visitor.customer:
        placed["customer"] = visitor.customer
    left = [
        seed_facts.stock_fact(sku, (await demo_shop.stock(BY_SKU[sku][0]))[sku] - line.qty)
        for line in [one.line for one in charged]
        for sku in [line.variant.sku]
    ]
    await demo_shop.backend.report_facts([placed, *left])
