"""Pages on which an operator joins, and manages password, second factor and logins."""

from base64 import b32decode
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console import rendering as pages
from tactful.console.access import ACCOUNT, LOGIN, ConsoleAccess, ConsoleRequest
from tactful.console.actions import redirect_back
from tactful.console.languages import LANGUAGES
from tactful.console.rendering import PageError
from tactful.runtime.audit_changes import NO_CHANGE, NONE, ActionChange, change, changed
from tactful.runtime.operators import record_action
from tactful.runtime.security.operator_accounts import AccountFile
from tactful.runtime.security.passwords import (
    SECRET_BYTES,
    enrolment_uri,
    new_recovery_codes,
    new_secret,
    password_problem,
    secret_text,
    step_of_code,
)

JOIN: Final = "/console/join"


def account_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the invitation, which needs no login, and of the own account."""
    accounts, hasher = access.accounts, access.credentials.hasher

    def join_page(
        account: AccountFile | None, code: str, problem: str = "", status: int = 200
    ) -> Response:
        return access.render_public(
            "join.html", status, path=JOIN, account=account, code=code, problem=problem
        )

    async def invited(request: Request) -> Response:
        code = request.query_params.get("code", "")
        account = accounts.invited(code)
        return join_page(account, code, status=200 if account else 404)

    async def join(request: Request) -> Response:
        try:
            pages.require_own_origin(request, access.public_url)
            form = await pages.read_form(request)
        except PageError as error:
            return access.error_page(error)
        code, password = form.get("code", ""), form.get("password", "")
        account = accounts.invited(code)
        if account is None:
            return join_page(None, code, status=404)
        problem = password_problem(password, account.name)
        if problem:
            return join_page(account, code, problem, 422)
        joined = accounts.join(code, await hasher.digest(password))
        if joined is None:  # another request has used the invitation meanwhile
            return join_page(None, code, status=404)
        await record_action(
            access.shop,
            "operator.joined",
            joined.name,
            joined.name,
            change({"state": "invited"}, {"state": "active", "role": joined.role}),
        )
        return access.redirect(LOGIN)

    return [
        Route(JOIN, invited, methods=["GET"]),
        Route(JOIN, join, methods=["POST"]),
        *_own_account_routes(access),
    ]


def _own_account_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    own = _OwnAccount(access)
    forms = {
        f"{ACCOUNT}/password": own.change_password,
        f"{ACCOUNT}/second-factor": own.add_factor,
        f"{ACCOUNT}/second-factor/remove": own.remove_factor,
        f"{ACCOUNT}/recovery-codes": own.renew_codes,
        f"{ACCOUNT}/logins/end": own.end_logins,
        f"{ACCOUNT}/language": own.choose_language,
    }
    return [
        Route(ACCOUNT, access.page_endpoint(own.page, "own_account"), methods=["GET"]),
        *[
            Route(path, access.form_endpoint(form, "own_account"), methods=["POST"])
            for path, form in forms.items()
        ],
    ]


class _OwnAccount:
    """The page of the operator's own account, and its forms."""

    def __init__(self, access: ConsoleAccess) -> None:
        self._access = access
        self._accounts = access.accounts

    def _own(self, page_request: ConsoleRequest) -> AccountFile:
        account = self._accounts.find(page_request.login.name)
        if account is None or not page_request.login.has_account:
            raise PageError(
                422, "You are logged in with the server key, which has no account. Invite yourself."
            )
        return account

    async def page(self, page_request: ConsoleRequest) -> Response:
        """Show the account."""
        return self._show(page_request)

    def _show(self, page_request: ConsoleRequest, codes: Sequence[str] = ()) -> Response:
        access, name = self._access, page_request.login.name
        account = self._own(page_request) if page_request.login.has_account else None
        secret = new_secret()
        more: dict[str, Any] = {
            "secret": secret_text(secret),
            "uri": enrolment_uri(secret, name, access.name),
            "codes": codes,
            "languages": LANGUAGES,
            "is_required": account is not None
            and account.role in access.credentials.factors.roles(),
        }
        return access.render(page_request, "account.html", account=account, **more)

    async def _require_password(self, page_request: ConsoleRequest) -> AccountFile:
        account = self._own(page_request)
        if not await self._access.credentials.check_password(
            page_request.http_request, page_request.form.get("current", ""), account
        ):
            raise PageError(403, "The current password is wrong. Nothing was changed.")
        return account

    async def change_password(self, page_request: ConsoleRequest) -> Response:
        """Set another password, which ends all logins."""
        account = await self._require_password(page_request)
        wanted = page_request.form.get("password", "")
        problem = password_problem(wanted, account.name)
        if problem:
            raise PageError(422, problem)
        self._accounts.set_password(
            account.name, await self._access.credentials.hasher.digest(wanted)
        )
        await self._record(page_request, "password changed", NO_CHANGE)
        return self._access.redirect(LOGIN)

    async def add_factor(self, page_request: ConsoleRequest) -> Response:
        """Add a second factor, and show its recovery codes once."""
        account = await self._require_password(page_request)
        try:
            secret = b32decode(page_request.form.get("secret", ""))
        except ValueError:
            secret = b""
        if len(secret) != SECRET_BYTES:
            raise PageError(422, "The form is out of date. Open your account again.")
        code = page_request.form.get("code", "")
        if step_of_code(secret, code, self._access.shop.clock.now()) is None:
            raise PageError(
                422, "The code is wrong. Add the secret to your authenticator, and type its code."
            )
        codes = new_recovery_codes()
        self._accounts.set_second_factor(account.name, secret)
        self._access.credentials.factors.set_recovery_codes(account.name, codes)
        await self._record(
            page_request, "second factor added", changed("second_factor", "no", "yes")
        )
        page_request.login.lacks_factor = False
        page_request.login.notice = "factor-added"
        return self._show(page_request, codes)

    async def renew_codes(self, page_request: ConsoleRequest) -> Response:
        """Replace the recovery codes, and show them once."""
        account = await self._require_password(page_request)
        if account.second_factor is None:
            raise PageError(422, "You have no second factor. Add one, and its codes are shown.")
        codes = new_recovery_codes()
        self._access.credentials.factors.set_recovery_codes(account.name, codes)
        await self._record(page_request, "recovery codes renewed", NO_CHANGE)
        return self._show(page_request, codes)

    async def remove_factor(self, page_request: ConsoleRequest) -> Response:
        """Remove the second factor, unless the role needs one."""
        account = await self._require_password(page_request)
        if account.role in self._access.credentials.factors.roles():
            problem = "Your role needs a second factor. Ask an owner to change that for the role."
            raise PageError(422, problem)
        self._accounts.set_second_factor(account.name, None)
        await self._record(
            page_request, "second factor removed", changed("second_factor", "yes", "no")
        )
        return redirect_back(page_request, ACCOUNT, "factor-removed")

    async def choose_language(self, page_request: ConsoleRequest) -> Response:
        """Show the pages in another language, or in that of the browser."""
        login, wanted = page_request.login, page_request.form.get("language", "")
        if wanted and wanted not in LANGUAGES:
            raise PageError(422, "The language is missing. Choose one of the list.")
        before, login.language = login.language, wanted
        if login.has_account:
            self._accounts.update(login.name, language=wanted)
        made = changed("language", before or NONE, wanted or NONE)
        await self._record(page_request, "language", made)
        return redirect_back(page_request, ACCOUNT, "language-changed")

    async def end_logins(self, page_request: ConsoleRequest) -> Response:
        """End all logins of the account."""
        self._accounts.end_logins(self._own(page_request).name)
        await self._record(page_request, "logins ended", NO_CHANGE)
        return self._access.redirect(LOGIN)

    async def _record(self, page_request: ConsoleRequest, detail: str, made: ActionChange) -> None:
        name = page_request.login.name
        await record_action(self._access.shop, "operator.changed", name, name, made, detail=detail)
