"""The cases of `tests/vectors`, which Python and JavaScript both keep."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "vectors"


def vectors(name: str) -> dict[str, Any]:
    """One file of cases."""
    document: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return document
