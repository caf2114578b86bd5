"""The page on which an owner invites operators, changes their roles, and suspends them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console.access import ConsoleAccess, ConsoleRequest, PageHandler
from tactful.console.account_pages import JOIN
from tactful.console.actions import redirect_back
from tactful.console.languages import message_of
from tactful.console.password_prompt import confirmed
from tactful.console.rendering import PageError
from tactful.runtime.audit_changes import (
    NO_CHANGE,
    NONE,
    ActionChange,
    change,
    changed,
    listed,
)
from tactful.runtime.operators import is_reserved, record_action
from tactful.runtime.ports.operator_actions import ActionKind
from tactful.runtime.security.operator_accounts import ROLES, Role, UnusableAccountError

PAGE: Final = "/console/operators"


def operator_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the page and of its forms."""
    accounts = access.accounts

    def show(page_request: ConsoleRequest, *, link: str = "", invited: str = "") -> Response:
        return access.render(
            page_request,
            "operators.html",
            accounts=accounts.all(),
            roles=ROLES,
            link=link,
            invited=invited,
            has_owner=accounts.has_owner(),
            factor_roles=access.credentials.factors.roles(),
        )

    async def page(page_request: ConsoleRequest) -> Response:
        return show(page_request)

    async def invite(page_request: ConsoleRequest) -> Response:
        name, role = page_request.form.get("name", "").strip(), _role(page_request)
        if is_reserved(name):
            raise PageError(422, "This name belongs to the server. Choose another name.")
        with _refusals():
            code = accounts.invite(name, role)
        await _record(
            page_request, "operator.invited", name, change({}, {"role": role, "state": "invited"})
        )
        return show(page_request, link=_link(page_request, code), invited=name)

    async def invite_again(page_request: ConsoleRequest) -> Response:
        name = page_request.form.get("name", "")
        with _refusals():
            code = accounts.invite_again(name)
        await _record(page_request, "operator.invited", name, NO_CHANGE, "invited again")
        return show(page_request, link=_link(page_request, code), invited=name)

    async def role(page_request: ConsoleRequest) -> Response:
        name, wanted = page_request.form.get("name", ""), _role(page_request)
        with _refusals():
            before = accounts.set_role(name, wanted)
        await _record(
            page_request, "operator.changed", before.name, changed("role", before.role, wanted)
        )
        return redirect_back(page_request, PAGE, "operator-changed")

    async def require_factor(page_request: ConsoleRequest) -> Response:
        before = access.credentials.factors.roles()
        wanted = tuple(role for role in ROLES if page_request.form.get(role) == "yes")
        access.credentials.factors.require(wanted)
        made = changed("required_of", listed(before), listed(wanted))
        await _record(page_request, "operator.changed", "second factor required", made)
        return redirect_back(page_request, PAGE, "factor-required")

    def switch(*, suspended: bool) -> PageHandler:
        async def act(page_request: ConsoleRequest) -> Response:
            name = page_request.form.get("name", "")
            with _refusals():
                before = accounts.suspend(name, suspended=suspended)
            after = accounts.find(name)
            made = changed("state", before.state, after.state if after else NONE)
            await _record(page_request, "operator.changed", before.name, made)
            return redirect_back(page_request, PAGE, "operator-changed")

        return act

    async def _record(
        page_request: ConsoleRequest,
        act: ActionKind,
        subject: str,
        made: ActionChange,
        detail: str = "",
    ) -> None:
        await record_action(access.shop, act, page_request.login.name, subject, made, detail=detail)

    def _link(page_request: ConsoleRequest, code: str) -> str:
        request = page_request.http_request
        base = access.public_url or f"{request.url.scheme}://{request.url.netloc}"
        return f"{base.rstrip('/')}{request.scope.get('root_path', '')}{JOIN}?code={code}"

    forms = {
        PAGE: invite,
        f"{PAGE}/invite-again": invite_again,
        f"{PAGE}/role": role,
        f"{PAGE}/second-factor": require_factor,
        f"{PAGE}/suspend": switch(suspended=True),
        f"{PAGE}/resume": switch(suspended=False),
    }
    return [
        Route(PAGE, access.page_endpoint(page, "operators"), methods=["GET"]),
        *[
            Route(
                path, access.form_endpoint(confirmed(access, form), "operators"), methods=["POST"]
            )
            for path, form in forms.items()
        ],
    ]


def _role(page_request: ConsoleRequest) -> Role:
    role = page_request.form.get("role", "")
    if role not in ROLES:
        raise PageError(422, "The role is missing. Choose what the operator may do.")
    return role


@contextmanager
def _refusals() -> Iterator[None]:
    """Show a page that says why an account cannot be changed."""
    try:
        yield
    except UnusableAccountError as error:
        raise PageError(422, message_of(error)) from None
