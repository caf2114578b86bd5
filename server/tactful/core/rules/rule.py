"""Compiled rules: data, and one function that says from when each applies.

The rulebook's compiler makes these values; the core never sees the text of a rule file. A `scene`
is `context.Scene`: it is `Any` here, because `context` imports this module.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, Protocol

from msgspec import Struct

from tactful.core.rules.policy import Policy
from tactful.core.values.allocation import Level

# One integer says when a condition holds: an instant in milliseconds since the Unix epoch, or one
# of these. Because NOW < any instant < NEEDS_ACTIVITY < NEVER, `max` implements "all" and `min`
# implements "any".
NOW: Final = 0
"""The condition holds already."""
NEEDS_ACTIVITY: Final = 2**61
"""The condition waits for a time that does not run now: only a signal starts it."""
NEVER: Final = 2**62
"""The passing of time will not make the condition hold."""

EVERY_RULE: Final = "*"
"""In a set of paused rules: all of them, because all offers are stopped. No rule has this id."""

Provenance = Literal["contextual", "aggregate", "pseudonymous", "personal"]
"""Where an input comes from (server/SEMANTICS.md, section 9, rule 6)."""

ReadField = Callable[[Any], Any]
"""Scene → the field's value; None: unknown."""
HoldsFrom = Callable[[Any], int]
"""Scene → when a condition starts to hold: `NOW`, milliseconds since the Unix epoch, or `NEVER`."""


class Clause(Struct, frozen=True):
    """One condition on one field: `field: {op: value}`."""

    field: str
    op: str
    value: Any
    read: ReadField
    """Returns the field's value in the spelling of a rule file, for explanations."""
    provenance: Provenance
    holds_from: HoldsFrom
    """Returns the instant from which the clause holds; `NEVER` if the field's value is unknown."""
    timed: bool = False
    """Whether time alone can make it hold."""
    text: str = ""
    """The clause as the rule file says it."""


class All(Struct, frozen=True):
    """Holds when every part holds; without parts it holds."""

    parts: tuple["Condition", ...]


class AnyOf(Struct, frozen=True):
    """Holds when a part holds; without parts it does not."""

    parts: tuple["Condition", ...]


class NoneOf(Struct, frozen=True):
    """Holds when no part holds; without parts it holds."""

    parts: tuple["Condition", ...]


Condition = Clause | All | AnyOf | NoneOf


class PriceTerms(Struct, frozen=True):
    """How the price of an offer is computed (server/SEMANTICS.md, section 3).

    Mappings are currency → amount in minor units.
    """

    mode: Literal["percent", "amount", "fixed", "to_target", "ladder", "remedy", "gift"]
    percent_bp: int = 0
    """The discount of `percent`, in basis points."""
    amounts: Mapping[str, int] = {}
    """The discount of `amount`, or the price of `fixed`."""
    level: Level = "item"
    """What the discount is deducted from: the item, the order or its shipping."""
    at_most: Mapping[str, int] = {}
    """The upper bound of a percentage of the order or of its shipping."""
    ladder: tuple["PriceTerms", ...] = ()
    """The steps of `ladder`, one for each earlier push of the rule in the session."""
    margin_bp: int | None = None
    """The least margin, as a share of the net price, in basis points; None: the policy's."""
    markup_bp: int | None = None
    """The least markup on the cost, as a share of the cost, in basis points; None: none."""
    minimum: Mapping[str, int] = {}
    """The rule's own price floor."""
    may_undercut_target: bool = False
    """Whether the price may be below the territory's target price."""
    on_floor: Literal["clamp", "withhold"] = "clamp"
    """What happens to a price below the floor."""
    min_saving: Mapping[str, int] = {}
    """The least saving."""
    min_saving_bp: int = 0
    """The least saving, as a share of the public price, in basis points."""
    ending: int | None = None
    """The last digits of the price in minor units, such as 95; a price only moves down to it."""
    min_order: Mapping[str, int] = {}
    """The least order that a discount on the order or its shipping needs; empty: see `minimum_order`."""

    @property
    def needs_cost(self) -> bool:
        """Whether there is no price while the cost is unknown."""
        return self.margin_bp is not None or self.markup_bp is not None


