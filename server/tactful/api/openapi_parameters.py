"""The parameters of the HTTP API's requests, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from tactful.core.offers.discount_codes import POOL_PATTERN

_DURATION: Final = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$", "examples": ["14d"]}
_INSTANT: Final = {"type": "string", "format": "date-time", "examples": ["2026-03-10T12:00:00Z"]}
_TERRITORY: Final = {"type": "string", "examples": ["DE"]}


def _text(example: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "examples": [example]}


SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "act": _text("rule.paused"),
    "accept_missing": {"enum": ["true", "false"]},
    "after": _text("412"),
    "at": _INSTANT,
    "channel": _text("app"),
    "connector": _text("desk"),
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]},
    "customer": _text("mia"),
    "dwell": _DURATION,
    "format": {"enum": ["json", "csv"]},
    "group": _text("club"),
    "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "last": _DURATION,
    "limit": {"type": "integer", "minimum": 1, "maximum": 500},
    "name": {"type": "string", "examples": ["v1.js"]},
    "of": {"enum": ["product", "price", "cost", "stock"]},
    "offer": _text("of_8fkq2mz5w1x7r3t9"),
    "order": _text("1001"),
    "pool": {"type": "string", "pattern": f"^{POOL_PATTERN}$", "examples": ["spring-15"]},
    "recompute": {"enum": ["true", "false"]},
    "rule": _text("hesitating-over-shoes"),
    "session": _text("se_8fkq2mz5w1x7r3t9"),
    "since": _INSTANT,
    "sku": _text("RUN-42"),
    "subject": _text("hesitating-over-shoes"),
    "territory": _TERRITORY,
    "until": _INSTANT,
    "who": _text("Mia Sommer"),
    "window": _DURATION,
}
"""Name of a parameter → its JSON Schema. Values that no schema describes exactly get a 4xx answer."""
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "/v1/redemptions": ("held", "redeemed", "cancelled"),
    "/v1/alerts": ("unresolved", "resolved"),
}
"""Path → the values of its parameter `state`."""
OPERATOR: Final[Mapping[str, Any]] = {
    "name": "Tactful-Operator",
    "in": "header",
    "required": False,
    "description": "The operator's name for the audit log, in UTF-8. Without it, `server key` is recorded.",
    "schema": {"type": "string", "examples": ["Mia Sommer"]},
}


_SIGNED: Final = "Part of the signature of Standard Webhooks."
WEBHOOK_HEADERS: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": {"type": "string", "examples": [example]},
    }
    for name, description, example in (
        ("webhook-id", "The `id` of the event, the same in every attempt.", "ev_812"),
        ("webhook-timestamp", "When it is sent, seconds since the Unix epoch.", "1773144031"),
        ("webhook-signature", _SIGNED, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    )
)
"""The headers of an event that is sent as a webhook."""


def parameter(path: str, name: str, place: str, *, required: bool) -> dict[str, Any]:
    """Return a parameter of a path or of its query.

    Args:
        path: The path as the document writes it.
        name: The name of the parameter.
        place: `path` or `query`.
        required: Whether a request needs it.
    """
    schema = dict(SCHEMAS.get(name, {"type": "string", "minLength": 1}))
    if name == "state" and path in STATES:
        schema = {"enum": list(STATES[path])}
    return {"name": name, "in": place, "required": required, "schema": schema}
