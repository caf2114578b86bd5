"""The endpoints through which a shop's systems report facts, and have people forgotten."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.bodies import LARGEST, json_response, read_bytes, split_facts
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.runtime.shop import Shop

MAX_REPORTS: Final = 1_000
"""Reports that are under way at once: a second's worth, beyond which a queue helps nobody."""
MAX_REPORT_BYTES: Final = 4 * LARGEST
"""Bytes of them; with what is made of them they stay within some hundred MiB."""


class ReportQueue:
    """How much is being taken in; a burst beyond that is asked to come again."""

    def __init__(self) -> None:
        self._reports = 0
        self._bytes = 0

    @contextmanager
    def admit(self, request: Request) -> Iterator[None]:
        """Count a report in for as long as it is under way; 429 if there is no place for it."""
        stated = request.headers.get("content-length", "")
        size = min(int(stated), LARGEST) if stated.isdigit() else LARGEST
        if self._reports >= MAX_REPORTS or (
            self._reports and self._bytes + size > MAX_REPORT_BYTES
        ):
            raise ProblemError(
                429,
                "facts.busy",
                "More is reported than can be written: send this report again in a moment.",
            )
        self._reports += 1
        self._bytes += size
        try:
            yield
        finally:
            self._reports -= 1
            self._bytes -= size


def facts_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """`POST /v1/facts`, and a customer's export and erasure."""
    intake = ReportQueue()

    async def take(request: Request) -> Response:
        with intake.admit(request):
            body = await read_bytes(request)
            raw = split_facts(body, request.headers.get("content-type", ""))
            report = await shop.ingest.ingest(raw)
        return json_response(msgspec.to_builtins(report))

    async def export(request: Request) -> Response:
        customer = request.path_params["id"]
        found = await shop.ledger.export_customer(customer)
        if not any(kept for part, kept in found.items() if part != "customer"):
            raise ProblemError(404, "customer.unknown", "Nothing is kept about that customer.")
        return json_response(views.export(found))

    async def erase(request: Request) -> Response:
        await shop.forget(request.path_params["id"])
        return Response(status_code=204)

    return (
        Route("/v1/facts", key.guard(take), methods=["POST"]),
        Route("/v1/customers/{id:path}/export", key.guard(export), methods=["GET"]),
        Route("/v1/customers/{id:path}", key.guard(erase), methods=["DELETE"]),
    )
