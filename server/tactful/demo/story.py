"""The story: four shoppers, five scenes, and the receipt of what was decided."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response
from tactful.api.problems import ProblemError
from tactful.demo.catalogue import BY_SKU
from tactful.demo.demo_customers import BY_ID
from tactful.demo.demo_shop import DemoShop
from tactful.demo.pages import euros, own_url, render_page, require_same_origin

SKU: Final = "RUN-42"
"""The size that all shoppers of the story look at."""
CAST: Final = {
    "nadia": "Signed up yesterday",
    "omar": "Waits for support",
    "lotte": "Four orders this year",
    "ravi": "Looks at the same pair",
}
"""Customers of the story, in the order of their entrances → who they are in it."""
SIDES: Final = {"left": "nadia", "right": "omar"}
"""Side of the stage → who stands there at first."""
SCENES: Final = (
    "Nadia gets an offer",
    "Omar gets none",
    "A ticket arrives",
    "The last pair goes",
    "Paid as promised",
)


def story_routes(demo_shop: DemoShop) -> Sequence[BaseRoute]:
    """Return the routes of the story: its page, its shoppers, and the receipt."""

    async def page(request: Request) -> Response:
        article = BY_SKU[SKU][0]
        return render_page(
            request,
            "story.html",
            scenes=SCENES,
            article=article,
            sides=[(side, BY_ID[name], CAST[name]) for side, name in SIDES.items()],
        )

    async def begin(request: Request) -> Response:
        require_same_origin(request)
        return json_response({"shoppers": None} if demo_shop.used else _cast(demo_shop))

    async def receipt(request: Request) -> Response:
        return json_response(await receipt_of(demo_shop, request.query_params.get("session", "")))

    return (
        Route("/demo", page, methods=["GET"]),
        Route("/demo/story", begin, methods=["POST"]),
        Route("/demo/story/receipt", receipt, methods=["GET"]),
    )


def _cast(demo_shop: DemoShop) -> dict[str, Any]:
    """Make a visitor of each shopper, and return how the page opens the shop for them."""
    article, variant = BY_SKU[SKU]
    shoppers = {}
    for name, headline in CAST.items():
        visitor = demo_shop.visitors.of_story(name)
        shoppers[name] = {
            "name": BY_ID[name].name,
            "headline": headline,
            "colour": BY_ID[name].colour,
            "product": own_url(f"{article.path}?size={variant.size}", visitor),
            "cart": own_url("/shop/cart", visitor),
            "payment": own_url("/shop/checkout/payment", visitor),
        }
    return {"sku": SKU, "shoppers": shoppers}


async def receipt_of(demo_shop: DemoShop, session: str) -> dict[str, Any]:
    """Return what was decided about the redeemed offer of a session, from the shop's own API.

    Raises:
        ProblemError: The session has no redeemed offer.
    """
    backend = demo_shop.backend
    # The ledger writes decisions that nobody waits for in the background.
    await demo_shop.shop.ledger.flush()
    reply = await backend.request("GET", f"/v1/decisions?session={session}")
    steps = reply.body["decisions"] if reply.ok else []
    redeemed = next((one for one in steps if one["to"] == "redeemed"), None)
    if redeemed is None:
        raise ProblemError(404, "receipt.none", "This session has redeemed no offer.")
    offer = redeemed["offer"]
    found = (await backend.request("GET", f"/v1/offers/{offer}")).body
    used = (await backend.request("GET", f"/v1/redemptions?offer={offer}")).body["redemptions"][0]
    rule = demo_shop.shop.state.active_rulebook.current.rules.get(redeemed["rule"])
    return {
        "offer": offer,
        "order": used["order"],
        "promised": euros(redeemed["price"]["amount"]),
        "saved": euros(used["saved"]["amount"]),
        "rule": redeemed["rule"],
        "owner": rule.owner if rule else "",
        "rulebook": redeemed["rulebook"][:12],
        "conditions": [_condition(one) for one in found.get("conditions", [])],
        "price": _calculation(found.get("price_steps", [])),
        "steps": [
            {"at": one["at"], "to": one["to"]} for one in reversed(steps) if one["offer"] == offer
        ],
    }


def _calculation(steps: Sequence[dict[str, Any]]) -> str:
    """Return the steps that changed the price, such as `list €129.00 → percent €105.78`."""
    changed = [
        one
        for before, one in zip([None, *steps], steps, strict=False)
        if before is None or before["amount"] != one["amount"]
    ]
    return " → ".join(f"{one['step']} {euros(one['amount'])}" for one in changed)


def _condition(one: dict[str, Any]) -> str:
    """Return a condition that held as it is written in the rule, with the value that it had."""
    actual = one["actual"]
    value = ", ".join(map(str, actual)) if isinstance(actual, list) else str(actual)
    needed = str(one["needed"]).replace("{", "").replace("}", "").replace("_", " ")
    return f"{needed} (was {value})"
