"""Panel beside the demo shop: it changes facts, rules and the clock, and shows decisions."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response, read_body
from tactful.api.problems import ProblemError
from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND, format_rfc3339
from tactful.demo import panel_state, seed_facts
from tactful.demo.backend import ServerReply
from tactful.demo.catalogue import BY_SKU
from tactful.demo.demo_customers import BY_ID
from tactful.demo.demo_shop import DemoShop
from tactful.demo.pages import render_page, require_same_origin
from tactful.rulebook.source.diagnostics import Diagnostic
from tactful.rulebook.source.reports import as_text, lines_of

CLOCK_SKIPS: Final = {
    "10 s": 10 * SECOND,
    "1 min": MINUTE,
    "11 min": 11 * MINUTE,
    "1 hour": HOUR,
    "1 day": DAY,
    "30 days": 30 * DAY,
    "90 days": 90 * DAY,
}
"""Label of a button → milliseconds by which it moves the clock."""
COMPLAINT_KINDS: Final = {
    "defect": "It broke",
    "wrong_item": "Wrong item sent",
    "late": "Parcel is late",
    "service": "Bad service",
}
"""Kind of a case → the label that a shopper reads."""
RESTOCK_QUANTITY: Final = 6
"""Available pieces of a size after a restock."""


class SaleRequest(msgspec.Struct, frozen=True):
    """A request to sell one size until `left` pieces are left, or to restock it."""

    sku: str
    left: int = 0


class PriceRequest(msgspec.Struct, frozen=True):
    """A request to change the price of a product; `amount`: cents, for all its sizes."""

    sku: str
    amount: int


class ComplaintRequest(msgspec.Struct, frozen=True):
    """A request to open a support case of a customer about an item."""

    customer: str
    sku: str
    kind: str


class ResolutionRequest(msgspec.Struct, frozen=True):
    """A request to resolve a support case, or to send a voucher for it."""

    case: str


class RuleFileRequest(msgspec.Struct, frozen=True):
    """A request to save an edited rule file."""

    name: str
    text: str


class PauseRequest(msgspec.Struct, frozen=True):
    """A request to pause or resume a rule."""

    rule: str
    paused: bool


class SkipRequest(msgspec.Struct, frozen=True):
    """A request to move the clock; `by`: a key of `CLOCK_SKIPS`."""

    by: str


Endpoint = Callable[[Request], Awaitable[Response]]


class Panel:
    """Carries out the panel's buttons, through the same API as a shop's systems."""

    def __init__(self, demo_shop: DemoShop, reset: Callable[[], None]) -> None:
        self.demo_shop = demo_shop
        self.reset = reset
        self._cases = 2000

    async def sell(self, asked: SaleRequest) -> list[dict[str, Any]]:
        """Return the fact that so many pieces of a size are left."""
        if not 0 <= asked.left <= RESTOCK_QUANTITY:
            raise ProblemError(422, "stock.range", f"Leave 0 to {RESTOCK_QUANTITY} pieces.")
        return [seed_facts.stock_fact(_require_sku(asked.sku), asked.left)]

    async def restock(self, asked: SaleRequest) -> list[dict[str, Any]]:
        """Return the fact that a size is in stock again."""
        return [seed_facts.stock_fact(_require_sku(asked.sku), RESTOCK_QUANTITY)]

    async def price(self, asked: PriceRequest) -> list[dict[str, Any]]:
        """Return the price facts of all sizes, from now on."""
        article = BY_SKU[_require_sku(asked.sku)][0]
        if not 1 <= asked.amount <= 10_000_000:
            raise ProblemError(422, "price.range", "Write a price between 0.01 and 100000.")
        now = self.demo_shop.clock.now()
        return [
            seed_facts.price_fact(article, one.sku, asked.amount, now) for one in article.variants
        ]

    async def complain(self, asked: ComplaintRequest) -> list[dict[str, Any]]:
        """Return the fact that a customer opened a support case."""
        if asked.customer not in BY_ID or asked.kind not in COMPLAINT_KINDS:
            raise ProblemError(422, "case.who", "Log in as one of the customers first.")
        self._cases += 1
        case = {
            "type": "case",
            "case": f"C-{self._cases}",
            "customer": asked.customer,
            "skus": [_require_sku(asked.sku)],
            "kind": asked.kind,
            "status": "open",
            "opened_at": format_rfc3339(self.demo_shop.clock.now()),
        }
        return [case]

    async def resolve(self, asked: ResolutionRequest) -> list[dict[str, Any]]:
        """Return the fact that a support case is resolved."""
        subjects = [("case", asked.case)]
        stored = await self.demo_shop.shop.ledger.facts_about(subjects, ["case"])
        if not stored:
            raise ProblemError(404, "case.unknown", "There is no such case.")
        case: dict[str, Any] = msgspec.json.decode(stored[0].body)
        case.pop("version", None)
        resolved_at = format_rfc3339(self.demo_shop.clock.now())
        return [case | {"status": "resolved", "resolved_at": resolved_at}]

    async def apologise(self, asked: ResolutionRequest) -> list[dict[str, Any]]:
        """Return the fact that support sent a voucher of 10 euros for a case."""
        stored = await self.demo_shop.shop.ledger.facts_about([("case", asked.case)], ["case"])
        if not stored:
            raise ProblemError(404, "case.unknown", "There is no such case.")
        remedy = {
            "type": "remedy",
            "remedy": f"V-{asked.case}",
            "customer": msgspec.json.decode(stored[0].body)["customer"],
            "value": {"amount": 1000, "currency": seed_facts.CURRENCY},
            "cause": {"case": asked.case},
            "expires_at": format_rfc3339(self.demo_shop.clock.now() + 90 * DAY),
        }
        return [remedy]

    def files(self) -> dict[str, str]:
        """Return name → text of the rule files."""
        return {
            path.name: path.read_text("utf-8", "replace")
            for path in sorted(self.demo_shop.rules.glob("*.yaml"))
        }

    async def edit(self, asked: RuleFileRequest) -> dict[str, Any]:
        """Save a rule file and reload the rules; with errors, the previous rulebook stays active."""
        if asked.name not in self.files():
            raise ProblemError(404, "rules.unknown", "There is no rule file of that name.")
        (self.demo_shop.rules / asked.name).write_text(asked.text, "utf-8", "replace")
        reply = await self.demo_shop.backend.request("POST", "/v1/rulebook/reload")
        found = [_finding(one) for one in reply.body.get("findings", [])]
        texts = {name: text.encode() for name, text in self.files().items()}
        return {
            "taken": reply.ok,
            "version": reply.body["version"],
            "report": as_text(found, lines_of(texts)) if found else "",
        }


def panel_routes(panel: Panel) -> Sequence[BaseRoute]:
    """Return the routes of the page with shop and panel, and of the panel's buttons."""
    demo_shop = panel.demo_shop

    async def around(request: Request) -> Response:
        engaged = demo_shop.shop.state.active_rulebook.current.policy.moment.engaged // 1000
        return render_page(
            request,
            "panel.html",
            engaged=engaged,
            skips=CLOCK_SKIPS,
            kinds=COMPLAINT_KINDS,
            files=panel.files(),
            server_key=demo_shop.server_key,
        )

    async def state(request: Request) -> Response:
        query = request.query_params
        found = await panel_state.panel_state(
            demo_shop, sku=query.get("sku"), session=query.get("session") or None
        )
        return json_response(found)

    async def edit(request: Request) -> Response:
        require_same_origin(request)
        return json_response(await panel.edit(await read_body(request, RuleFileRequest)))

    async def pause(request: Request) -> Response:
        require_same_origin(request)
        asked = await read_body(request, PauseRequest)
        act = "pause" if asked.paused else "resume"
        if asked.rule not in demo_shop.shop.state.active_rulebook.current.rules:
            raise ProblemError(404, "rule.unknown", "There is no such rule.")
        return _as_response(
            await demo_shop.backend.request("POST", f"/v1/rules/{asked.rule}/{act}", {})
        )

    async def skip(request: Request) -> Response:
        require_same_origin(request)
        asked = await read_body(request, SkipRequest)
        if asked.by not in CLOCK_SKIPS:
            raise ProblemError(422, "clock.skip", f"Skip one of {', '.join(CLOCK_SKIPS)}.")
        demo_shop.clock.skip(CLOCK_SKIPS[asked.by])
        return json_response({"now": format_rfc3339(demo_shop.clock.now())})

    async def reset(request: Request) -> Response:
        require_same_origin(request)
        panel.reset()
        return json_response({"resetting": True}, 202)

    async def home(request: Request) -> Response:  # noqa: ARG001
        return RedirectResponse("/demo", 307)

    return (
        Route("/", home, methods=["GET"]),
        Route("/demo/panel", around, methods=["GET"]),
        Route("/demo/state", state, methods=["GET"]),
        Route("/demo/rules", edit, methods=["POST"]),
        Route("/demo/pause", pause, methods=["POST"]),
        Route("/demo/clock", skip, methods=["POST"]),
        Route("/demo/reset", reset, methods=["POST"]),
        *(
            Route(f"/demo/{name}", _reporting_endpoint(demo_shop, kind, work), methods=["POST"])
            for name, kind, work in (
                ("sell", SaleRequest, panel.sell),
                ("restock", SaleRequest, panel.restock),
                ("price", PriceRequest, panel.price),
                ("complain", ComplaintRequest, panel.complain),
                ("resolve", ResolutionRequest, panel.resolve),
                ("apologise", ResolutionRequest, panel.apologise),
            )
        ),
    )


def _reporting_endpoint(
    demo_shop: DemoShop, kind: type[Any], work: Callable[[Any], Awaitable[Any]]
) -> Endpoint:
    """Return an endpoint for a button that reports facts; the response contains the facts."""

    async def endpoint(request: Request) -> Response:
        require_same_origin(request)
        facts = await work(await read_body(request, kind))
        reply = await demo_shop.backend.report_facts(facts)
        return json_response({"sent": facts, "answer": reply.body}, 200 if reply.ok else 502)

    return endpoint


def _as_response(reply: ServerReply) -> Response:
    return json_response(reply.body, reply.status)


def _require_sku(sku: str) -> str:
    if sku not in BY_SKU:
        raise ProblemError(404, "sku.unknown", "The shop does not sell this item.")
    return sku


def _finding(raw: dict[str, Any]) -> Diagnostic:
    return msgspec.convert({k: v for k, v in raw.items() if k != "severity"}, Diagnostic)
