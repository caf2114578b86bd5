"""Every page but the login stands behind it: who is it, and may this request change anything?"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.console import rendering as pages
from tactful.console.login import Login, Logins, LoginThrottle, keys_equal
from tactful.console.rendering import HEADERS, PageError
from tactful.runtime.shop import Shop

HOME: Final = "/console"
LOGIN: Final = "/console/login"
MAX_NAME_CHARACTERS: Final = 64


class ConsoleRequest(Struct, frozen=True):
    """One request of somebody who is logged in; `form` is empty unless it is a POST of ours."""

    http_request: Request
    login: Login
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
        self._logins = Logins(shop.clock.now)
        self._throttle = LoginThrottle(shop.clock.now)

    # pages

    def render(self, page_request: ConsoleRequest, template: str, /, **values: Any) -> Response:
        """A page with its head."""
        query = page_request.http_request.query_params
        return pages.render(
            template,
            who=page_request.login,
            shop_name=self.name,
            path=page_request.http_request.url.path,
            done=query.get("done", ""),
            now=self.shop.clock.now(),
            **values,
        )

    def page_endpoint(self, page: PageHandler) -> Endpoint:
        """A page that changes nothing."""

        async def endpoint(request: Request) -> Response:
            who = self._logins.find(request.cookies.get(self._cookie_name(request)))
            if who is None:
                wanted = request.url.path
                return self._redirect(LOGIN if wanted == HOME else f"{LOGIN}?next={quote(wanted)}")
            return await self._respond(page, ConsoleRequest(request, who, {}))

        return endpoint

    def form_endpoint(self, page: PageHandler) -> Endpoint:
        """A form that changes something: ours, sent by whoever it was made for."""

        async def endpoint(request: Request) -> Response:
            try:
                pages.require_own_origin(request, self._public_url)
                form = await pages.read_form(request)
            except PageError as error:
                return self._error_page(error)
            who = self._logins.find(request.cookies.get(self._cookie_name(request)))
            if who is None:
                return self._redirect(LOGIN)
            if not hmac.compare_digest(form.get("csrf", "").encode(), who.csrf.encode()):
                return self._error_page(PageError(403, "That form is stale. Open the page again."))
            return await self._respond(page, ConsoleRequest(request, who, form))

        return endpoint

    async def _respond(self, page: PageHandler, page_request: ConsoleRequest) -> Response:
        try:
            return await page(page_request)
        except PageError as error:
            return self._error_page(error, page_request.login)

    def _error_page(self, error: PageError, who: Login | None = None) -> Response:
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

    async def login_page(self, request: Request) -> Response:
        """The form that asks for the key."""
        return self._login_page(_path_inside(request.query_params.get("next")))

    def _login_page(
        self, wanted: str, status: int = 200, problem: str = "", name: str = ""
    ) -> Response:
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

    async def log_in(self, request: Request) -> Response:
        """Somebody shows a key."""
        try:
            pages.require_own_origin(request, self._public_url)
            form = await pages.read_form(request)
        except PageError as error:
            return self._error_page(error)
        wanted, name = (
            _path_inside(form.get("next")),
            form.get("name", "").strip()[:MAX_NAME_CHARACTERS],
        )
        address = request.client.host if request.client else ""
        wait = self._throttle.wait_ms(address)
        if wait:
            response = self._login_page(
                wanted, 429, "Too many wrong keys. Wait five minutes.", name
            )
            response.headers["Retry-After"] = str(-(-wait // 1000))
            return response
        if not name:
            return self._login_page(
                wanted, 422, "Say who you are: it is recorded with what you do."
            )
        if self._key is None or not keys_equal(form.get("key", ""), self._key):
            self._throttle.record_failure(address)
            return self._login_page(wanted, 401, "That is not the server key.", name)
        return self._logged_in(request, name, wanted)

    def _logged_in(self, request: Request, name: str, wanted: str) -> Response:
        self._logins.remove(request.cookies.get(self._cookie_name(request)))
        cookie, _ = self._logins.issue(name)
        response = self._redirect(wanted)
        response.set_cookie(
            self._cookie_name(request),
            cookie,
            path="/",
            secure=self._is_secure(request),
            httponly=True,
            samesite="strict",
        )
        return response

    async def log_out(self, page_request: ConsoleRequest) -> Response:
        """Log out."""
        name = self._cookie_name(page_request.http_request)
        self._logins.remove(page_request.http_request.cookies.get(name))
        response = self._redirect(LOGIN)
        response.delete_cookie(
            name,
            path="/",
            secure=self._is_secure(page_request.http_request),
            httponly=True,
            samesite="strict",
        )
        return response

    def _is_secure(self, request: Request) -> bool:
        return request.url.scheme == "https" or (self._public_url or "").startswith("https:")

    def _cookie_name(self, request: Request) -> str:
        """Browsers take `__Host-` only over TLS; without, the server is bound to loopback."""
        return "__Host-tactful" if self._is_secure(request) else "tactful-console"

    def _redirect(self, path: str) -> Response:
        return RedirectResponse(path, 303, HEADERS)


def _path_inside(wanted: str | None) -> str:
    """Where to go after the login: a page of the console, whoever wrote the link."""
    inside = wanted and (wanted == HOME or wanted.startswith(f"{HOME}/")) and "\\" not in wanted
    return wanted if wanted and inside else HOME
