"""Endpoint with which an operator corrects the kind or the links of a support case."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.acting_operator import operator_of
from tactful.api.bodies import json_response, read_body
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.facts.fact_types import Case
from tactful.runtime import case_corrections
from tactful.runtime.case_corrections import (
    CaseCorrection,
    RefusedCorrectionError,
    UnknownCaseError,
)
from tactful.runtime.shop import Shop


def correction_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes; every correction names the operator who made it."""

    async def correct(request: Request) -> Response:
        name = request.path_params["id"]
        correction = await read_body(request, CaseCorrection)
        if correction.is_empty:
            problem = "The correction is empty. Name a `kind`, `skus` or an `order`."
            raise ProblemError(422, "case.empty", problem)
        try:
            before = await case_corrections.find_case(shop, name)
            after = await case_corrections.correct_case(
                shop, name, correction, operator_of(request)
            )
        except UnknownCaseError:
            problem = f"There is no case `{name[:40]}`. Check the id."
            raise ProblemError(404, "case.unknown", problem) from None
        except RefusedCorrectionError as error:
            raise ProblemError(422, "case.refused", str(error)) from None
        return json_response(_case_view(before, after))

    return (Route("/v1/cases/{id}/correct", key.guard(correct, "operate"), methods=["POST"]),)


def _case_view(before: Case, after: Case) -> dict[str, Any]:
    return {
        "case": after.case,
        "kind": after.kind,
        "kind_by": after.kind_by,
        "skus": list(after.skus),
        "order": after.order,
        "linked_by": after.linked_by,
        "mapping": case_corrections.mapping_line(before, after),
    }
