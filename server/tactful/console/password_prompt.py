"""The page that asks for the password again before a change of operators or tokens."""

from typing import Final

from starlette.responses import Response

from tactful.console.access import ConsoleAccess, ConsoleRequest, PageHandler
from tactful.console.mounting import path_of
from tactful.core.values.calendar import MINUTE

CONFIRMED_MS: Final = 15 * MINUTE
"""Milliseconds for which an operator who gave password and second factor need not do so again."""
_PASSWORD: Final = "confirm-password"  # noqa: S105 - the name of a field
_CODE: Final = "confirm-code"


def confirmed(access: ConsoleAccess, page: PageHandler) -> PageHandler:
    """Return a form that needs password and second factor, unless they were given a short time ago."""

    async def form(page_request: ConsoleRequest) -> Response:
        return await _asked(access, page_request) or await page(page_request)

    return form


async def _asked(access: ConsoleAccess, page_request: ConsoleRequest) -> Response | None:
    """Return a page that asks who acts, with the form in it; `None`: the operator is confirmed."""
    login, form = page_request.login, page_request.form
    now = access.shop.clock.now()
    if not login.has_account or now - login.confirmed_at < CONFIRMED_MS:
        return None
    problem = ""
    if _PASSWORD in form:
        account = access.accounts.find(login.name)
        password, code = form.pop(_PASSWORD), form.pop(_CODE, "")
        request = page_request.http_request
        if (
            account
            and await access.credentials.check_password(request, password, account)
            and await access.credentials.is_factor_right(account, code)
        ):
            login.confirmed_at = now
            return None
        problem = "The password or the code is wrong. Nothing was changed."
    account = access.accounts.find(login.name)
    kept = {name: value for name, value in form.items() if name != "csrf"}
    return access.render(
        page_request,
        "confirm.html",
        status=403,
        problem=problem,
        kept=kept,
        target=path_of(page_request.http_request),
        with_code=account is not None and account.second_factor is not None,
    )