class FrequencyLimit(Struct, frozen=True):
    """A rule's own limit per shopper in a sliding window."""

    count: int
    """The most offers of the rule in any window."""
    per: int
    """The length of the window, in milliseconds."""


class Experiment(Struct, frozen=True):
    """Rules that are compared with each other, each for its share of shoppers."""

    id: str
    """The id; the draw of a shopper depends on it."""
    edition: str
    """A hash that changes exactly when what is compared changes: a rule's meaning, or a share."""
    variants: tuple[tuple[str, int], ...]
    """(rule id, share of shoppers in basis points), by rule id. The rest is held out."""

    def compares(self, rule: str) -> bool:
        """Return whether a rule is one of the variants."""
        return any(name == rule for name, _ in self.variants)


class Rule(Struct, frozen=True):
    """One compiled rule: when it applies, what it offers, and within which limits."""

    id: str
    price: PriceTerms
    holds_from: HoldsFrom
    """`when` and `unless` as one function, generated by the rulebook's compiler."""
    condition: Condition
    """The same condition as data, for explanations."""
    holds_from_if_identified: HoldsFrom | None = None
    """Like `holds_from`, as if all personal clauses held; None: the rule has no such clauses."""
    provenance: frozenset[Provenance] = frozenset({"contextual"})
    """The provenances of the inputs that its conditions and price read."""
    territories: frozenset[str] = frozenset()
    """ISO 3166-1 or 3166-2 codes; empty: everywhere."""
    starts: int = NOW
    """The start of `valid`, inclusive, milliseconds since the Unix epoch, UTC."""
    ends: int = NEVER
    """The end of `valid`, exclusive, milliseconds since the Unix epoch, UTC."""
    schedule: Callable[[int], tuple[bool, int]] | None = None
    """Instant → whether the rule is open, and when that changes; None: always open."""
    priority: int = 0
    """The tier; the higher tier wins before anything else is compared."""
    force: bool = False
    """Whether the offer may win without being worth more than showing nothing."""
    mode: Literal["live", "shadow", "trial"] = "live"
    """`shadow`: decided and recorded, never shown."""
    share_bp: int = 10_000
    """The share of shoppers whom a trial or the rule's hold-out leaves in, in basis points."""
    paused: bool = False
    """Whether the rule file pauses it."""
    moment: Literal["rescue"] | None = None
    """`rescue`: only on a page for cancelling or returning, and there without waiting."""
    on_change: Literal["keep", "drain", "withdraw"] = "keep"
    """What happens to its standing offers when the rule is changed or removed."""
    remedy: bool = False
    """Whether it gives the customer's compensation voucher."""
    campaign: str | None = None
    """The id of the campaign whose budget it spends."""
    codes: str | None = None
    """The pool of discount codes that its offers draw on."""
    per_session: int | None = None
    """The most offers of the rule in one session."""
    per_shopper: FrequencyLimit | None = None
    stacks_with: frozenset[str] = frozenset()
    """The ids of the rules whose offers may stand beside its own."""
    expires: int = 900_000
    """How long an offer can be accepted, in milliseconds."""
    max_qty: int = 1
    """The most units that one offer promises."""
    placement: str = "corner"
    """Where the widget shows the offer."""
    messages: Mapping[str, str] = {}
    """Locale → text with `{placeholders}`; the key "" is the default."""
    digest: str = ""
    """A hash that changes exactly when the rule's meaning changes."""
    owner: str = ""
    """The person or team that is responsible; no part of the meaning. Empty: nobody is named."""
    experiment: Experiment | None = None
    """The experiment that decides which shoppers it is for; no part of the meaning."""

    @property
    def has_limits(self) -> bool:
        """Whether it limits its own offers per session or per shopper."""
        return self.per_session is not None or self.per_shopper is not None

    @property
    def level(self) -> Level:
        """What its offers are deducted from; a voucher is deducted from the order."""
        return "order" if self.remedy else self.price.level


