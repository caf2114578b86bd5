"""Comparison of events with their schemas in the OpenAPI document."""

from typing import Any

from support.documented_answers import document
from support.json_schemas import errors


def event_problems(event: dict[str, Any]) -> list[str]:
    """Return what is wrong with an event as it was sent, by the schema of its type."""
    found = document()["webhooks"].get(event.get("type"))
    if found is None:
        return [f"{event.get('type')}: unknown type"]
    shape = found["post"]["requestBody"]["content"]["application/json"]["schema"]
    root = {"definitions": document()["components"]["schemas"]}
    return list(errors(event, shape, root))
