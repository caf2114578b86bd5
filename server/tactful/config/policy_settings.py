"""Registry of the policy settings, which a shop changes in the `[policy]` table of its file.

Rule files can only tighten the policy. This table can loosen it, too.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from tactful.config import values as v
from tactful.config.exclusions import exclusions
from tactful.core.rules.policy import Policy
from tactful.core.values.calendar import DAY


class PolicySetting(Struct, frozen=True):
    """One setting of the policy."""

    name: str
    """Dotted name in files, such as `caps.per_session`."""
    kind: v.SettingType
    meaning: str
    """One or two sentences for manuals and for `tactful config policy`."""

    @property
    def path(self) -> tuple[str, ...]:
        """Names of the fields of `core.rules.policy.Policy` that lead to its value."""
        *above, last = self.name.split(".")
        # The name of a field for a share ends with its unit, basis points; a file has a percentage.
        return (*above, _RENAMED.get(last) or (f"{last}_bp" if self.kind is _SHARE else last))


_RENAMED: Final = {"min_stock": "stock_minimum"}
_SHARE: Final = v.percent()
_TIME: Final = v.duration()
_HOLD: Final = v.duration(most=14 * DAY)
"""Longest hold of an accepted offer: well below the 31 days for which a rotated key verifies."""
_NUMBER: Final = v.integer(0, 1_000_000)
_STARS: Final = v.integer(1, 5)
_SCOPE: Final = v.choice("variant", "product", "brand", "order", "shop")

_TAINTS: Final = {
    "defect": ("a *defect* or *not as described* case", "the case is closed"),
    "wrong_item": ("a *wrong item* case", "the case is closed"),
    "service": (
        "a case about a late or lost parcel, about service or about billing",
        "the case is closed",
    ),
    "brand": ("a second product complaint about one brand", "the complaints are closed"),
    "review": ("a bad review", "the review"),
    "return_fit": ("a return because of the wrong fit or size", "the return"),
    "return_recent": ("any other return or refund", "the return or refund"),
    "delivery_late": ("a parcel that is past its promised date", "the parcel arrived"),
    "other": ("a case of kind *other* that names an item or an order", "the case is closed"),
    "cancelled_by_shop": ("an order that the shop cancelled", "the cancellation"),
}
"""Kind of taint → its cause, and the instant from which its duration counts (`server/SEMANTICS.md`, section 6)."""


def _taint_settings() -> Iterator[PolicySetting]:
    for name, (cause, end) in _TAINTS.items():
        yield PolicySetting(
            f"taints.{name}.scope", _SCOPE, f"What is suppressed for the customer after {cause}."
        )
        yield PolicySetting(
            f"taints.{name}.after", _TIME, f"How long that stays suppressed after {end}."
        )


def _voucher_settings(role: str, who: str) -> Iterator[PolicySetting]:
    name = f"remedies.{role}"
    yield PolicySetting(
        f"{name}.money",
        v.amounts("a currency and an amount, such as EUR 25.00, GBP 20.00"),
        f"The largest voucher that {who} may issue on the console, per currency. There is none in a "
        "currency that is not named.",
    )
    yield PolicySetting(
        f"{name}.percent", _SHARE, f"The largest share of a price that {who} may give as a voucher."
    )
    yield PolicySetting(
        f"{name}.per_customer.count",
        _NUMBER,
        f"How many vouchers of a customer within {name}.per_customer.per let {who} issue no further one.",
    )
    yield PolicySetting(
        f"{name}.per_customer.per", _TIME, f"The period in which {name}.per_customer.count applies."
    )


POLICY_SETTINGS: Final = (
    *_taint_settings(),
    PolicySetting(
        "brand_window",
        _TIME,
        "Two product complaints about one brand within this time suppress the brand.",
    ),
    PolicySetting(
        "bought_window",
        _TIME,
        "A case that names no order and no item suppresses everything bought within this time before it.",
    ),
    PolicySetting(
        "bad_rating", _STARS, "A review with at most this many stars suppresses its product."
    ),
    PolicySetting(
        "good_rating",
        _STARS,
        "Editing a review to at least this many stars ends its suppression. It must be above bad_rating.",
    ),
    PolicySetting(
        "correction_within",
        _TIME,
        "A return sooner than this after its order counts as a correction and suppresses nothing. "
        "With 0s no return is a correction.",
    ),
    PolicySetting(
        "owned.durable",
        _TIME,
        "How long after a purchase a durable product is not offered to its buyer again.",
    ),
    PolicySetting(
        "owned.consumable",
        _SHARE,
        "The share of its interval after which a consumable product is offered to its buyer again.",
    ),
    PolicySetting(
        "owned.price_regret",
        _TIME,
        "How long after a purchase the buyer gets no offer below the price paid.",
    ),
    PolicySetting(
        "caps.visible", v.integer(1, 100), "How many offers a shopper sees at the same time."
    ),
    PolicySetting("caps.per_session", _NUMBER, "How many offers a session gets."),
    PolicySetting(
        "caps.per_shopper.count",
        _NUMBER,
        "How many offers a shopper gets within caps.per_shopper.per, in all sessions together.",
    ),
    PolicySetting(
        "caps.per_shopper.per", _TIME, "The period in which caps.per_shopper.count applies."
    ),
    PolicySetting(
        "rest.dismissed_rule",
        _TIME,
        "The cooldown of a rule for a shopper who dismissed its offer.",
    ),
    PolicySetting(
        "rest.dismissed_product",
        _TIME,
        "The cooldown of a product for a shopper who dismissed an offer for it.",
    ),
    PolicySetting(
        "rest.expired_product",
        _TIME,
        "The cooldown of a product for a shopper whose offer for it expired unused.",
    ),
    PolicySetting(
        "rest.withdrawn_product",
        _TIME,
        "The cooldown of a product for a shopper whose offer for it was withdrawn because of stock "
        "or its rule.",
    ),
    PolicySetting(
        "rest.quiet",
        _TIME,
        "The quiet period after an offer was withdrawn because of a complaint or another taint. The "
        "shopper gets no offers in it.",
    ),
    PolicySetting(
        "moment.engaged",
        _TIME,
        "How long a shopper must have looked at an item, actively, before the first offer for it.",
    ),
    PolicySetting(
        "moment.since_input",
        _TIME,
        "How long the shopper's last click or key press must be over before an offer.",
    ),
    PolicySetting(
        "max_age.stock",
        _TIME,
        "How long the stock feed may be silent. After that no offers are made or kept.",
    ),
    PolicySetting(
        "max_age.prices",
        _TIME,
        "How long the price feed may be silent. After that no offers are made or kept.",
    ),
    PolicySetting(
        "max_age.orders",
        _TIME,
        "How long the feed of orders and returns may be silent. After that identified customers get "
        "no offers.",
    ),
    PolicySetting(
        "max_age.cases",
        _TIME,
        "How long the feed of cases may be silent. After that identified customers get no offers.",
    ),
    PolicySetting(
        "holdout",
        _SHARE,
        "The share of shoppers who are shown no offers, to measure what offers change.",
    ),
    PolicySetting("min_stock", _NUMBER, "An item with fewer available pieces is not offered."),
    PolicySetting(
        "max_total_discount", _SHARE, "The largest discount of an offer from the list price."
    ),
    PolicySetting(
        "min_margin", _SHARE, "The smallest margin on the net price, for rules that name none."
    ),
    PolicySetting(
        "endings",
        v.endings(),
        "The last digits of prices per currency, for rules that name no ending.",
    ),
    PolicySetting(
        "rounding",
        v.rounding(),
        "The step of prices per currency. A price is lowered to the next step, or raised where it "
        "would be below the floor.",
    ),
    PolicySetting(
        "max_claim",
        _TIME,
        "How long a reduction shows what the price was, without a pause of 30 days.",
    ),
    PolicySetting("accept_hold", _HOLD, "How long an accepted offer can be redeemed."),
    PolicySetting(
        "countdown", v.choice("shown", "none"), "Whether offers show the time that is left."
    ),
    PolicySetting(
        "remedies.remainder",
        v.choice("keep", "lose"),
        "What becomes of the rest of a voucher that is worth more than its order: it stays a voucher, or is lost.",
    ),
    *_voucher_settings("agent", "an agent"),
    *_voucher_settings("merchandiser", "a merchandiser"),
    PolicySetting(
        "essential_time_limit",
        v.text(),
        "Why the time limit of offers is essential. With a reason, no shopper may ask for more time.",
    ),
    PolicySetting(
        "exclude",
        exclusions(),
        "What no rule makes offers on, beside the exclusions of rule files.",
    ),
    PolicySetting(
        "arbitration",
        v.choice("tier", "expected_value"),
        "How the best of several offers is chosen: by the rules' tiers, or by expected value.",
    ),
    PolicySetting(
        "prior.silence",
        _SHARE,
        "The assumed share of buyers among shoppers without an offer. It is used by "
        "arbitration = expected_value.",
    ),
    PolicySetting(
        "prior.offer",
        _SHARE,
        "The assumed share of buyers among shoppers who see an offer. It is used by "
        "arbitration = expected_value.",
    ),
    PolicySetting(
        "prior.weight",
        _NUMBER,
        "How many shoppers of the log the two assumed shares together weigh as much as.",
    ),
    PolicySetting("trial.share", _SHARE, "The largest share of shoppers in a trial."),
    PolicySetting(
        "trial.length",
        _TIME,
        "The longest time since the first activation of a rule as a trial.",
    ),
    PolicySetting("trial.budget", v.boolean(), "Whether a trial needs a campaign with a budget."),
    PolicySetting("trial.floor", v.boolean(), "Whether a trial needs a floor of its own."),
    PolicySetting(
        "trial.stop_on_lift",
        v.boolean(),
        "Whether a trial stops once it is proven that it earns. Otherwise it goes on until its end.",
    ),
    PolicySetting(
        "harm.after",
        _NUMBER,
        "How many offers of a trial must have been seen before its harm is judged.",
    ),
    PolicySetting(
        "harm.dismissed",
        _SHARE,
        "A trial is stopped when a larger share of its seen offers is dismissed.",
    ),
    PolicySetting(
        "harm.complaints",
        _SHARE,
        "A trial is stopped when a larger share of its seen offers ends because of a complaint or "
        "another taint.",
    ),
    PolicySetting(
        "timezone",
        v.time_zone(),
        "The time zone in which the days of the shop begin, and in which people read times.",
    ),
    PolicySetting(
        "language",
        v.text("a language such as en"),
        "The language of messages that name no language.",
    ),
)

BY_NAME: Final = {setting.name: setting for setting in POLICY_SETTINGS}


def flatten(table: Mapping[str, object], above: str = "") -> dict[str, object]:
    """Return the values of a nested TOML table under their dotted names.

    Args:
        table: The table.
        above: Prefix of the names, with its dot.
    """
    found: dict[str, object] = {}
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            found |= flatten(value, f"{name}.")
        else:
            found[name] = value
    return found


def value_of(policy: Policy, setting: PolicySetting) -> Any:
    """Return a setting's value in a policy; None: it is not set, so a feed is not watched."""
    value: Any = policy
    for step in setting.path:
        value = getattr(value, step)
    return value


def format_value(policy: Policy, setting: PolicySetting) -> str:
    """Return a setting's value in a policy as it is written in a file."""
    value = value_of(policy, setting)
    if value is None:
        return "not watched" if setting.path[0] == "max_age" else "not set"
    return setting.kind.format(value)


def with_value(policy: Policy, setting: PolicySetting, value: object) -> Policy:
    """Return the policy with one setting replaced by a parsed value."""
    changed: Policy = _replaced(policy, setting.path, value)
    return changed


def _replaced(struct: Any, path: tuple[str, ...], value: object) -> Any:
    first, *rest = path
    inner = _replaced(getattr(struct, first), tuple(rest), value) if rest else value
    return replace(struct, **{first: inner})
