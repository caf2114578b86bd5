"""Examples of the API's objects, generated from their types."""

from typing import Any

import msgspec
import pytest

from tactful.api.connector_shapes import DeliveryTaken
from tactful.api.openapi import REQUESTS
from tactful.api.openapi_examples import CHOSEN, example_of
from tactful.api.response_shapes import RESPONSES, SECOND_RESPONSES, ProblemDocument

SHAPES = list(
    dict.fromkeys(
        [
            *REQUESTS.values(),
            *filter(None, RESPONSES.values()),
            *SECOND_RESPONSES.values(),
            DeliveryTaken,
            ProblemDocument,
        ]
    )
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_an_example_has_the_shape_that_it_shows(shape: Any) -> None:
    msgspec.json.decode(msgspec.json.encode(example_of(shape)), type=shape, strict=True)


def test_every_chosen_example_is_that_of_a_shape() -> None:
    assert set(CHOSEN) <= {shape.__name__ for shape in SHAPES} | {"Money"}


def test_a_field_that_is_an_instant_shows_one() -> None:
    class Seen(msgspec.Struct):
        seen_at: str

    assert example_of(Seen) == {"seen_at": "2026-03-10T12:00:00Z"}
