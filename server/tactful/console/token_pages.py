"""The page on which an owner makes tokens of the HTTP API, and revokes them."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.actions import redirect_back
from tactful.console.languages import message_of
from tactful.console.password_prompt import confirmed
from tactful.console.rendering import PageError
from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.runtime.audit_changes import NONE, change, listed
from tactful.runtime.operators import record_action
from tactful.runtime.security.api_tokens import (
    SCOPE_WORDS,
    SCOPES,
    ApiTokens,
    UnusableTokenError,
)

PAGE: Final = "/console/tokens"
LIVES: Final = {"30": 30 * DAY, "90": 90 * DAY, "365": 365 * DAY, "revoked": None}
"""Choice of the form → milliseconds; `None`: until it is revoked."""


def token_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the page and of its forms."""
    tokens = ApiTokens(access.shop.state.keys.folder, access.shop.clock)

    def _ends(life: int | None) -> str:
        return NONE if life is None else format_rfc3339(access.shop.clock.now() + life)

    def show(page_request: ConsoleRequest, *, made: str = "", name: str = "") -> Response:
        return access.render(
            page_request,
            "tokens.html",
            tokens=tokens.all(),
            scopes=SCOPE_WORDS,
            lives=LIVES,
            made=made,
            name=name,
        )

    async def page(page_request: ConsoleRequest) -> Response:
        return show(page_request)

    async def issue(page_request: ConsoleRequest) -> Response:
        form, name = page_request.form, page_request.form.get("name", "").strip()
        if form.get("life") not in LIVES:
            raise PageError(422, "The time is missing. Choose how long the token can be used.")
        scopes = tuple(one for one in SCOPES if form.get(one) == "yes")
        try:
            ident, made = tokens.issue(name, scopes, LIVES[form["life"]])
        except UnusableTokenError as error:
            raise PageError(422, message_of(error)) from None
        await record_action(
            access.shop,
            "token.issued",
            page_request.login.name,
            ident,
            change({}, {"scopes": listed(scopes), "ends": _ends(LIVES[form["life"]])}),
            detail=name,
        )
        return show(page_request, made=made, name=name)

    async def revoke(page_request: ConsoleRequest) -> Response:
        ident = page_request.form.get("token", "")
        revoked = tokens.revoke(ident)
        if revoked is None:
            raise PageError(404, "There is no such token. Open the page again.")
        await record_action(
            access.shop,
            "token.revoked",
            page_request.login.name,
            ident,
            change({"scopes": listed(revoked.scopes)}, {}),
            detail=revoked.name,
        )
        return redirect_back(page_request, PAGE, "token-revoked")

    return [
        Route(PAGE, access.page_endpoint(page, "operators"), methods=["GET"]),
        Route(PAGE, access.form_endpoint(confirmed(access, issue), "operators"), methods=["POST"]),
        Route(
            f"{PAGE}/revoke",
            access.form_endpoint(confirmed(access, revoke), "operators"),
            methods=["POST"],
        ),
    ]
