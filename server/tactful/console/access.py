"""Access control of the console: login, logout, and checks before every page and form.

A page is shown to a logged-in operator only. A form is accepted only from a page of this console, with
the token of the operator for whom the page was rendered.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import structlog
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.console import rendering as pages
from tactful.console.login import (
    BROWSER_LIFETIME,
    AccountLogins,
    KnownBrowsers,
    Login,
    Logins,
    LoginThrottle,
    keys_equal,
)
from tactful.console.mounting import HOME, path_inside, path_of
from tactful.console.permissions import Act, may, refusal
from tactful.console.rendering import HEADERS, PageError
from tactful.core.values.addresses import limit_key
from tactful.runtime.operators import is_reserved, record_action
from tactful.runtime.security.operator_accounts import AccountFile, OperatorAccounts
from tactful.runtime.security.passwords import PasswordHasher, step_of_code
from tactful.runtime.security.second_factors import SecondFactors
from tactful.runtime.shop import Shop

log = structlog.get_logger("tactful.console")

LOGIN: Final = "/console/login"
ACCOUNT: Final = "/console/account"
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
        accounts: OperatorAccounts,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Let operators in with their accounts, or with a key until an owner has an account.

        Args:
            shop: The running shop.
            key: The server key; with `None` nobody can log in.
            name: Name of the shop.
            public_url: URL under which browsers reach the server, if it is not host and port.
            accounts: The accounts of operators.
            sleep: Waits for seconds; delays attempts to log in.
        """
        self.shop = shop
        self.name = name
        self._key = key
        self.public_url = public_url
        self.shop_url: str | None = None
        """The address of the shop, for texts to customers; `None`: it is not known."""
        self.accounts = accounts
        self.hasher = PasswordHasher()
        """Computes and compares digests of passwords."""
        self._logins = Logins(shop.clock.now)
        self.factors = SecondFactors(accounts)
        """Recovery codes, and the roles that need a second factor."""
        self._account_logins = AccountLogins(accounts, self.factors)
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
            may=partial(may, page_request.login.role),
            shop_name=self.name,
            shop_url=self.shop_url,
            path=path_of(page_request.http_request),
            done=page_request.login.take_notice(),
            now=self.shop.clock.now(),
            stop=self.shop.state.active_rulebook.stop,
            **values,
        )

    def render_public(self, template: str, status: int, /, *, path: str, **values: Any) -> Response:
        """Render a page that needs no login."""
        return pages.render(
            template, status, operator=None, shop_name=self.name, path=path, done="", **values
        )

    def _login_of(self, request: Request, *, is_use: bool = True) -> Login | None:
        """Return who sends a request; `None`: nobody is logged in.

        Logins with the server key end as soon as an owner has an account.
        """
        cookie = request.cookies.get(self._cookie_name(request))
        found = self._account_logins.find(cookie, is_use=is_use)
        if found is not None:
            return found
        found = self._logins.find(cookie)
        return None if found is None or self.accounts.has_owner() else found

    def may_still(self, request: Request, act: Act) -> bool:
        """Return whether the operator of a request is still logged in, and may still do something."""
        operator = self._login_of(request, is_use=False)
        return operator is not None and not operator.lacks_factor and may(operator.role, act)

    def page_endpoint(self, page: PageHandler, act: Act, *, is_use: bool = True) -> Endpoint:
        """Return an endpoint for a page that changes nothing, behind the login.

        Args:
            page: Returns the page.
            act: What a role must be allowed to do.
            is_use: Whether the operator asks for it, so that the login is not idle.
        """

        async def endpoint(request: Request) -> Response:
            operator = self._login_of(request, is_use=is_use)
            if operator is None:
                query = request.url.query
                wanted = quote(path_of(request)) + (f"?{query}" if query else "")
                path = LOGIN if wanted == HOME else f"{LOGIN}?next={quote(wanted, safe='')}"
                return self.redirect(path)
            return await self._respond(page, act, ConsoleRequest(request, operator, {}))

        return endpoint

    def form_endpoint(self, page: PageHandler, act: Act) -> Endpoint:
        """Return an endpoint for a form that changes something, behind the login.

        The form must come from a page of this console, with the token of its operator.

        Args:
            page: Does what the form asks for.
            act: What a role must be allowed to do.
        """

        async def endpoint(request: Request) -> Response:
            try:
                pages.require_own_origin(request, self.public_url)
                form = await pages.read_form(request)
            except PageError as error:
                return self.error_page(error)
            operator = self._login_of(request)
            if operator is None:
                return self.redirect(LOGIN)
            if not hmac.compare_digest(form.get("csrf", "").encode(), operator.csrf.encode()):
                problem = "This form is out of date. Open the page again, and repeat the action."
                return self.error_page(PageError(403, problem))
            return await self._respond(page, act, ConsoleRequest(request, operator, form))

        return endpoint

    async def _respond(self, page: PageHandler, act: Act, page_request: ConsoleRequest) -> Response:
        login = page_request.login
        if not may(login.role, act):
            log.warning("console.refused", who=login.name, role=login.role, act=act)
            return self.error_page(PageError(403, refusal(login.role, act)), login)
        if login.lacks_factor and act != "own_account":
            return self.redirect(ACCOUNT)
        try:
            return await page(page_request)
        except PageError as error:
            return self.error_page(error, login)

    def error_page(self, error: PageError, operator: Login | None = None) -> Response:
        """Render the page that says why a request is refused."""
        return pages.render(
            "error.html",
            error.status,
            operator=operator,
            may=partial(may, operator.role if operator else "viewer"),
            shop_name=self.name,
            path="",
            done="",
            missing=error.status == 404,
            text=error.text,
        )

    # login and logout

    async def login_page(self, request: Request) -> Response:
        """Show the form that asks for a name and the server key."""
        return self._login_page(path_inside(request.query_params.get("next")))

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
            closed=self._key is None and not self.accounts.has_owner(),
            with_accounts=self.accounts.has_owner(),
        )

    async def log_in(self, request: Request) -> Response:
        """Check the name and key of the login form, and log the operator in."""
        try:
            pages.require_own_origin(request, self.public_url)
            form = await pages.read_form(request)
        except PageError as error:
            return self.error_page(error)
        wanted = path_inside(form.get("next"))
        name = form.get("name", "").strip()[:MAX_NAME_CHARACTERS]
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
        account = await self._account_of(form)
        opens_with_key = not self.accounts.has_owner() and self._is_key(form.get("key", ""))
        if account is None and opens_with_key and self.accounts.find(name) is not None:
            problem = "This name has an account. Log in with its password, or enter another name."
            return self._login_page(wanted, 422, problem)
        if account is None and not opens_with_key:
            self.throttle.record_failure(source, known=browser is not None)
            problem = (
                "The name, the password or the code is wrong. Try again, or ask an owner for a new link."
                if self.accounts.has_owner()
                else "This is not the server key. Enter the value of TACTFUL_SERVER_KEY."
            )
            return self._login_page(wanted, 401, problem, name)
        return self._logged_in(request, name, wanted, account)

    def _is_key(self, given: str) -> bool:
        return self._key is not None and keys_equal(given, self._key)

    async def _account_of(self, form: dict[str, str]) -> AccountFile | None:
        """Return the account that a login form opens; `None`: none."""
        account = self.accounts.find(form.get("name", ""))
        if account is None and not self.accounts.has_owner():
            return None
        usable = account if account and account.state == "active" else None
        kept = usable.password if usable else None
        is_right = await self.hasher.matches(form.get("key", ""), kept)
        if usable is None or not is_right:
            return None
        return usable if await self.is_factor_right(usable, form.get("code", "")) else None

    async def is_factor_right(self, account: AccountFile, code: str) -> bool:
        """Return whether an account has no second factor, or a code of it or a recovery code is right."""
        if account.second_factor is None:
            return True
        step = step_of_code(account.second_factor, code, self.shop.clock.now())
        if step is not None:
            return self._account_logins.use_code(account.name, step)
        left = self.factors.use_recovery_code(account.name, code)
        if left is None:
            return False
        await record_action(
            self.shop,
            "operator.changed",
            account.name,
            account.name,
            detail=f"recovery code used, {left} left",
        )
        return True

    async def check_password(self, request: Request, password: str, account: AccountFile) -> bool:
        """Return whether a password is that of an account; wrong ones count as wrong logins do."""
        source = limit_key(request.client.host if request.client else "")
        if not await self._delay(source, known=True):
            return False
        is_right = await self.hasher.matches(password, account.password)
        if not is_right:
            self.throttle.record_failure(source, known=True)
        return is_right

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

    def _logged_in(
        self, request: Request, name: str, wanted: str, account: AccountFile | None
    ) -> Response:
        self._end(request)
        cookie = self.accounts.log_in(account) if account else self._logins.issue(name)[0]
        login = self._account_logins.find(cookie) if account else None
        if login is not None:
            login.confirmed_at = self.shop.clock.now()
        response = self.redirect(wanted)
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
        self._end(page_request.http_request)
        response = self.redirect(LOGIN)
        response.delete_cookie(
            name,
            path="/",
            secure=self._is_secure(page_request.http_request),
            httponly=True,
            samesite="lax",
        )
        return response

    def _end(self, request: Request) -> None:
        """End the login of a request's cookie, so that no cookie outlives a login or logout."""
        cookie = request.cookies.get(self._cookie_name(request))
        if cookie:
            self._logins.remove(cookie)
            self.accounts.log_out(cookie)

    def _is_secure(self, request: Request) -> bool:
        return request.url.scheme == "https" or (self.public_url or "").startswith("https:")

    def _cookie_name(self, request: Request) -> str:
        """Return the cookie's name. Browsers accept the prefix `__Host-` over TLS only (RFC 6265bis)."""
        return "__Host-tactful" if self._is_secure(request) else "tactful-console"

    def _browser_cookie_name(self, request: Request) -> str:
        return f"{self._cookie_name(request)}-browser"

    def redirect(self, path: str) -> Response:
        """Redirect to a path of the console."""
        return RedirectResponse(path, 303, HEADERS)
