"""The first rule of a shop: clean, a trial of equal groups, and never anything but the form's words."""

import pytest
from msgspec import structs

from support.rule_files import check
from tactful.rulebook.authoring.first_rule import FirstRule, first_rule, holdout_file

WANTED = FirstRule(
    id="first-offer", percent=10, margin=20, stock=5, dwell=30, count=100, category=""
)
EVIL = ("a: b", '"', "boots}\n  - id: x", "{{x}}", "#", "\\", "\u2028", "Schuhe/Stiefel", "'", "%s")


def test_a_first_rule_is_a_trial_of_half_of_the_shoppers() -> None:
    compiled = check(first_rule(WANTED, note="Made by Ada.", language="de"))
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    rule = compiled.rulebook.rules["first-offer"]
    assert (rule.mode, rule.share_bp, rule.price.percent_bp) == ("trial", 5_000, 1_000)
    assert "gültig" in rule.messages[""]


@pytest.mark.parametrize("text", EVIL)
def test_a_category_and_a_note_stay_text(text: str) -> None:
    wanted = structs.replace(WANTED, category=text)
    compiled = check(first_rule(wanted, note=text, language="en"))
    assert compiled.rulebook is not None, compiled.diagnostics
    assert list(compiled.rulebook.rules) == ["first-offer"]
    assert compiled.rulebook.rules["first-offer"].mode == "trial"


def test_the_hold_out_is_one_shopper_in_ten() -> None:
    compiled = check(holdout_file())
    assert compiled.policy.holdout_bp == 1_000
