"""Access control of the console: login, logout, and checks before every page and form.

A page is shown to a logged-in operator only. A form is accepted only from a page of this console, with
the token of the operator for whom the page was rendered.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.console import rendering as pages
from tactful.console.login import (
    BROWSER_LIFETIME,
    KnownBrowsers,
    Login,
    Logins,
    LoginThrottle,
    keys_equal,
)
from tactful.console.rendering import HEADERS, PageError
from tactful.core.values.addresses import limit_key
from tactful.runtime.operators import is_reserved
from tactful.runtime.shop import Shop

HOME: Final = "/console"
LOGIN: Final = "/console/login"
MAX_NAME_CHARACTERS: Final = 64


class ConsoleRequest(Struct, frozen=True):
    """One request of a logged-in operator. `form` is empty for a GET."""

    http_request: Request
    login: Login
    form: dict[str, str]


PageHandler = Callable[[ConsoleRequest], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class ConsoleAccess:
    """Checks requests to the console, and renders its pages with their common parts."""

    def __init__(
        self,
        shop: Shop,
        *,
        key: str | None,
        name: str,
        public_url: str | None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Let operators in with a key.

        Args:
            shop: The running shop.
            key: The server key; with `None` nobody can log in.
            name: Name of the shop.
            public_url: URL under which browsers reach the server, if it is not host and port.
            sleep: Waits for seconds; delays attempts to log in.
        """
        self.shop = shop
        self.name = name
        self._key = key
        self._public_url = public_url
        self._logins = Logins(shop.clock.now)
        self.throttle = LoginThrottle(shop.clock.now)
        """The delay of attempts to log in."""
        self._browsers = KnownBrowsers(key, shop.clock.now)
        self._sleep = sleep

    # pages

    @property
    def zone(self) -> str:
        """The IANA time zone of the shop, in which pages write instants."""
        return self.shop.state.active_rulebook.current.policy.timezone

    def render(self, page_request: ConsoleRequest, template: str, /, **values: Any) -> Response:
        """Render a page with the common head of the console."""
        return pages.render(
            template,
            zone=self.zone,
            operator=page_request.login,
            shop_name=self.name,
            path=path_of(page_request.http_request),
            done=page_request.login.take_notice(),
            now=self.shop.clock.now(),
            **values,
        )

    def page_endpoint(self, page: PageHandler) -> Endpoint:
        """Return an endpoint for a page that changes nothing, behind the login."""

        async def endpoint(request: Request) -> Response:
            operator = self._logins.find(request.cookies.get(self._cookie_name(request)))
            if operator is None:
                query = request.url.query
                wanted = quote(path_of(request)) + (f"?{query}" if query else "")
                path = LOGIN if wanted == HOME else f"{LOGIN}?next={quote(wanted, safe='')}"
                return self._redirect(path)
            return await self._respond(page, ConsoleRequest(request, operator, {}))

        return endpoint

    def form_endpoint(self, page: PageHandler) -> Endpoint:
        """Return an endpoint for a form that changes something, behind the login.

        The form must come from a page of this console, with the token of its operator.
        """

        async def endpoint(request: Request) -> Response:
            try:
                pages.require_own_origin(request, self._public_url)
                form = await pages.read_form(request)
            except PageError as error:
                return self._error_page(error)
            operator = self._logins.find(request.cookies.get(self._cookie_name(request)))
            if operator is None:
                return self._redirect(LOGIN)
            if not hmac.compare_digest(form.get("csrf", "").encode(), operator.csrf.encode()):
                problem = "This form is out of date. Open the page again, and repeat the action."
                return self._error_page(PageError(403, problem))
            return await self._respond(page, ConsoleRequest(request, operator, form))

        return endpoint

    async def _respond(self, page: PageHandler, page_request: ConsoleRequest) -> Response:
        try:
            return await page(page_request)
        except PageError as error:
            return self._error_page(error, page_request.login)

    def _error_page(self, error: PageError, operator: Login | None = None) -> Response:
        return pages.render(
            "error.html",
            error.status,
            operator=operator,
            shop_name=self.name,
            path="",
            done="",
            missing=error.status == 404,
            text=error.text,
        )

    # login and logout

    async def login_page(self, request: Request) -> Response:
        """Show the form that asks for a name and the server key."""
        return self._login_page(_path_inside(request.query_params.get("next")))

    def _login_page(
        self, wanted: str, status: int = 200, problem: str = "", name: str = ""
    ) -> Response:
        return pages.render(
            "login.html",
            status,
            operator=None,
            shop_name=self.name,
            path=LOGIN,
            done="",
            wanted=wanted,
            problem=problem,
            name=name,
            closed=self._key is None,
        )

    async def log_in(self, request: Request) -> Response:
        """Check the name and key of the login form, and log the operator in."""
        try:
            pages.require_own_origin(request, self._public_url)
            form = await pages.read_form(request)
        except PageError as error:
            return self._error_page(error)
        wanted, name = (
            _path_inside(form.get("next")),
            form.get("name", "").strip()[:MAX_NAME_CHARACTERS],
        )
        if not name:
            return self._login_page(
                wanted,
                422,
                "The name is missing. Enter your name: it is recorded with your actions.",
            )
        if is_reserved(name):
            problem = "This name belongs to the server. Enter your own name."
            return self._login_page(wanted, 422, problem)
        browser = self._browsers.find(request.cookies.get(self._browser_cookie_name(request)))
        source = browser or limit_key(request.client.host if request.client else "")
        if not await self._delay(source, known=browser is not None):
            problem = "Too many keys are being tried. Wait a few seconds, and try again."
            response = self._login_page(wanted, 429, problem, name)
            response.headers["Retry-After"] = "10"
            return response
        if self._key is None or not keys_equal(form.get("key", ""), self._key):
            self.throttle.record_failure(source, known=browser is not None)
            problem = "This is not the server key. Enter the value of TACTFUL_SERVER_KEY."
            return self._login_page(wanted, 401, problem, name)
        return self._logged_in(request, name, wanted)

    async def _delay(self, source: str, *, known: bool) -> bool:
        """Delay an attempt after wrong keys; return False if too many attempts wait already."""
        delay = self.throttle.delay_ms(source, known=known)
        if delay:
            if not self.throttle.begin_wait(source):
                return False
            try:
                await self._sleep(delay / 1000)
            finally:
                self.throttle.end_wait(source)
        return True

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
            # Not `strict`: a link in a help desk must open the page of a user who is logged in. No
            # GET changes anything, and every form needs its token and our origin.
            samesite="lax",
        )
        response.set_cookie(
            self._browser_cookie_name(request),
            self._browsers.issue(),
            max_age=BROWSER_LIFETIME // 1000,
            path="/",
            secure=self._is_secure(request),
            httponly=True,
            samesite="strict",
        )
        return response

    async def log_out(self, page_request: ConsoleRequest) -> Response:
        """Log the operator out."""
        name = self._cookie_name(page_request.http_request)
        self._logins.remove(page_request.http_request.cookies.get(name))
        response = self._redirect(LOGIN)
        response.delete_cookie(
            name,
            path="/",
            secure=self._is_secure(page_request.http_request),
            httponly=True,
            samesite="lax",
        )
        return response

    def _is_secure(self, request: Request) -> bool:
        return request.url.scheme == "https" or (self._public_url or "").startswith("https:")

    def _cookie_name(self, request: Request) -> str:
        """Return the cookie's name. Browsers accept the prefix `__Host-` over TLS only (RFC 6265bis)."""
        return "__Host-tactful" if self._is_secure(request) else "tactful-console"

    def _browser_cookie_name(self, request: Request) -> str:
        return f"{self._cookie_name(request)}-browser"

    def _redirect(self, path: str) -> Response:
        return RedirectResponse(path, 303, HEADERS)


def path_of(request: Request) -> str:
    """Return the path of a request without the prefix under which the application is mounted."""
    return request.url.path.removeprefix(request.scope.get("root_path", ""))


def _path_inside(wanted: str | None) -> str:
    """Return `wanted` if it is a path of the console, else the overview: links can be forged."""
    inside = wanted and (wanted == HOME or wanted.startswith(f"{HOME}/")) and "\\" not in wanted
    return wanted if wanted and inside else HOME
