"""The shapes of explanations; `test_response_shapes.py` decodes real responses by them."""

import msgspec
import pytest

from tactful.api.explanation_shapes import GateShown

GATE = {"reason": "stock.out", "actual": 0, "needed": 1, "change": "stock arrives"}


def test_an_age_is_absent_where_nothing_was_reported() -> None:
    found = msgspec.convert(GATE, GateShown)
    assert msgspec.to_builtins(found) == GATE
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(GATE | {"age": None}, GateShown)