class Campaign(Struct, frozen=True):
    """A group of rules with one budget."""

    id: str
    money: Mapping[str, int] = {}
    """Currency → budget per period in minor units; empty: unlimited."""
    count: int | None = None
    """Offers per period; None: unlimited."""
    per: Literal["total", "day", "week", "month"] = "total"
    """The period after which the budget starts anew."""
    timezone: str = "UTC"
    """IANA time zone in which the period starts."""
    pace: Literal["none", "even"] = "none"
    """`even`: the budget is released evenly over the period."""


class RuleLookup(Protocol):
    """An index from an item in a territory to the rules that could match there."""

    def for_item(self, scene: Any) -> Iterator[Rule] | tuple[Rule, ...]:
        """Return every rule that applies, in rule id order; the result may contain others."""
        ...


class SuppressRule(Struct, frozen=True):
    """A `suppress` block of a rule file: it can lengthen cooldowns and never shorten them."""

    id: str
    holds_from: HoldsFrom
    condition: Condition
    after: int = 0
    """While the condition holds, no cooldown of a taint is shorter than this, in milliseconds."""


LegalBasis = Literal["loyalty", "group", "remedy"]
"""Why a law may still allow an input: a loyalty programme, a published group, a compensation."""

LEGAL_BASES_OF_FIELDS: Final[dict[str, LegalBasis]] = {
    "customer.tier": "loyalty",
    "customer.segments": "group",
}
"""Field of a condition → the legal basis on which it may be read."""


class Exclusion(Struct, frozen=True):
    """What the shop never makes offers on.

    All keys that are given must match, each with one of its values. Brands, categories and segments
    are in lower case.
    """

    id: str
    note: str = ""
    """Why it exists."""
    owner: str = ""
    """The person or team that is responsible for it."""
    skus: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    """Category paths; a path includes everything under it."""
    segments: frozenset[str] = frozenset()
    """Segments of verified customers."""
    territories: frozenset[str] = frozenset()
    """ISO 3166-1 or 3166-2 codes; a country includes its subdivisions."""
    starts: int = NOW
    """The start, inclusive, milliseconds since the Unix epoch, UTC."""
    ends: int = NEVER
    """The end, exclusive, milliseconds since the Unix epoch, UTC."""


class InputBan(Struct, frozen=True):
    """A ban on rules that read certain inputs in a territory."""

    territory: str
    """ISO 3166-1 or 3166-2 code."""
    inputs: frozenset[Provenance]
    """The provenances that are banned."""
    starts: int = NOW
    """The start, inclusive, milliseconds since the Unix epoch, UTC."""
    legal_bases: frozenset[LegalBasis] = frozenset()
    """The legal bases on which an input may still be read."""

    def forbids(self, provenance: Provenance, legal_basis: LegalBasis | None) -> bool:
        """Return whether an input of this provenance, read on this legal basis, is banned."""
        return provenance in self.inputs and legal_basis not in self.legal_bases


class Rulebook(Struct, frozen=True):
    """The checked rule files, active as a whole."""

    version: str
    """A hash of what the rulebook means; layout and order of the files do not change it."""
    rules: Mapping[str, Rule]
    """Rule id → rule."""
    index: RuleLookup
    campaigns: Mapping[str, Campaign] = {}
    """Campaign id → campaign."""
    policy: Policy = Policy()
    suppress: tuple[SuppressRule, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    """What no rule offers; by id."""
    input_bans: tuple[InputBan, ...] = ()
    """The inputs that rules must not read in a territory; by territory."""
    paused: frozenset[str] = frozenset()
    """Ids of rules that an operator paused, whatever their file says; `EVERY_RULE`: all of them."""
    trials: Mapping[str, int] = {}
    """Id of each trial → its first activation, milliseconds since the Unix epoch, UTC."""
