"""The input of the oracle: one shopper, one item, some rules and all facts at one instant."""

from msgspec import Struct

from tactful.core.facts import fact_types as facts
from tactful.core.session.session import Session


class Spec(Struct, kw_only=True):
    """A rule without nesting: all conditions that it names must hold."""

    id: str
    paused: bool = False
    starts: int | None = None
    ends: int | None = None
    territories: tuple[str, ...] = ()
    category: str | None = None
    dwell: int | None = None
    orders: int | None = None
    """A personal condition: at least so many orders."""
    remedy: bool = False
    rescue: bool = False
    percent_bp: int = 1500
    margin_bp: int | None = None
    max_qty: int = 1
    campaign: str | None = None
    codes: str | None = None
    """The pool of discount codes; an offer needs a code that outlasts 15 minutes."""
    per_session: int | None = None
    per_shopper: tuple[int, int] | None = None
    priority: int = 0
    shadow: bool = False


class Excluded(Struct, kw_only=True):
    """What no rule offers; every key that is given must match."""

    skus: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    starts: int = 0
    ends: int = 2**62


class Banned(Struct, kw_only=True):
    """Inputs that no rule may read in a territory."""

    territory: str
    inputs: tuple[str, ...]
    legal_bases: tuple[str, ...] = ()
    starts: int = 0


class World(Struct, kw_only=True):
    """Everything that exists at one instant."""

    now: int
    sku: str
    session: Session
    """The session; its contact history is the shopper's."""
    rules: list[Spec]
    facts: list[tuple[facts.AnyFact, int]]
    """The facts in force, of reviews every version, each with the instant of its report."""
    max_age: dict[str, int] = {}
    heard: dict[str, int] = {}
    balances: dict[tuple[str, str], int] = {}
    """(campaign, currency or #) → the free amount."""
    codes: dict[str, int | None] = {}
    """Pool → the end of its next discount code; None: it never ends."""
    committed: dict[tuple[str, str], int] = {}
    excluded: tuple[Excluded, ...] = ()
    banned: tuple[Banned, ...] = ()
    stock_minimum: int = 0
    everyone_held_out: bool = False
    stopped: bool = False
