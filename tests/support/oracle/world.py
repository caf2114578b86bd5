"""What the oracle is asked about: one shopper, one item, some rules and all facts at one instant."""

from msgspec import Struct

from tactful.core.facts import fact_types as facts
from tactful.core.session.session import Session


class Spec(Struct, kw_only=True):
    """A rule, flat: all that it names must hold."""

    id: str
    paused: bool = False
    starts: int | None = None
    ends: int | None = None
    territories: tuple[str, ...] = ()
    category: str | None = None
    dwell: int | None = None
    orders: int | None = None
    """Personal: at least so many orders."""
    remedy: bool = False
    rescue: bool = False
    percent_bp: int = 1500
    margin_bp: int | None = None
    max_qty: int = 1
    campaign: str | None = None
    per_session: int | None = None
    per_shopper: tuple[int, int] | None = None
    priority: int = 0
    shadow: bool = False


class World(Struct, kw_only=True):
    """All that there is at one instant."""

    now: int
    sku: str
    session: Session
    """What the shopper does; its contact history is the shopper's."""
    rules: list[Spec]
    facts: list[tuple[facts.AnyFact, int]]
    """In force (every version of a review), each with the instant at which it was reported."""
    max_age: dict[str, int] = {}
    heard: dict[str, int] = {}
    balances: dict[tuple[str, str], int] = {}
    """(campaign, currency or #) → what is free."""
    committed: dict[tuple[str, str], int] = {}
    stock_minimum: int = 0
    everyone_held_out: bool = False
