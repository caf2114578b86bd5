"""Shapes of the responses about connectors, for the OpenAPI document."""

from tactful.api.explanation_shapes import Shape


class DeliveryProblemShown(Shape, frozen=True, kw_only=True):
    """A delivery that could not be mapped."""

    delivery: str
    topic: str
    at: str
    problem: str


class DeliveriesRetried(Shape, frozen=True, kw_only=True):
    """How many deliveries are mapped again."""

    deliveries: int


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
    fetch_problem: str | None


class Connectors(Shape, frozen=True, kw_only=True):
    """The connectors, by name."""

    connectors: list[ConnectorShown]
