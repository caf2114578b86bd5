"""Endpoints for reports of facts, and for the export and erasure of a customer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tactful.api.acting_operator import operator_of
from tactful.api.bodies import LARGEST, json_response
from tactful.api.exports import export_text
from tactful.api.fact_bodies import read_facts
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.facts.shopper_contacts import is_contact_hash
from tactful.runtime import operators
from tactful.runtime.services.item_catalogue import CATALOGUE_KINDS, read_page
from tactful.runtime.shop import Shop

MAX_REPORTS: Final = 1_000
"""Maximum reports in progress: about one second of reports. A longer queue helps no client."""
MAX_REPORT_BYTES: Final = 4 * LARGEST
"""Maximum bytes of reports in progress. Their decoded facts take a few hundred MiB in all."""


class ReportQueue:
    """Limits the reports in progress. Clients send a rejected report again."""

    def __init__(self) -> None:
        self._reports = 0
        self._bytes = 0

    def use(self) -> dict[str, tuple[int, int]]:
        """Return limit → (amount in use, limit)."""
        return {
            "reports": (self._reports, MAX_REPORTS),
            "report_bytes": (self._bytes, MAX_REPORT_BYTES),
        }

    @contextmanager
    def admit(self, request: Request) -> Iterator[None]:
        """Return a context manager that counts a report while it is in progress.

        Raises:
            ProblemError: 429 `facts.busy` if too many reports are in progress. One report alone is
                always admitted.
        """
        stated = request.headers.get("content-length", "")
        size = min(int(stated), LARGEST) if stated.isdigit() else LARGEST
        if self._reports >= MAX_REPORTS or (
            self._reports and self._bytes + size > MAX_REPORT_BYTES
        ):
            raise ProblemError(
                429,
                "facts.busy",
                "Too many reports are in progress. Send this report again in a moment.",
            )
        self._reports += 1
        self._bytes += size
        try:
            yield
        finally:
            self._reports -= 1
            self._bytes -= size


def facts_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes of `/v1/facts`, and of the export and erasure of customers and contacts."""
    queue = ReportQueue()
    shop.state.telemetry.add_limits(queue.use)

    async def report(request: Request) -> Response:
        with queue.admit(request):
            raw = await read_facts(request, shop.ledger.wait_for_promises)
            result = await shop.ingest.ingest(raw)
        return json_response(msgspec.to_builtins(result))

    async def listing(request: Request) -> Response:
        query = request.query_params
        if query.get("of") not in CATALOGUE_KINDS:
            kinds = ", ".join(CATALOGUE_KINDS)
            raise ProblemError(400, "query.missing", f"Give `of` in the query: {kinds}.")
        page = await read_page(shop.ledger, query["of"], query.get("after", ""))
        body = msgspec.json.encode({"facts": page.facts, "next": page.next})
        return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")

    async def export(request: Request) -> Response:
        customer = request.path_params["id"]
        rows = shop.ledger.export_customer(customer)
        # The first row is read before the response begins, which then cannot become an error.
        first = await anext(rows, None)
        if first is None:
            raise ProblemError(404, "customer.unknown", "Nothing is kept about that customer.")
        return StreamingResponse(export_text(customer, first, rows), media_type="application/json")

    async def erase(request: Request) -> Response:
        await operators.forget_customer(shop, request.path_params["id"], operator_of(request))
        return Response(status_code=204)

    async def count_contact(request: Request) -> Response:
        found = await shop.count_contact_facts(_contact_hash(request))
        return json_response({"facts": found.unnamed, "named": found.named})

    async def erase_contact(request: Request) -> Response:
        await operators.forget_contact(shop, _contact_hash(request), operator_of(request))
        return Response(status_code=204)

    return (
        Route("/v1/facts", key.guard(report, "facts:write"), methods=["POST"]),
        Route("/v1/facts", key.guard(listing, "decisions:read"), methods=["GET"]),
        Route("/v1/customers/{id:path}/export", key.guard(export, "people:erase"), methods=["GET"]),
        Route("/v1/customers/{id:path}", key.guard(erase, "people:erase"), methods=["DELETE"]),
        Route("/v1/contacts/{hash}", key.guard(count_contact, "people:erase"), methods=["GET"]),
        Route("/v1/contacts/{hash}", key.guard(erase_contact, "people:erase"), methods=["DELETE"]),
    )


def _contact_hash(request: Request) -> str:
    """Return the hash in the request's path.

    Raises:
        ProblemError: 400 `contact.hash`: it is no SHA-256.
    """
    value_hash: str = request.path_params["hash"]
    if not is_contact_hash(value_hash):
        raise ProblemError(
            400,
            "contact.hash",
            "This is no SHA-256. Write 64 lower-case hexadecimal digits, those of the e-mail"
            " address or telephone number in its normal form.",
        )
    return value_hash
