"""The parts of `tactful_bridge`, joined around a model of the server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from support.redemption_model import ModelServer
from tactful_bridge.checkout import Checkout, HoldLine, HoldRequest
from tactful_bridge.client import TactfulClient
from tactful_bridge.delivery import Delivery
from tactful_bridge.memory_store import MemoryStore
from tactful_bridge.sweep import OrderState, Sweep


@dataclass
class Orders:
    """A platform's orders, as a test sets them."""

    states: dict[str, OrderState] = field(default_factory=dict)
    without_offers: set[str] = field(default_factory=set)

    def state_of(self, order: str) -> OrderState:
        return self.states.get(order, OrderState.UNKNOWN)

    def uses_offers(self, order: str) -> bool:
        return order not in self.without_offers


@dataclass
class Facts:
    """A platform's facts, as a test sets them."""

    facts: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def facts_of(self, subject: str) -> Sequence[Mapping[str, object]]:
        return self.facts.get(subject, [])


class Bridge:
    """One platform with its bridge."""

    def __init__(self, server: ModelServer | None = None) -> None:
        self.server = server or ModelServer()
        self.store = MemoryStore()
        self.orders = Orders()
        self.facts = Facts()
        self.client = TactfulClient(self.server, clock=self.server.clock, sleep=self.server.sleep)
        clock = self.server.clock
        self.delivery = Delivery(self.client, self.store, self.facts, clock)
        self.checkout = Checkout(self.client, self.store, self.delivery, clock)
        self.sweep = Sweep(
            self.checkout, self.client, self.store, self.delivery, self.orders, clock
        )


def hold_request(order: str = "o1", *tokens: str, unit: int = 10965) -> HoldRequest:
    """A request for an order of one unit for each token."""
    lines = [
        HoldLine(token=token, sku=f"SKU-{token}", qty=1, unit=unit, currency="EUR", line=token)
        for token in tokens or ("t1",)
    ]
    return HoldRequest(order=order, territory="DE", lines=lines)
