"""The form with which an operator corrects the kind or the links of a support case."""

from collections.abc import Mapping
from typing import Final, get_args

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.actions import redirect_back
from tactful.console.mounting import HOME
from tactful.console.rendering import PageError
from tactful.core.facts.fact_types import Case
from tactful.core.facts.fact_values import CaseKind
from tactful.core.values.phrases import phrase
from tactful.runtime import case_corrections
from tactful.runtime.case_corrections import (
    CaseCorrection,
    RefusedCorrectionError,
    UnknownCaseError,
)

CASE_KINDS: Final = get_args(CaseKind)
"""What a case can be about, as the form offers it."""
KIND_STEPS: Final = {
    "field": phrase("found by a field"),
    "tag": phrase("found by a tag"),
    "queue": phrase("found by the queue"),
    "words": phrase("found by words of the text"),
    "none": phrase("nothing said it"),
    "agent": phrase("stated by an operator"),
}
"""Step that found the kind of a case → how the console says it."""
LINK_STEPS: Final = {
    "sku_field": phrase("found by a field with the item"),
    "sku_tag": phrase("found by a tag with the item"),
    "order_field": phrase("found by a field with the order"),
    "order_text": phrase("found by the order number in the text"),
    "customer": phrase("known by the customer only"),
    "contact": phrase("known by the contact only"),
    "agent": phrase("stated by an operator"),
}
"""Step that found what a case is about → how the console says it."""


def correction_route(access: ConsoleAccess) -> Route:
    """Return the route of the form."""

    async def correct(page_request: ConsoleRequest) -> Response:
        case = page_request.http_request.path_params["id"]
        try:
            before = await case_corrections.find_case(access.shop, case)
            correction = read_correction(page_request.form, before)
            after = await case_corrections.correct_case(
                access.shop, case, correction, page_request.login.name
            )
            lines = case_corrections.mapping_line(before, after) or ""
            page_request.login.lines = case, lines
        except UnknownCaseError:
            raise PageError(404, "There is no case with this id. Check the id.") from None
        except RefusedCorrectionError as error:
            raise PageError(
                422, phrase("The correction was refused: {why}", why=str(error))
            ) from None
        return redirect_back(page_request, HOME, "corrected")

    return Route(
        "/console/cases/{id:path}/correct", access.form_endpoint(correct, "cases"), methods=["POST"]
    )


def read_correction(form: Mapping[str, str], before: Case) -> CaseCorrection:
    """Return what a form states. What was left as it was is not stated.

    Raises:
        PageError: The kind is none, or an id is too long.
    """
    kind = form.get("kind", "")
    if kind not in CASE_KINDS:
        raise PageError(422, "The kind is missing. Choose what the case is about.")
    stated: dict[str, object] = {}
    skus = form.get("skus", ", ".join(before.skus)).replace(",", " ").split()
    if set(skus) != set(before.skus):
        stated["skus"] = list(dict.fromkeys(skus))
    order = form.get("order", before.order or "").strip() or None
    if order != before.order:
        stated["order"] = order
    if kind != before.kind or not stated:
        # A form that changes nothing confirms the kind; one that only links says nothing about it.
        stated["kind"] = kind
    try:
        return msgspec.convert(stated, CaseCorrection)
    except msgspec.ValidationError:
        problem = "An item or the order is too long. Write the SKUs and the id of the order."
        raise PageError(422, problem) from None
