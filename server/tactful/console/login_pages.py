"""Login and logout of operators."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console import rendering as pages
from tactful.console.access import LOGIN, ConsoleAccess, ConsoleRequest
from tactful.console.cookies import browser_cookie, is_secure, login_cookie
from tactful.console.login import BROWSER_LIFETIME, KnownBrowsers, keys_equal
from tactful.console.mounting import path_inside
from tactful.console.rendering import PageError
from tactful.core.values.addresses import limit_key
from tactful.runtime.operators import is_reserved
from tactful.runtime.security.operator_accounts import AccountFile

MAX_NAME_CHARACTERS: Final = 64


def login_routes(access: ConsoleAccess, key: str | None) -> Sequence[BaseRoute]:
    """Return the routes of both forms; see `LoginPages`."""
    pages_of_login = LoginPages(access, key)
    return [
        Route(LOGIN, pages_of_login.login_page, methods=["GET"]),
        Route(LOGIN, pages_of_login.log_in, methods=["POST"]),
        Route(
            "/console/logout",
            access.form_endpoint(pages_of_login.log_out, "own_account"),
            methods=["POST"],
        ),
    ]


class LoginPages:
    """The form that logs an operator in, and the one that logs out."""

    def __init__(self, access: ConsoleAccess, key: str | None) -> None:
        """Log operators in with their accounts, or with a key until an owner has an account.

        Args:
            access: Checks the requests of operators who are logged in.
            key: The server key; with `None` it opens nothing.
        """
        self._access = access
        self._accounts = access.accounts
        self._credentials = access.credentials
        self._public_url = access.public_url
        self._key = key
        self._browsers = KnownBrowsers(key, access.shop.clock.now)

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
            shop_name=self._access.name,
            path=LOGIN,
            done="",
            wanted=wanted,
            problem=problem,
            name=name,
            closed=self._key is None and not self._accounts.has_owner(),
            with_accounts=self._accounts.has_owner(),
        )

    async def log_in(self, request: Request) -> Response:
        """Check the name and key of the login form, and log the operator in."""
        try:
            pages.require_own_origin(request, self._public_url)
            form = await pages.read_form(request)
        except PageError as error:
            return self._access.error_page(error)
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
        browser = self._browsers.find(
            request.cookies.get(browser_cookie(request, self._public_url))
        )
        source = browser or limit_key(request.client.host if request.client else "")
        if not await self._credentials.delay(source, known=browser is not None):
            problem = "Too many keys are being tried. Wait a few seconds, and try again."
            response = self._login_page(wanted, 429, problem, name)
            response.headers["Retry-After"] = "10"
            return response
        account = await self._credentials.account_of(form)
        opens_with_key = not self._accounts.has_owner() and self._is_key(form.get("key", ""))
        if account is None and opens_with_key and self._accounts.find(name) is not None:
            problem = "This name has an account. Log in with its password, or enter another name."
            return self._login_page(wanted, 422, problem)
        if account is None and not opens_with_key:
            self._credentials.throttle.record_failure(source, known=browser is not None)
            problem = (
                "The name, the password or the code is wrong. Try again, or ask an owner for a new link."
                if self._accounts.has_owner()
                else "This is not the server key. Enter the value of TACTFUL_SERVER_KEY."
            )
            return self._login_page(wanted, 401, problem, name)
        return self._logged_in(request, name, wanted, account)

    def _is_key(self, given: str) -> bool:
        return self._key is not None and keys_equal(given, self._key)

    def _logged_in(
        self, request: Request, name: str, wanted: str, account: AccountFile | None
    ) -> Response:
        self._end(request)
        cookie = (
            self._accounts.log_in(account) if account else self._access.key_logins.issue(name)[0]
        )
        login = self._credentials.logins.find(cookie) if account else None
        if login is not None:
            login.confirmed_at = self._access.shop.clock.now()
        response = self._access.redirect(wanted)
        response.set_cookie(
            login_cookie(request, self._public_url),
            cookie,
            path="/",
            secure=is_secure(request, self._public_url),
            httponly=True,
            # Not `strict`: a link in a help desk must open the page of a user who is logged in. No
            # GET changes anything, and every form needs its token and our origin.
            samesite="lax",
        )
        response.set_cookie(
            browser_cookie(request, self._public_url),
            self._browsers.issue(),
            max_age=BROWSER_LIFETIME // 1000,
            path="/",
            secure=is_secure(request, self._public_url),
            httponly=True,
            samesite="strict",
        )
        return response

    async def log_out(self, page_request: ConsoleRequest) -> Response:
        """Log the operator out."""
        name = login_cookie(page_request.http_request, self._public_url)
        self._end(page_request.http_request)
        response = self._access.redirect(LOGIN)
        response.delete_cookie(
            name,
            path="/",
            secure=is_secure(page_request.http_request, self._public_url),
            httponly=True,
            samesite="lax",
        )
        return response

    def _end(self, request: Request) -> None:
        """End the login of a request's cookie, so that no cookie outlives a login or logout."""
        cookie = request.cookies.get(login_cookie(request, self._public_url))
        if cookie:
            self._access.key_logins.remove(cookie)
            self._accounts.log_out(cookie)
