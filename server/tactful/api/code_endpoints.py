"""Endpoints for the pools of single-use discount codes."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.acting_operator import operator_of
from tactful.api.bodies import json_response, read_body
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.offers.discount_codes import POOL_PATTERN, FreeCode, code_problem
from tactful.core.values.calendar import to_ms
from tactful.runtime.audit_changes import changed
from tactful.runtime.operators import record_action
from tactful.runtime.services.code_service import Pool
from tactful.runtime.shop import Shop

MOST_CODES: Final = 10_000
"""Codes of one request."""
_LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the body of one request."""


class GivenCode(Struct, frozen=True, forbid_unknown_fields=True):
    """A code with its end."""

    code: str
    ends_at: Annotated[datetime, Meta(tz=True)] | None = None
    """When the platform stops taking it; null: never."""


class CodesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/codes/{pool}`."""

    codes: Annotated[list[str | GivenCode], Meta(max_length=MOST_CODES)]
    """Each a text, or an object with its end."""
    dry_run: bool = False
    """Whether to change nothing, and only answer what would be done."""


def code_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes; every change is recorded with the operator who made it."""

    async def pools(request: Request) -> Response:  # noqa: ARG001
        return json_response({"pools": [_pool(one) for one in await shop.codes.pools()]})

    async def add(request: Request) -> Response:
        pool = request.path_params["pool"]
        if not re.fullmatch(POOL_PATTERN, pool):
            problem = (
                f"`{pool[:40]}` cannot be the name of a pool. Write letters, digits, `-`, `_` and `.`,"
                " beginning with a letter or digit, at most 64."
            )
            raise ProblemError(422, "codes.pool", problem)
        operator = operator_of(request)
        body = await read_body(request, CodesBody, _LARGEST)
        codes, rejected = _accepted(body.codes, shop.clock.now())
        done = await shop.codes.add(pool, codes, dry_run=body.dry_run)
        if done.added and not body.dry_run:
            free = shop.state.codes.count(pool)
            await record_action(
                shop,
                "codes.imported",
                operator,
                pool,
                changed("free_codes", free - done.added, free),
                detail=f"{done.added}",
            )
        return json_response(
            {
                "pool": pool,
                "added": done.added,
                "known": list(done.known),
                "rejected": rejected,
                "free": shop.state.codes.count(pool),
            }
        )

    async def withdraw(request: Request) -> Response:
        pool, operator = request.path_params["pool"], operator_of(request)
        if all(one.counts.pool != pool for one in await shop.codes.pools()):
            problem = f"There is no pool `{pool[:40]}`. `GET /v1/codes` lists them."
            raise ProblemError(404, "codes.unknown", problem)
        before = shop.state.codes.count(pool)
        withdrawn = await shop.codes.withdraw(pool)
        await record_action(
            shop,
            "codes.withdrawn",
            operator,
            pool,
            changed("free_codes", before, shop.state.codes.count(pool)),
            detail=f"{withdrawn}",
        )
        return json_response({"pool": pool, "withdrawn": withdrawn})

    return (
        Route("/v1/codes", key.guard(pools, "operate"), methods=["GET"]),
        Route("/v1/codes/{pool}", key.guard(add, "operate"), methods=["POST"]),
        Route("/v1/codes/{pool}", key.guard(withdraw, "operate"), methods=["DELETE"]),
    )


def _accepted(
    given: Sequence[str | GivenCode], now: int
) -> tuple[list[FreeCode], list[dict[str, Any]]]:
    """Return the codes that can be added, and why the others cannot.

    Args:
        given: The codes of a request.
        now: Milliseconds since the Unix epoch, UTC.
    """
    codes: list[FreeCode] = []
    rejected: list[dict[str, Any]] = []
    for index, one in enumerate(given):
        text = (one if isinstance(one, str) else one.code).strip()
        ends_at = None if isinstance(one, str) or one.ends_at is None else to_ms(one.ends_at)
        problem = code_problem(text)
        if problem is not None:
            rejected.append({"index": index, "code": "code.malformed", "message": problem})
        elif ends_at is not None and ends_at <= now:
            message = "The code has ended already."
            rejected.append({"index": index, "code": "code.ended", "message": message})
        else:
            codes.append(FreeCode(text, ends_at))
    return codes, rejected


def _pool(one: Pool) -> dict[str, Any]:
    return {**structs.asdict(one.counts), "rules": list(one.rules)}
