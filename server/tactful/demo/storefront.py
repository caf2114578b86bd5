"""The pages of the demo shop in which nothing is bought: home, sections, products, login, account."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.api.problems import ProblemError
from tactful.demo.catalogue import ARTICLES, BY_ID, SECTIONS, Article, Variant
from tactful.demo.demo_customers import BY_ID as SHOPPERS
from tactful.demo.demo_customers import SHOPPERS as EVERYBODY
from tactful.demo.demo_shop import DemoShop
from tactful.demo.pages import COOKIE, HERE, form, go, keep, page
from tactful.demo.visitors import Visitor

KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class StorefrontPages:
    """Renders the shop's pages around a visitor."""

    def __init__(self, stage: DemoShop) -> None:
        self.stage = stage

    def visitor(self, request: Request) -> Visitor:
        """Who asks."""
        return self.stage.visitors.get(request.cookies.get(COOKIE))

    def show(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """A page of the shop, with header, footer and widget."""
        visitor = self.visitor(request)
        shown = page(
            request,
            f"shop/{name}.html",
            status,
            visitor=visitor,
            data=visitor.for_page(self.stage.identity(visitor)),
            notice=visitor.told(),
            sections=SECTIONS,
            engaged=self.stage.shop.active_rulebook.current.policy.moment.engaged // 1000,
            **values,
        )
        return keep(shown, visitor)


def front_routes(front: StorefrontPages) -> Sequence[BaseRoute]:
    """Everything under `/shop/` that is not bought with."""
    stage = front.stage

    async def home(request: Request) -> Response:
        return front.show(request, "home", articles=ARTICLES, prices=await stage.prices())

    async def section(request: Request) -> Response:
        name = request.path_params["section"]
        if name not in SECTIONS:
            return _missing(front, request)
        found = [article for article in ARTICLES if article.section == name]
        prices = await stage.prices()
        return front.show(request, "section", title=SECTIONS[name], articles=found, prices=prices)

    async def product(request: Request) -> Response:
        article = BY_ID.get(request.path_params["id"])
        if article is None:
            return _missing(front, request)
        variant = _chosen(article, request.query_params.get("size"))
        prices, stock = await stage.prices(), await stage.stock(article)
        return front.show(
            request,
            "product",
            article=article,
            chosen=variant,
            price=prices.get(variant.sku, article.price),
            stock=stock,
            described=described(article, variant, prices, stock, str(request.base_url)),
        )

    async def login(request: Request) -> Response:
        return front.show(request, "login", shoppers=EVERYBODY)

    async def log_in(request: Request) -> Response:
        customer = (await form(request)).get("customer", "")
        visitor = front.visitor(request)
        if customer not in SHOPPERS:
            raise ProblemError(404, "shopper.unknown", "Nobody of that name shops here.")
        visitor.enter(customer)
        return go("/shop/account", visitor)

    async def log_out(request: Request) -> Response:
        await form(request)
        visitor = front.visitor(request)
        visitor.leave()
        return go("/shop/", visitor)

    async def account(request: Request) -> Response:
        visitor = front.visitor(request)
        if visitor.shopper is None:
            return go("/shop/login", visitor)
        return front.show(request, "account", shopper=visitor.shopper)

    async def cancel(request: Request) -> Response:
        visitor = front.visitor(request)
        if visitor.shopper is None:
            return go("/shop/login", visitor)
        return front.show(request, "cancel", shopper=visitor.shopper)

    async def missing(request: Request) -> Response:
        return _missing(front, request)

    return (
        Route("/shop/", home, methods=["GET"]),
        Route("/shop/category/{section}", section, methods=["GET"]),
        Route("/shop/product/{id}", product, methods=["GET"]),
        Route("/shop/login", login, methods=["GET"]),
        Route("/shop/login", log_in, methods=["POST"]),
        Route("/shop/logout", log_out, methods=["POST"]),
        Route("/shop/account", account, methods=["GET"]),
        Route("/shop/account/cancel", cancel, methods=["GET"]),
        Route("/shop/pictures/{name}", _file(HERE / "pictures"), methods=["GET"]),
        Route("/demo/static/{name}", _file(HERE / "static"), methods=["GET"]),
        Route("/shop/{rest:path}", missing, methods=["GET"]),
    )


def described(
    article: Article,
    chosen: Variant,
    prices: dict[str, int],
    stock: dict[str, int],
    base: str,
) -> dict[str, Any]:
    """The product as schema.org has it; this is all that the widget learns about the page."""
    price = prices.get(chosen.sku, article.price)
    there = stock.get(chosen.sku, 0) > 0
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "sku": chosen.sku,
        "name": article.title,
        "brand": {"@type": "Brand", "name": article.brand},
        "image": base.rstrip("/") + article.picture,
        "offers": {
            "@type": "Offer",
            "price": f"{price // 100}.{price % 100:02d}",
            "priceCurrency": "EUR",
            "availability": f"https://schema.org/{'InStock' if there else 'OutOfStock'}",
        },
    }


def _chosen(article: Article, size: str | None) -> Variant:
    middle = article.variants[len(article.variants) // 2]
    return next((one for one in article.variants if one.size == size), middle)


def _missing(front: StorefrontPages, request: Request) -> Response:
    return front.show(request, "missing", 404)


def _file(folder: Path) -> Any:
    async def serve(request: Request) -> Response:
        path = folder / request.path_params["name"]
        if path.parent != folder or path.suffix not in KINDS or not path.is_file():
            raise ProblemError(404, "http.not_found", "There is no such file.")
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return FileResponse(path, headers=headers, media_type=KINDS[path.suffix])

    return serve
