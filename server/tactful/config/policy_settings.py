"""Which limits of the policy may a shop set, and what does its `[policy]` table make of the defaults?"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from tactful.config import values as v
from tactful.core.rules.policy import Policy
from tactful.core.values.calendar import DAY


class PolicySetting(Struct, frozen=True):
    """One limit of the policy: its dotted `name` in files, the `path` to its field, its meaning."""

    name: str
    kind: v.SettingType
    meaning: str

    @property
    def path(self) -> tuple[str, ...]:
        """Where `core.policy.Policy` keeps it: a share carries its unit there."""
        *above, last = self.name.split(".")
        return (*above, _RENAMED.get(last) or (f"{last}_bp" if self.kind is _SHARE else last))


_RENAMED: Final = {"min_stock": "stock_minimum"}
_SHARE: Final = v.percent()
_TIME: Final = v.duration()
_HOLD: Final = v.duration(most=14 * DAY)
"""No promise outlives this: well below the 31 days for which a key that was rotated still verifies."""
_NUMBER: Final = v.integer(0, 1_000_000)
_STARS: Final = v.integer(1, 5)
_SCOPE: Final = v.choice("variant", "product", "brand", "order", "shop")

_TAINTS: Final = {
    "defect": "a case: defect or not as described",
    "wrong_item": "a case: wrong item sent",
    "service": "a case: late or lost parcel, service, billing",
    "brand": "a second product complaint on one brand",
    "review": "a bad review",
    "return_fit": "a return: wrong fit or size",
    "return_recent": "any other return or refund",
    "delivery_late": "a parcel past its promised date",
}


def _taints() -> Iterator[PolicySetting]:
    for name, what in _TAINTS.items():
        yield PolicySetting(f"taints.{name}.scope", _SCOPE, f"How far it reaches after {what}.")
        yield PolicySetting(
            f"taints.{name}.after", _TIME, f"How long it lasts after {what} is over."
        )


POLICY_SETTINGS: Final = (
    *_taints(),
    PolicySetting(
        "brand_window", _TIME, "Two product complaints on one brand within this are too many."
    ),
    PolicySetting(
        "bought_window", _TIME, "A case without order or item taints what was bought within this."
    ),
    PolicySetting("bad_rating", _STARS, "A review of at most so many stars taints."),
    PolicySetting("good_rating", _STARS, "An edit to at least so many stars lifts the taint."),
    PolicySetting(
        "correction_within", _TIME, "A return sooner after its order is a correction; 0s: none is."
    ),
    PolicySetting(
        "owned.durable", _TIME, "How long a product that was bought is not offered again."
    ),
    PolicySetting(
        "owned.consumable", _SHARE, "The share of its interval after which a consumable is due."
    ),
    PolicySetting(
        "owned.price_regret", _TIME, "For how long no offer goes below the price a shopper paid."
    ),
    PolicySetting("caps.visible", v.integer(1, 100), "How many offers a shopper sees at once."),
    PolicySetting("caps.per_session", _NUMBER, "How many offers one session may get."),
    PolicySetting("caps.per_shopper.count", _NUMBER, "How many offers one shopper may get ..."),
    PolicySetting("caps.per_shopper.per", _TIME, "... within this."),
    PolicySetting("rest.dismissed_rule", _TIME, "How long a dismissal rests the rule."),
    PolicySetting("rest.dismissed_product", _TIME, "How long a dismissal rests the product."),
    PolicySetting(
        "rest.expired_product", _TIME, "How long an offer that was let pass rests the product."
    ),
    PolicySetting(
        "rest.withdrawn_product",
        _TIME,
        "How long the product rests after its offer was taken back because of stock or its rule.",
    ),
    PolicySetting(
        "rest.quiet", _TIME, "How long nothing is offered after a withdrawal for a let-down."
    ),
    PolicySetting("moment.engaged", _TIME, "How long a shopper must have been engaged."),
    PolicySetting("moment.since_input", _TIME, "How long a shopper's hands must have rested."),
    PolicySetting("max_age.stock", _TIME, "A stock feed silent for longer counts as unknown."),
    PolicySetting("max_age.prices", _TIME, "The same for prices."),
    PolicySetting("max_age.orders", _TIME, "The same for orders and returns."),
    PolicySetting("max_age.cases", _TIME, "The same for cases."),
    PolicySetting(
        "holdout", _SHARE, "The share of shoppers who are shown nothing, to measure the effect."
    ),
    PolicySetting("min_stock", _NUMBER, "Nothing is offered of which fewer than this are left."),
    PolicySetting("max_total_discount", _SHARE, "The most an offer may be below the list price."),
    PolicySetting(
        "min_margin", _SHARE, "The least margin on the net price, where a rule asks for less."
    ),
    PolicySetting("accept_hold", _HOLD, "How long an accepted offer can be redeemed."),
    PolicySetting(
        "arbitration", v.choice("tier", "expected_value"), "How the best candidate is found."
    ),
    PolicySetting("prior.silence", _SHARE, "Believed share of buyers among those shown nothing."),
    PolicySetting("prior.offer", _SHARE, "Believed share of buyers among those who see an offer."),
    PolicySetting(
        "prior.weight", _NUMBER, "As many shoppers is that belief worth beside the log's."
    ),
    PolicySetting("harm.after", _NUMBER, "A trial is judged once so many of its offers were seen."),
    PolicySetting("harm.dismissed", _SHARE, "A trial stops when more of those are dismissed."),
    PolicySetting(
        "harm.complaints", _SHARE, "A trial stops when more of those end after a let-down."
    ),
    PolicySetting("timezone", v.time_zone(), "Where a day of the shop begins."),
    PolicySetting(
        "language", v.text("a language such as en"), "The language of messages that name none."
    ),
)

BY_NAME: Final = {limit.name: limit for limit in POLICY_SETTINGS}


def flatten(table: Mapping[str, object], above: str = "") -> dict[str, object]:
    """A TOML table as dotted name → value."""
    found: dict[str, object] = {}
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            found |= flatten(value, f"{name}.")
        else:
            found[name] = value
    return found


def value_of(policy: Policy, limit: PolicySetting) -> Any:
    """What a policy has for a limit; None: not watched."""
    value: Any = policy
    for step in limit.path:
        value = getattr(value, step)
    return value


def format_value(policy: Policy, limit: PolicySetting) -> str:
    """The same as it is written in a file."""
    value = value_of(policy, limit)
    return "not watched" if value is None else limit.kind.format(value)


def with_value(policy: Policy, limit: PolicySetting, value: object) -> Policy:
    """The policy with one limit set."""
    changed: Policy = _replaced(policy, limit.path, value)
    return changed


def _replaced(holder: Any, path: tuple[str, ...], value: object) -> Any:
    first, *rest = path
    inner = _replaced(getattr(holder, first), tuple(rest), value) if rest else value
    return replace(holder, **{first: inner})
