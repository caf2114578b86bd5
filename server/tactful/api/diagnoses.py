"""The endpoint that tells `doctor` why the item of a page has no offer."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response, read_body
from tactful.api.problems import ProblemError, problem
from tactful.api.representations import money
from tactful.api.server_key import ServerKey
from tactful.core.values.money import Money
from tactful.runtime.security.doctor_pass import pass_origin
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.services.item_diagnosis import ItemDiagnosis, PageReport
from tactful.runtime.shop import Shop

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LARGEST: Final = 16_384
"""Bytes of a question."""


class DoctorQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a question."""

    token: Annotated[str, Meta(max_length=1_024)] = field(name="pass", default="")
    """A doctor pass; empty with the server key, and for a page of this machine in test mode."""
    sku: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    url: Annotated[str, Meta(max_length=2_048)] | None = None
    session: Annotated[str, Meta(max_length=64)] | None = None
    territory: Annotated[str, Meta(max_length=6)] | None = None
    price: Money | None = None


def diagnosis_routes(
    shop: Shop, key: ServerKey, keys: SigningKeys, origins: Sequence[str], *, test_mode: bool
) -> Sequence[BaseRoute]:
    """Return the route.

    A page asks with `text/plain`, so that browsers send no preflight, and with a pass: the server key
    never comes near a browser.

    Args:
        shop: The shop.
        key: The server key, which the command line sends.
        keys: Verify passes.
        origins: Origins of the shop's pages.
        test_mode: Whether a page of this machine needs no pass.
    """

    async def ask(request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is None:
            key.check(request, "why:read")
        elif origin not in origins:
            raise ProblemError(
                403,
                "origin.refused",
                f"{origin} is not on the shop's list. Add it to the setting origins.",
            )
        try:
            question = await read_body(request, DoctorQuestion, _LARGEST)
            if origin is not None:
                check_pass(question.token, origin, request)
            page = PageReport(
                question.sku, question.url, question.session, question.territory, question.price
            )
            answer = json_response(diagnosis(await shop.diagnoses.diagnose(page)))
        except ProblemError as error:  # the page can read it only with the header below
            if origin is None:
                raise
            answer = problem(error.status, error.code, error.detail)
        if origin is not None:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Vary"] = "Origin"
        return answer

    def check_pass(token: str, origin: str, request: Request) -> None:
        here = {urlsplit(origin).hostname, request.client.host if request.client else None}
        if test_mode and here <= _LOOPBACK:
            return
        if pass_origin(keys, token, shop.clock.now()) != origin:
            raise ProblemError(
                401,
                "doctor.pass",
                f"The page needs a doctor pass for {origin}. Open it with the link that "
                "`tactful snippet --doctor` prints; the link is valid for 30 minutes.",
            )

    return (Route("/v1/doctor", ask, methods=["POST"]),)


def diagnosis(found: ItemDiagnosis) -> dict[str, Any]:
    """Return the body of a response. A cost is confidential: it only says whether there is one."""
    return {
        "sku": found.sku,
        "territory": found.territory,
        "known": found.known,
        "price": money(found.price.amount, found.price.currency) if found.price else None,
        "cost": found.has_cost,
        "available": found.available,
        "rulebook": found.rulebook,
        "rules": [
            {
                "rule": one.rule,
                "outcome": one.outcome,
                "reasons": [gate.reason.value for gate in one.findings],
            }
            for one in found.verdicts
        ],
        "advice": list(found.advice),
    }
