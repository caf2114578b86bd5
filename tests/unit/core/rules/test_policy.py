"""The defaults of the policy are those that server/SEMANTICS.md states."""

import re
from pathlib import Path

import pytest

from tactful.core.rules.policy import Policy
from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND

PAGE = (Path(__file__).parents[4] / "server" / "SEMANTICS.md").read_text("utf-8")
POLICY = Policy()
ROWS = {
    "complaint.open`, then `complaint.cooldown": [
        POLICY.taints.defect,
        POLICY.taints.other,
        POLICY.taints.wrong_item,
    ],
    "complaint.unknown`, then `complaint.cooldown": [POLICY.taints.defect],
    "service.open`, then `service.cooldown": [POLICY.taints.service],
    "complaint.brand": [POLICY.taints.brand],
    "review.bad": [POLICY.taints.review],
    "return.fit": [POLICY.taints.return_fit],
    "return.recent": [POLICY.taints.return_recent],
    "cancelled.by_shop": [POLICY.taints.cancelled_by_shop],
    "delivery.late": [POLICY.taints.delivery_late],
}
SCOPES = {"product": "product", "variant": "variant", "brand": "brand", "shop": "shop"}


def rows() -> list[list[str]]:
    section = PAGE.partition("## 6 Suppression")[2].partition("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith("| signal")
    ]


@pytest.mark.parametrize("code", ROWS)
def test_the_table_of_section_6_states_the_default_taints(code: str) -> None:
    stated = [row for row in rows() if row[-1].strip("`") == code]
    assert len(stated) == len(ROWS[code])
    for (_, scope, _, after, _), default in zip(stated, ROWS[code], strict=True):
        (days,) = re.findall(r"(\d+) d", after)
        assert int(days) * DAY == default.after
        assert default.scope in scope


@pytest.mark.parametrize(
    ("sentence", "default"),
    [
        ("a durable product for {} d", POLICY.owned.durable / DAY),
        ("the customer paid within {} d", POLICY.owned.price_regret / DAY),
        ("a dismissal suppresses the rule for {} h", POLICY.rest.dismissed_rule / HOUR),
        ("and the product for {} d", POLICY.rest.dismissed_product / DAY),
        ("an offer that expired suppresses its product for {} h", POLICY.rest.expired_product / HOUR),
        ("at least {} s engaged", POLICY.moment.engaged / SECOND),
        ("{} s since the last input", POLICY.moment.since_input / SECOND),
        ("until `accept_hold` ends (*default* {} min)", POLICY.accept_hold / MINUTE),
    ],
)  # fmt: skip
def test_the_rules_of_sections_4_and_6_state_the_default_durations(
    sentence: str, default: float
) -> None:
    assert sentence.format(round(default)) in PAGE
