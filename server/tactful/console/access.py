"""Access control of the console: checks before every page and form.

A page is shown to a logged-in operator only. A form is accepted only from a page of this console, with
the token of the operator for whom the page was rendered.
"""

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
from tactful.console.cookies import login_cookie
from tactful.console.credentials import Credentials
from tactful.console.languages import say, speak
from tactful.console.login import Login, Logins
from tactful.console.mounting import HOME, path_of
from tactful.console.permissions import Act, may, refusal
from tactful.console.rendering import HEADERS, PageError
from tactful.core.values.phrases import Phrase
from tactful.runtime.audit_changes import acting_as
from tactful.runtime.services.rulebook_versions import RulebookVersions
from tactful.runtime.shop import Shop

log = structlog.get_logger("tactful.console")

LOGIN: Final = "/console/login"
ACCOUNT: Final = "/console/account"


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
        self, shop: Shop, credentials: Credentials, *, name: str, public_url: str | None
    ) -> None:
        """Let in the operators who are logged in.

        Args:
            shop: The running shop.
            credentials: The accounts and logins of operators.
            name: Name of the shop.
            public_url: URL under which browsers reach the server, if it is not host and port.
        """
        self.shop = shop
        self.name = name
        self.public_url = public_url
        self.shop_url: str | None = None
        """The address of the shop, for texts to customers; `None`: it is not known."""
        self.credentials = credentials
        self.accounts = credentials.accounts
        self.versions = RulebookVersions(shop.ledger, shop.clock, shop.settings.policy)
        """The rulebooks that were active once."""
        self.key_logins = Logins(shop.clock.now)
        """The logins with the server key."""

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
        cookie = request.cookies.get(login_cookie(request, self.public_url))
        found = self.credentials.logins.find(cookie, is_use=is_use)
        if found is None and not self.accounts.has_owner():
            found = self.key_logins.find(cookie)
        if found is not None:
            speak(found.language)
        return found

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
            with acting_as(login.role if login.has_account else "server key"):
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
            text=say(error.text) if not isinstance(error.text, Phrase) else error.text,
        )

    def redirect(self, path: str) -> Response:
        """Redirect to a path of the console."""
        return RedirectResponse(path, 303, HEADERS)
