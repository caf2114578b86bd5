"""Shapes of the responses about connectors, for the OpenAPI document."""

from typing import Literal

from tactful.api.explanation_shapes import Shape
from tactful.runtime.services.event_types import AnyEvent


class DeliveryProblemShown(Shape, frozen=True, kw_only=True):
    """A delivery that could not be mapped."""

    delivery: str
    topic: str
    at: str
    problem: str


class DeliveriesRetried(Shape, frozen=True, kw_only=True):
    """How many deliveries are mapped again."""

    deliveries: int


class ListShown(Shape, frozen=True, kw_only=True):
    """How far one list of another system is read."""

    name: str
    whole_at: str | None
    changed_at: str | None
    rows: int
    reading: int | None
    total: int | None
    next_at: str | None


class ReadingAsked(Shape, frozen=True, kw_only=True):
    """That the lists of a connector are read soon."""

    connector: str


class ConnectorShown(Shape, frozen=True, kw_only=True):
    """How one connector is; counts begin at the start of the server."""

    name: str
    kind: str
    receipts: dict[str, int]
    mapped: int
    waiting: int
    failed: int
    last_arrival: str | None
    lag_ms: int | None
    left_out: dict[str, int]
    problems: list[DeliveryProblemShown]
    drift: dict[str, int]
    missing: int | None
    activated: int
    lists: list[ListShown]
    fetch_problem: str | None


class Events(Shape, frozen=True, kw_only=True):
    """Some events, and the cursor of the next ones."""

    events: list[AnyEvent]
    next: str


class Connectors(Shape, frozen=True, kw_only=True):
    """The connectors, by name."""

    connectors: list[ConnectorShown]


class DeliveryTaken(Shape, frozen=True, kw_only=True):
    """What became of a delivery."""

    delivery: Literal["stored", "known", "ping"]
