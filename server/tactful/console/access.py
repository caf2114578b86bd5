"""Every page but the login stands behind it: who is it, and may this request change anything?"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.console import rendering as pages
from tactful.console.login import Login, Logins, LoginThrottle, same
from tactful.console.rendering import HEADERS, PageError
from tactful.runtime.shop import Shop

HOME: Final = "/console"
LOGIN: Final = "/console/login"
NAME_LENGTH: Final = 64


class ConsoleRequest(Struct, frozen=True):
    """One request of somebody who is logged in; `form` is empty unless it is a POST of ours."""

    request: Request
    who: Login
    form: dict[str, str]


PageHandler = Callable[[ConsoleRequest], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class ConsoleAccess:
    """The console's door, and what its pages have in common."""

    def __init__(self, shop: Shop, *, key: str | None, name: str, public_url: str | None) -> None:
        self.shop = shop
        self.name = name
        self._key = key
        self._public_url = public_url
        self._passes = Logins(shop.clock.now)
        self._attempts = LoginThrottle(shop.clock.now)

    # pages

    def show(self, visit: ConsoleRequest, template: str, /, **values: Any) -> Response:
        """A page with its head."""
        query = visit.request.query_params
        return pages.render(
            template,
            who=visit.who,
            shop_name=self.name,
            path=visit.request.url.path,
            done=query.get("done", ""),
            now=self.shop.clock.now(),
            **values,
        )

    def reading(self, page: PageHandler) -> Endpoint:
        """A page that changes nothing."""

        async def endpoint(request: Request) -> Response:
            who = self._passes.find(request.cookies.get(self._cookie(request)))
            if who is None:
                wanted = request.url.path
                return self._go(LOGIN if wanted == HOME else f"{LOGIN}?next={quote(wanted)}")
            return await self._answered(page, ConsoleRequest(request, who, {}))

        return endpoint

    def acting(self, page: PageHandler) -> Endpoint:
        """A form that changes something: ours, sent by whoever it was made for."""

        async def endpoint(request: Request) -> Response:
            try:
                pages.own_origin(request, self._public_url)
                form = await pages.form_of(request)
            except PageError as error:
                return self._refused(error)
            who = self._passes.find(request.cookies.get(self._cookie(request)))
            if who is None:
                return self._go(LOGIN)
            if not hmac.compare_digest(form.get("csrf", "").encode(), who.csrf.encode()):
                return self._refused(PageError(403, "That form is stale. Open the page again."))
            return await self._answered(page, ConsoleRequest(request, who, form))

        return endpoint

    async def _answered(self, page: PageHandler, visit: ConsoleRequest) -> Response:
        try:
            return await page(visit)
        except PageError as error:
            return self._refused(error, visit.who)

    def _refused(self, error: PageError, who: Login | None = None) -> Response:
        return pages.render(
            "refused.html",
            error.status,
            who=who,
            shop_name=self.name,
            path="",
            done="",
            text=error.text,
        )

    # the door

    async def login(self, request: Request) -> Response:
        """The form that asks for the key."""
        return self._login(_inside(request.query_params.get("next")))

    def _login(self, wanted: str, status: int = 200, problem: str = "", name: str = "") -> Response:
        return pages.render(
            "login.html",
            status,
            who=None,
            shop_name=self.name,
            path=LOGIN,
            done="",
            wanted=wanted,
            problem=problem,
            name=name,
            closed=self._key is None,
        )

    async def enter(self, request: Request) -> Response:
        """Somebody shows a key."""
        try:
            pages.own_origin(request, self._public_url)
            form = await pages.form_of(request)
        except PageError as error:
            return self._refused(error)
        wanted, name = _inside(form.get("next")), form.get("name", "").strip()[:NAME_LENGTH]
        address = request.client.host if request.client else ""
        wait = self._attempts.wait(address)
        if wait:
            response = self._login(wanted, 429, "Too many wrong keys. Wait five minutes.", name)
            response.headers["Retry-After"] = str(-(-wait // 1000))
            return response
        if not name:
            return self._login(wanted, 422, "Say who you are: it is recorded with what you do.")
        if self._key is None or not same(form.get("key", ""), self._key):
            self._attempts.failed(address)
            return self._login(wanted, 401, "That is not the server key.", name)
        return self._entered(request, name, wanted)

    def _entered(self, request: Request, name: str, wanted: str) -> Response:
        self._passes.end(request.cookies.get(self._cookie(request)))
        cookie, _ = self._passes.issue(name)
        response = self._go(wanted)
        response.set_cookie(
            self._cookie(request),
            cookie,
            path="/",
            secure=self._secure(request),
            httponly=True,
            samesite="strict",
        )
        return response

    async def leave(self, visit: ConsoleRequest) -> Response:
        """Log out."""
        name = self._cookie(visit.request)
        self._passes.end(visit.request.cookies.get(name))
        response = self._go(LOGIN)
        response.delete_cookie(
            name, path="/", secure=self._secure(visit.request), httponly=True, samesite="strict"
        )
        return response

    def _secure(self, request: Request) -> bool:
        return request.url.scheme == "https" or (self._public_url or "").startswith("https:")

    def _cookie(self, request: Request) -> str:
        """Browsers take `__Host-` only over TLS; without, the server is bound to loopback."""
        return "__Host-tactful" if self._secure(request) else "tactful-console"

    def _go(self, path: str) -> Response:
        return RedirectResponse(path, 303, HEADERS)


def _inside(wanted: str | None) -> str:
    """Where to go after the login: a page of the console, whoever wrote the link."""
    inside = wanted and (wanted == HOME or wanted.startswith(f"{HOME}/")) and "\\" not in wanted
    return wanted if wanted and inside else HOME
