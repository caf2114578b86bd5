"""How does a good answer look over HTTP?"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON object that nobody may cache."""
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")
