"""The responses that are no JSON with status 200, and no problem documents."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.api.connector_shapes import DeliveryTaken, ReadingAsked
from tactful.api.response_shapes import HealthShown, Readiness


class OtherResponse(Struct, frozen=True):
    """A response beside the usual one, or of another kind than JSON."""

    status: int
    media_type: str
    """Empty: the response has no body."""
    meaning: str = "Done"
    shape: type[Struct] | None = None
    """The shape of a JSON body."""
    kind: str = "string"
    """The JSON type of any other body."""


_TAKEN: Final = (
    OtherResponse(200, "application/json", "Known before, or only a test", DeliveryTaken),
    OtherResponse(202, "application/json", "Stored; it is mapped in a moment", DeliveryTaken),
)
OTHER_RESPONSES: Final[Mapping[tuple[str, str], tuple[OtherResponse, ...]]] = {
    ("GET", "/healthz"): (OtherResponse(503, "application/json", "Failing", HealthShown),),
    ("GET", "/readyz"): (OtherResponse(503, "application/json", "Failing", Readiness),),
    ("GET", "/metrics"): (OtherResponse(200, "text/plain"),),
    ("GET", "/openapi.json"): (OtherResponse(200, "application/json", kind="object"),),
    ("GET", "/asyncapi.json"): (OtherResponse(200, "application/json", kind="object"),),
    ("GET", "/v1/report"): (OtherResponse(200, "text/csv"),),
    ("GET", "/v1/experiments/{id}/report"): (OtherResponse(200, "text/csv"),),
    ("GET", "/widget/{name}"): (
        OtherResponse(200, "text/javascript"),
        OtherResponse(200, "application/json", kind="object"),
        OtherResponse(304, "", "Unchanged"),
    ),
    ("POST", "/v1/in/{connector}"): _TAKEN,
    ("POST", "/v1/in/{connector}/{secret}"): _TAKEN,
    ("POST", "/v1/connectors/{connector}/reconcile"): (
        OtherResponse(202, "application/json", "The lists are read soon", ReadingAsked),
    ),
    ("GET", "/v1/session"): (OtherResponse(101, "", "The WebSocket is open"),),
    ("GET", "/v1/session/stream"): (OtherResponse(200, "text/event-stream"),),
    ("POST", "/v1/session/stream/{stream}"): (OtherResponse(204, ""),),
}
"""(method, path) → its responses that `RESPONSES` does not have."""
