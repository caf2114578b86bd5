"""Storefront of the demo shop: home, section, product, login and account pages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response
from tactful.api.problems import ProblemError
from tactful.demo.catalogue import ARTICLES, BY_ID, SECTIONS, Article, Variant
from tactful.demo.demo_customers import BY_ID as SHOPPERS
from tactful.demo.demo_customers import DEMO_CUSTOMERS as EVERYBODY
from tactful.demo.demo_shop import DemoShop
from tactful.demo.pages import (
    COOKIE,
    DEMO_FOLDER,
    STORY_KEY,
    read_form,
    redirect,
    render_page,
    with_visitor_cookie,
)
from tactful.demo.shelf import shelf, structured_data
from tactful.demo.visitors import Visitor

MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class StorefrontPages:
    """Renders the shop's pages for a visitor."""

    def __init__(self, demo_shop: DemoShop) -> None:
        self.demo_shop = demo_shop

    def visitor_of(self, request: Request) -> Visitor:
        """Return the visitor of a request, by the key in its URL, or else by its cookie."""
        return self.demo_shop.visitors.get(_key_of(request))

    async def shelf(self, request: Request, article: Article, chosen: Variant) -> dict[str, Any]:
        """Return what the page of a product shows about one size to the visitor of a request."""
        shop = self.demo_shop
        promised = shop.visitors.promised(_key_of(request), shop.clock.now())
        return shelf(article, chosen, await shop.prices(), await shop.stock(article), promised)

    def render(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """Render a page of the shop, with header, footer and widget."""
        visitor = self.visitor_of(request)
        shown = render_page(
            request,
            f"shop/{name}.html",
            status,
            visitor=visitor,
            data=visitor.page_data(self.demo_shop.identity(visitor)),
            notice=visitor.pop_notice(),
            sections=SECTIONS,
            engaged=self.demo_shop.shop.state.active_rulebook.current.policy.moment.engaged // 1000,
            **values,
        )
        return with_visitor_cookie(shown, visitor)


def storefront_routes(storefront: StorefrontPages) -> Sequence[BaseRoute]:
    """Return the routes under `/shop/` except those of the checkout."""
    demo_shop = storefront.demo_shop

    async def home(request: Request) -> Response:
        return storefront.render(
            request, "home", articles=ARTICLES, prices=await demo_shop.prices()
        )

    async def section(request: Request) -> Response:
        name = request.path_params["section"]
        if name not in SECTIONS:
            return _missing(storefront, request)
        found = [article for article in ARTICLES if article.section == name]
        prices = await demo_shop.prices()
        return storefront.render(
            request, "section", title=SECTIONS[name], articles=found, prices=prices
        )

    async def product(request: Request) -> Response:
        article = BY_ID.get(request.path_params["id"])
        if article is None:
            return _missing(storefront, request)
        variant = _chosen(article, request.query_params.get("size"))
        prices, stock = await demo_shop.prices(), await demo_shop.stock(article)
        return storefront.render(
            request,
            "product",
            article=article,
            chosen=variant,
            shelf=await storefront.shelf(request, article, variant),
            live=f"{article.path}/live?{urlencode(_question(request, variant))}",
            described=structured_data(article, variant, prices, stock, str(request.base_url)),
        )

    async def live(request: Request) -> Response:
        article = BY_ID.get(request.path_params["id"])
        if article is None:
            raise ProblemError(404, "product.unknown", "The shop does not sell this product.")
        variant = _chosen(article, request.query_params.get("size"))
        return json_response(await storefront.shelf(request, article, variant))

    async def login(request: Request) -> Response:
        return storefront.render(request, "login", shoppers=EVERYBODY)

    async def log_in(request: Request) -> Response:
        customer = (await read_form(request)).get("customer", "")
        visitor = storefront.visitor_of(request)
        if customer not in SHOPPERS:
            raise ProblemError(404, "shopper.unknown", "The demo has no such customer.")
        visitor.log_in(customer)
        return redirect("/shop/account", visitor)

    async def log_out(request: Request) -> Response:
        await read_form(request)
        visitor = storefront.visitor_of(request)
        visitor.log_out()
        return redirect("/shop/", visitor)

    async def account(request: Request) -> Response:
        visitor = storefront.visitor_of(request)
        if visitor.shopper is None:
            return redirect("/shop/login", visitor)
        return storefront.render(request, "account", shopper=visitor.shopper)

    async def cancel(request: Request) -> Response:
        visitor = storefront.visitor_of(request)
        if visitor.shopper is None:
            return redirect("/shop/login", visitor)
        return storefront.render(request, "cancel", shopper=visitor.shopper)

    async def missing(request: Request) -> Response:
        return _missing(storefront, request)

    return (
        Route("/shop/", home, methods=["GET"]),
        Route("/shop/category/{section}", section, methods=["GET"]),
        Route("/shop/product/{id}", product, methods=["GET"]),
        Route("/shop/product/{id}/live", live, methods=["GET"]),
        Route("/shop/login", login, methods=["GET"]),
        Route("/shop/login", log_in, methods=["POST"]),
        Route("/shop/logout", log_out, methods=["POST"]),
        Route("/shop/account", account, methods=["GET"]),
        Route("/shop/account/cancel", cancel, methods=["GET"]),
        Route("/shop/pictures/{name}", _file(DEMO_FOLDER / "pictures"), methods=["GET"]),
        Route("/demo/static/{name}", _file(DEMO_FOLDER / "static"), methods=["GET"]),
        Route("/shop/{rest:path}", missing, methods=["GET"]),
    )


def _key_of(request: Request) -> str | None:
    """Return the key of a visitor, from the URL or else from the cookie."""
    return request.query_params.get(STORY_KEY) or request.cookies.get(COOKIE)


def _question(request: Request, chosen: Variant) -> dict[str, str]:
    """Return the query with which a page asks again what it shows, as the same visitor."""
    key = request.query_params.get(STORY_KEY)
    return {"size": chosen.size} | ({STORY_KEY: key} if key else {})


def _chosen(article: Article, size: str | None) -> Variant:
    middle = article.variants[len(article.variants) // 2]
    return next((one for one in article.variants if one.size == size), middle)


def _missing(storefront: StorefrontPages, request: Request) -> Response:
    return storefront.render(request, "missing", 404)


def _file(folder: Path) -> Any:
    async def serve(request: Request) -> Response:
        path = folder / request.path_params["name"]
        if path.parent != folder or path.suffix not in MEDIA_TYPES or not path.is_file():
            raise ProblemError(404, "http.not_found", "There is no such file.")
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return FileResponse(path, headers=headers, media_type=MEDIA_TYPES[path.suffix])

    return serve
