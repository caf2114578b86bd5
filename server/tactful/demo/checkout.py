"""The pages of the demo shop in which something is bought: cart, checkout, payment, and the promise kept."""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import answer
from tactful.api.problems import ProblemError
from tactful.core.values.calendar import DAY, SECOND, format_rfc3339
from tactful.demo import seed_facts as opening
from tactful.demo.catalogue import BY_SKU
from tactful.demo.demo_shop import DemoShop
from tactful.demo.pages import form, go, keep
from tactful.demo.storefront import StorefrontPages
from tactful.demo.visitors import AcceptedOffer, PricedCartLine, Visitor

WORDS: Final = {
    "stock.out": "is sold out: somebody else bought the last one before you paid.",
    "recall": "has been recalled and cannot be sold.",
    "redemption.used": "had an offer that was used already; the usual price applies.",
}
"""What a shopper is told when a promise cannot be kept; any other reason is `LAPSED`."""
LAPSED: Final = "had an offer that has ended; the usual price applies."


def checkout_routes(front: StorefrontPages) -> Sequence[BaseRoute]:
    """Cart, checkout, payment and thanks."""
    stage = front.stage

    async def cart(request: Request) -> Response:
        lines = await _lines(stage, front.visitor(request))
        return front.show(request, "cart", lines=lines, total=sum(line.total for line in lines))

    async def change(request: Request) -> Response:
        given = await form(request)
        visitor = front.visitor(request)
        sku, qty = given.get("sku", ""), given.get("qty", "1")
        if sku not in BY_SKU or not re.fullmatch(r"[0-9]{1,3}", qty):
            raise ProblemError(422, "cart.line", "There is no such size, or no such number.")
        visitor.put(sku, int(qty) + (visitor.cart.get(sku, 0) if "add" in given else 0))
        return go("/shop/cart", visitor)

    async def accept(request: Request) -> Response:
        given = await form(request)
        visitor = front.visitor(request)
        claims = await stage.backend.verify(given.get("token", ""))
        if claims is None or claims["sku"] not in BY_SKU:
            raise ProblemError(422, "offer.invalid", "That is no offer of this shop.")
        _keep(visitor, given["token"], claims)
        return keep(answer({"count": visitor.count}), visitor)

    async def checkout(request: Request) -> Response:
        return await _step("checkout", request)

    async def payment(request: Request) -> Response:
        return await _step("payment", request)

    async def _step(name: str, request: Request) -> Response:
        visitor = front.visitor(request)
        lines = await _lines(stage, visitor)
        if not lines:
            return go("/shop/cart", visitor)
        return front.show(request, name, lines=lines, total=sum(line.total for line in lines))

    async def pay(request: Request) -> Response:
        await form(request)
        visitor = front.visitor(request)
        lines = await _lines(stage, visitor)
        if not lines:
            return go("/shop/cart", visitor)
        problem = await _missing(stage, lines)
        order = f"K-{secrets.token_hex(4)}"
        charged = None if problem else await _charge(stage, visitor, order, lines)
        if charged is None:
            visitor.notice = problem or visitor.notice
            return go("/shop/cart", visitor)
        await _report(stage, visitor, order, charged)
        visitor.cart.clear()
        visitor.promises.clear()
        return keep(front.show(request, "thanks", order=order, charged=charged), visitor)

    return (
        Route("/shop/cart", cart, methods=["GET"]),
        Route("/shop/cart", change, methods=["POST"]),
        Route("/shop/cart/offer", accept, methods=["POST"]),
        Route("/shop/checkout", checkout, methods=["GET"]),
        Route("/shop/checkout/payment", payment, methods=["GET"]),
        Route("/shop/checkout/payment", pay, methods=["POST"]),
    )


async def _lines(stage: DemoShop, visitor: Visitor) -> list[PricedCartLine]:
    return visitor.lines(await stage.prices(), stage.clock.now())


def _keep(visitor: Visitor, token: str, claims: dict[str, Any]) -> None:
    """An accepted offer goes into the cart with its token."""
    sku = claims["sku"]
    visitor.promises[sku] = AcceptedOffer(
        claims["offer"], token, claims["unit"], claims["max_qty"], claims["exp"] * SECOND
    )
    if sku not in visitor.cart:
        visitor.put(sku, 1)


async def _missing(stage: DemoShop, lines: list[PricedCartLine]) -> str | None:
    """What is not there any more, in words."""
    for line in lines:
        there = (await stage.stock(line.article))[line.variant.sku]
        if there < line.qty:
            size = f"{line.article.title}, {line.variant.size},"
            left = "is sold out" if there <= 0 else f"is down to {there}"
            return f"We are sorry: {size} {left}."
    return None


async def _charge(
    stage: DemoShop, visitor: Visitor, order: str, lines: list[PricedCartLine]
) -> list[tuple[PricedCartLine, int, str | None]] | None:
    """Redeem what was promised: (line, what it costs, offer); None: a promise cannot be kept."""
    charged: list[tuple[PricedCartLine, int, str | None]] = []
    for line in lines:
        if line.promise is None:
            charged.append((line, line.total, None))
            continue
        # What goes beyond the promise is bought at the public price, on a line of its own.
        promised = {"sku": line.variant.sku, "qty": min(line.qty, line.promise.max_qty)}
        reply = await stage.backend.redeem(line.promise.token, order, [promised])
        if not reply.ok:
            await stage.backend.give_back(order)
            visitor.promises.pop(line.variant.sku, None)
            words = WORDS.get(reply.body.get("code", ""), LAPSED)
            visitor.notice = f"We are sorry: {line.article.title} {words} Nothing was charged."
            return None
        total = line.price * line.qty - reply.body["saved"]["amount"]
        charged.append((line, total, line.promise.offer))
    return charged


async def _report(
    stage: DemoShop,
    visitor: Visitor,
    order: str,
    charged: list[tuple[PricedCartLine, int, str | None]],
) -> None:
    """The shop's systems hear of the order, and of what is left."""
    now = stage.clock.now()
    lines = []
    for line, total, offer in charged:
        unit = {"amount": total // line.qty, "currency": opening.CURRENCY}
        bought = {"sku": line.variant.sku, "qty": line.qty, "unit": unit}
        lines.append(bought | ({"offer": offer} if offer else {}))
    placed: dict[str, Any] = {
        "type": "order",
        "order": order,
        "territory": opening.TERRITORY,
        "placed_at": format_rfc3339(now),
        "status": "placed",
        "promised_by": format_rfc3339(now + 4 * DAY),
        "lines": lines,
    }
    if visitor.customer:
        placed["customer"] = visitor.customer
    left = [
        opening.stock(sku, (await stage.stock(BY_SKU[sku][0]))[sku] - line.qty)
        for line, _, _ in charged
        for sku in [line.variant.sku]
    ]
    await stage.backend.report([placed, *left])
