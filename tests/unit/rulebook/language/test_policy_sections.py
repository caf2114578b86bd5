"""Policy sections of rule files: each setting once, and protective ones only stricter."""

import pytest

from support.rule_files import check, codes
from tactful.core.rules.policy import Policy


def test_a_policy_may_set_limits_freely_and_tighten_what_protects() -> None:
    tight = """
    policy:
      taints: {defect: {scope: brand, after: 120d}, review: {scope: brand}}
      brand_window: 365d
      bad_rating: 3
      owned: {consumable: 90%, durable: 700d}
      caps: {per_shopper: {count: 9, per: 1d}, visible: 2}
      max_age: {stock: 15m}
      rest: {quiet: 1h}
      moment: {engaged: 10s}
      min_margin: 10%
      max_total_discount: 50%
      accept_hold: 1h
      arbitration: expected_value
      timezone: Europe/Berlin
    """
    compiled = check(tight)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    policy = compiled.rulebook.policy
    assert (policy.taints.defect.scope, policy.taints.defect.after) == ("brand", 120 * 86_400_000)
    assert policy.taints.review.after == Policy().taints.review.after
    assert (policy.bad_rating, policy.caps.visible, policy.caps.per_shopper.count) == (3, 2, 9)
    assert (policy.owned.consumable_bp, policy.min_margin_bp) == (9000, 1000)
    assert policy.caps.per_session == Policy().caps.per_session


def test_endings_and_steps_of_prices_are_set_per_currency() -> None:
    compiled = check(
        "policy: {endings: {EUR: 95, GBP: 99}, rounding: {SEK: 1.00}}",
        policy=Policy(endings={"GBP": 0, "USD": 99}),
    )
    assert compiled.diagnostics == ()
    assert compiled.policy.endings == {"EUR": 95, "GBP": 99, "USD": 99}
    assert compiled.policy.rounding == {"CHF": 5, "SEK": 100}


LOOSER = [
    ("taints: {defect: {scope: variant}}", "taints.defect.scope is product"),
    ("taints: {service: {after: 1d}}", "taints.service.after is 7d"),
    ("brand_window: 1d", "brand_window is 180d"),
    ("good_rating: 3", "good_rating is 4"),
]


@pytest.mark.parametrize(("text", "words"), LOOSER)
def test_a_looser_policy_names_the_active_value(text: str, words: str) -> None:
    [one] = check(f"policy: {{{text}}}").diagnostics
    assert one.code == "R313"
    assert words in one.message


def test_the_shops_own_policy_is_what_may_be_tightened() -> None:
    shop = Policy(bad_rating=3)
    assert codes("policy: {bad_rating: 2}", policy=shop) == ["R313"]
    compiled = check("policy: {holdout: 5%}", policy=shop)
    assert compiled.rulebook is not None
    assert compiled.rulebook.policy.bad_rating == 3


SETTINGS = {
    "holdout": "7%",
    "arbitration": "expected_value",
    "timezone": "Europe/Berlin",
    "prior.silence": "7%",
    "prior.offer": "9%",
    "prior.weight": "77",
    "caps.visible": "3",
    "caps.per_session": "7",
    "caps.per_shopper.count": "7",
    "caps.per_shopper.per": "7d",
    "rest.dismissed_rule": "7d",
    "rest.dismissed_product": "8d",
    "rest.expired_product": "9d",
    "rest.withdrawn_product": "9m",
    "rest.quiet": "7m",
    "moment.engaged": "7s",
    "moment.since_input": "7s",
    "max_age.stock": "7m",
    "max_age.prices": "7m",
    "max_age.orders": "7m",
    "max_age.cases": "7m",
    "owned.durable": "7d",
    "owned.consumable": "77%",
    "owned.price_regret": "7d",
    "min_stock": "7",
    "min_margin": "7%",
    "max_total_discount": "77%",
    "accept_hold": "7m",
    "max_claim": "7m",
    "endings": "{EUR: 77}",
    "rounding": "{CHF: 0.07}",
    "countdown": "none",
    "essential_time_limit": "Held.",
    "remedies.remainder": "lose",
    "brand_window": "777d",
    "bought_window": "777d",
    "bad_rating": "3",
    "good_rating": "5",
}
TAINTS = (
    "defect",
    "wrong_item",
    "service",
    "brand",
    "review",
    "return_fit",
    "return_recent",
    "delivery_late",
    "other",
    "cancelled_by_shop",
)
CONFIGURED = {
    "exclude",
    "correction_within",
    "language",
    "trial.share",
    "trial.length",
    "trial.budget",
    "trial.floor",
    "trial.stop_on_lift",
    "harm.after",
    *(
        f"remedies.{role}.{name}"
        for role in ("agent", "merchandiser")
        for name in ("money", "percent", "per_customer.count", "per_customer.per")
    ),
    "harm.dismissed",
    "harm.complaints",
}
"""What only the server's configuration may set: it loosens, or is no merchandiser's business."""


def test_every_setting_of_the_policy_has_a_spelling() -> None:
    taints = {f"taints.{name}.{part}" for name in TAINTS for part in ("scope", "after")}
    assert {name for name, _ in _values(Policy())} == set(SETTINGS) | taints | CONFIGURED


@pytest.mark.parametrize("path", SETTINGS)
def test_a_setting_of_the_policy_changes_nothing_else(path: str) -> None:
    names = path.split(".")
    text = SETTINGS[path]
    if names[-1] in {"count", "per"}:
        text = (
            f"{{count: {text}, per: 30d}}" if names[-1] == "count" else f"{{count: 4, per: {text}}}"
        )
        names = names[:-1]
    for name in reversed(names):
        text = f"{{{name}: {text}}}"
    compiled = check(f"policy: {text}")
    assert compiled.diagnostics == ()
    before, after = dict(_values(Policy())), dict(_values(compiled.policy))
    assert [name for name in before if before[name] != after[name]] == [path]


def _values(struct: object, prefix: str = "") -> list[tuple[str, object]]:
    """Every setting of a policy by the name that a rule file gives it."""
    found: list[tuple[str, object]] = []
    for name in struct.__struct_fields__:  # type: ignore[attr-defined]
        value = getattr(struct, name)
        spelled = {"stock_minimum": "min_stock"}.get(name, name.removesuffix("_bp"))
        inner = hasattr(value, "__struct_fields__")
        found += _values(value, f"{prefix}{spelled}.") if inner else [(prefix + spelled, value)]
    return found
