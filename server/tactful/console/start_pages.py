"""The page Start here, which ticks itself off, and its forms for a rule and a hold-out."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.languages import message_of
from tactful.console.rendering import HEADERS, PageError
from tactful.console.start_steps import step_views
from tactful.core.values.phrases import phrase
from tactful.rulebook.authoring.first_rule import (
    HOLDOUT,
    TRIAL_SHARE,
    FirstRule,
    first_rule,
    holdout_file,
)
from tactful.rulebook.language.scalars import ID, ID_HELP
from tactful.runtime.new_rule_file import RefusedRuleFileError, add_rule_file
from tactful.runtime.services.first_steps import FirstSteps

PAGE: Final = "/console/start"
HOLDOUT_FILE: Final = "holdout.yaml"
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "percent": (1, 50),
    "margin": (0, 95),
    "stock": (1, 10_000),
    "dwell": (5, 600),
    "count": (1, 99_999),
}
"""Number in the form → its least and its largest value."""
PROPOSAL: Final = {
    "id": "first-offer",
    "percent": "10",
    "margin": "20",
    "stock": "5",
    "dwell": "30",
    "count": "100",
    "category": "",
}
"""What the form has at first."""
MAX_CATEGORY: Final = 128
MAX_STREAMS: Final = 32
"""Pages that are kept up to date at the same time; others show the steps as of when they were opened."""
LOOK_S: Final = 1.0
"""Seconds between two looks at the steps."""
STREAM_LOOKS: Final = 600
"""Looks of one stream; the browser then opens another one, which checks the login anew."""


def start_routes(
    access: ConsoleAccess,
    steps: FirstSteps,
    is_leaving: Callable[[], bool],
    *,
    look_s: float = LOOK_S,
) -> Sequence[BaseRoute]:
    """Return the routes of the page, of its stream of done steps, and of its forms.

    Args:
        access: Checks the requests.
        steps: Tells which steps are done.
        is_leaving: Whether the server is shutting down, so that streams end.
        look_s: Seconds between two looks at the steps.
    """
    shop = access.shop
    open_streams: set[int] = set()

    async def show(
        page_request: ConsoleRequest,
        *,
        status: int = 200,
        problem: str = "",
        text: str = "",
        values: Mapping[str, str] = PROPOSAL,
    ) -> Response:
        shown = step_views(await steps.done())
        return access.render(
            page_request,
            "start.html",
            status=status,
            scripted=True,
            steps=shown,
            count=sum(one.done for one in shown),
            tag=script_tag(page_request.http_request, access.public_url),
            problem=problem,
            text=text,
            values=values,
            limits=LIMITS,
            share=TRIAL_SHARE,
            holdout=HOLDOUT,
        )

    async def page(page_request: ConsoleRequest) -> Response:
        return await show(page_request)

    async def events(page_request: ConsoleRequest) -> Response:
        if len(open_streams) >= MAX_STREAMS:
            raise PageError(503, "Too many pages are kept up to date. Load the page again.")
        request = page_request.http_request
        headers = {**HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(changes(request), 200, headers, media_type="text/event-stream")

    async def changes(request: Request) -> AsyncIterator[bytes]:
        """Yield the done steps, now and whenever they change, while the login lasts."""
        mark = id(request)
        open_streams.add(mark)
        try:
            yield b"retry: 2000\n\n"
            last: frozenset[str] | None = None
            for _ in range(STREAM_LOOKS):
                if is_leaving() or not access.may_still(request, "see"):
                    return
                done = await steps.done()
                if done != last:
                    last = done
                    yield b"data: %s\n\n" % msgspec.json.encode(sorted(done))
                await asyncio.sleep(look_s)
        finally:
            open_streams.discard(mark)

    async def make_rule(page_request: ConsoleRequest) -> Response:
        values = {name: page_request.form.get(name, "").strip() for name in PROPOSAL}
        try:
            wanted = read_rule(values)
        except ValueError as error:
            return await show(page_request, status=422, problem=message_of(error), values=values)
        note = f"Made by {page_request.login.name} on the page Start here."
        language = shop.state.active_rulebook.current.policy.language
        text = first_rule(wanted, note=note, language=language)
        return await add(page_request, f"{wanted.id}.yaml", text, "rule-made", values)

    async def hold_out(page_request: ConsoleRequest) -> Response:
        return await add(page_request, HOLDOUT_FILE, holdout_file(), "holdout-made", PROPOSAL)

    async def add(
        page_request: ConsoleRequest, name: str, text: str, notice: str, values: Mapping[str, str]
    ) -> Response:
        try:
            await add_rule_file(shop, name, text, page_request.login.name)
        except RefusedRuleFileError as error:
            return await show(
                page_request, status=422, problem=message_of(error), text=text, values=values
            )
        page_request.login.notice = notice
        return RedirectResponse(PAGE, 303, HEADERS)

    return [
        Route(PAGE, access.page_endpoint(page, "see"), methods=["GET"]),
        Route(f"{PAGE}/events", access.page_endpoint(events, "see", is_use=False), methods=["GET"]),
        Route(f"{PAGE}/rule", access.form_endpoint(make_rule, "rules"), methods=["POST"]),
        Route(f"{PAGE}/holdout", access.form_endpoint(hold_out, "rules"), methods=["POST"]),
    ]


def read_rule(values: Mapping[str, str]) -> FirstRule:
    """Return the rule that a form asks for.

    Raises:
        ValueError: A field is missing or not usable; the message says which, and what to enter.
    """
    if not ID.fullmatch(values["id"]):
        raise ValueError(phrase("The id is not usable: {help}.", help=phrase(ID_HELP)))
    category = values["category"]
    if len(category) > MAX_CATEGORY or not category.isprintable():
        raise ValueError("The category is too long, or has signs that cannot be printed.")
    numbers: dict[str, Any] = {}
    for name, (least, most) in LIMITS.items():
        text = values[name]
        if not re.fullmatch(r"[0-9]{1,5}", text) or not least <= int(text) <= most:
            raise ValueError(
                phrase(
                    "The number for {name} is not usable. Enter {least} to {most}.",
                    name=phrase(name),
                    least=least,
                    most=most,
                )
            )
        numbers[name] = int(text)
    return FirstRule(id=values["id"], category=category, **numbers)


def script_tag(request: Request, public_url: str | None) -> str:
    """Return the tag for the pages of the shop."""
    url = (public_url or str(request.base_url)).rstrip("/")
    return f'<script async src="{url}/widget/v1.js"></script>'
