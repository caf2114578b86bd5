"""The shape of a report on what offers earned."""

from typing import Literal

from msgspec import UNSET, UnsetType

from tactful.api.explanation_shapes import Shape


class ArmCounts(Shape, frozen=True, kw_only=True):
    """A number of shoppers in each arm."""

    treated: int
    held_out: int


class RatioShown(Shape, frozen=True, kw_only=True):
    """Whether the sizes of the arms can come from their shares."""

    ok: bool
    p: float


class WinsorisedShown(Shape, frozen=True, kw_only=True):
    """By how much the largest outcomes were reduced, in minor units."""

    cap: float
    units: int
    amount: float


class MetricShown(Shape, frozen=True, kw_only=True):
    """One metric of both arms, per shopper; amounts in minor units."""

    metric: str
    currency: str | UnsetType = UNSET
    units: ArmCounts
    treated: float
    held_out: float
    difference: float
    interval: tuple[float, float] | None
    """The range of the difference at 95 %, valid at every look; null: no shoppers differ."""
    fixed_interval: tuple[float, float] | None
    """The range for a single look that was planned beforehand; null: no shoppers differ."""
    lift: float | None
    lift_interval: tuple[float, float] | None
    variance_removed: float
    winsorised: WinsorisedShown | UnsetType = UNSET


class MoneyPerMonthShown(Shape, frozen=True, kw_only=True):
    """What offers to every shopper are worth, in minor units."""

    currency: str
    likely: int
    worst: int
    best: int
    per: Literal["month"]


class GivenAwayShown(Shape, frozen=True, kw_only=True):
    """Discounts to shoppers who would have bought anyway, in minor units."""

    currency: str
    discount: int
    """What redeemed offers saved in all."""
    likely: int
    least: int
    most: int


class ResponseTimeShown(Shape, frozen=True, kw_only=True):
    """How fast the server answered one kind of signal or fact."""

    of: Literal["signal", "fact"]
    kind: str
    """The kind of the signal, or the type of the fact."""
    answers: int
    p50_ms: float
    """Half of the answers took at most so many milliseconds."""
    p95_ms: float
    p99_ms: float
    slow: int
    """How many took longer than three seconds; they count as three seconds."""


class ReportShown(Shape, frozen=True, kw_only=True):
    """What offers earned, compared with shoppers who were held out."""

    sentence: str
    rule: str | None
    territory: str | None
    since: str
    until: str
    window_days: int
    arms: ArmCounts
    treated_share_bp: int
    immature: int
    crossed: int
    other_share: int
    unlinked: int
    unknown_cost: int
    srm: RatioShown | None
    metrics: list[MetricShown]
    verdict: Literal["earns", "costs", "no_difference", "too_early", "cannot_be_trusted"]
    advice: Literal["keep", "shrink", "stop", "wait"]
    money: MoneyPerMonthShown | UnsetType = UNSET
    given_away: GivenAwayShown | UnsetType = UNSET
    waiting: int | UnsetType = UNSET
    """What a month of waiting costs, in minor units."""
    trial_units: int | UnsetType = UNSET
    """How many shoppers each arm should have before the shop decides."""
    needed: int | UnsetType = UNSET
    """How many more shoppers a proof needs, or a decision without one if that comes sooner."""
    expected_on: str | UnsetType = UNSET
    """The day on which they have come, at today's rate; missing: it is more than a year ahead."""
    response_times: list[ResponseTimeShown] | UnsetType = UNSET
    """By kind, signals first; missing in a report of an experiment."""


class VariantComparisonShown(Shape, frozen=True, kw_only=True):
    """The rules of an experiment against the first of them."""

    baseline: str
    """The first rule, in order of the ids."""
    variants: dict[str, ReportShown]
    """Each other rule: `treated` are its shoppers, `held_out` those of the first rule."""


class VariantsShown(Shape, frozen=True, kw_only=True):
    """What the rules of an experiment earned."""

    sentence: str
    experiment: str
    edition: str
    """What is compared. It changes with a share and with the meaning of a rule."""
    started: str | None
    """The first offer since the experiment was changed."""
    other_edition: int
    """The shoppers of earlier editions, who are left out."""
    territory: str | None
    since: str
    until: str
    window_days: int
    arms: dict[str, int]
    """Rule, or `held_out` → its shoppers who were due an offer."""
    shares_bp: dict[str, int]
    srm: RatioShown | None
    variants: dict[str, ReportShown]
    """Rule → its report against the held-out shoppers; empty: nobody is held out."""
    compared: VariantComparisonShown | UnsetType = UNSET
    """The rules against each other; missing: there is one rule only, or the arms cannot be trusted."""
