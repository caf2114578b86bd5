"""Honours the offers of a Tactful server at a shop's checkout, exactly once."""

from tactful_bridge.attempts import Attempt, AttemptState
from tactful_bridge.cart import CartItem, LinePrice, price_of, reason_against
from tactful_bridge.checkout import Checkout, HoldLine, HoldRequest
from tactful_bridge.client import TactfulClient
from tactful_bridge.delivery import Delivery, DeliveryReport, FactReader, NoFacts
from tactful_bridge.errors import (
    BridgeError,
    OutcomeUnknownError,
    RefusedError,
    TokenRefusedError,
)
from tactful_bridge.identity import sign_customer, sign_identity
from tactful_bridge.key_cache import KeyCache
from tactful_bridge.offer_tokens import OfferClaims
from tactful_bridge.pairing import Pairing, pair
from tactful_bridge.store import CheckoutStore, EntryKind, OutboxEntry
from tactful_bridge.sweep import OrderState, PlatformOrders, Sweep, SweepReport
from tactful_bridge.transport import HttpTransport

__version__ = "0.1.0"

__all__ = [
    "Attempt",
    "AttemptState",
    "BridgeError",
    "CartItem",
    "Checkout",
    "CheckoutStore",
    "Delivery",
    "DeliveryReport",
    "EntryKind",
    "FactReader",
    "HoldLine",
    "HoldRequest",
    "HttpTransport",
    "KeyCache",
    "LinePrice",
    "NoFacts",
    "OfferClaims",
    "OrderState",
    "OutboxEntry",
    "OutcomeUnknownError",
    "Pairing",
    "PlatformOrders",
    "RefusedError",
    "Sweep",
    "SweepReport",
    "TactfulClient",
    "TokenRefusedError",
    "__version__",
    "pair",
    "price_of",
    "reason_against",
    "sign_customer",
    "sign_identity",
]
