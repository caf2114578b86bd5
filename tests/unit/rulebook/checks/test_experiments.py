"""Experiments whose rules can be compared, and those whose rules cannot."""

import pytest

from support.rule_files import check, codes, rulebook

TEN = "{id: ten, offer: {percent: 10%}}"
MORE = "{id: more, offer: {percent: 15%, expires: 1h}}"


def experiment(
    variants: str = "[{rule: ten}, {rule: more}]", first: str = TEN, second: str = MORE
) -> str:
    return f"experiment: {{id: e, variants: {variants}}}\nrules:\n  - {first}\n  - {second}\n"


@pytest.mark.parametrize(
    ("variants", "shares"),
    [
        ("[{rule: ten}, {rule: more}]", (5000, 5000)),
        ("[{rule: ten, share: 20%}, {rule: more}]", (8000, 2000)),
        ("[{rule: ten, share: 45%}, {rule: more, share: 45%}]", (4500, 4500)),
    ],
)
def test_shares_that_are_not_named_divide_what_is_left(
    variants: str, shares: tuple[int, int]
) -> None:
    found = rulebook(experiment(variants)).rules["ten"].experiment
    assert found is not None
    assert found.variants == (("more", shares[0]), ("ten", shares[1]))


def test_three_rules_without_shares_hold_nobody_out() -> None:
    third = "  - {id: third, offer: {percent: 5%}}\n"
    text = experiment("[{rule: ten}, {rule: more}, {rule: third}]") + third
    found = rulebook(text).rules["ten"].experiment
    assert found is not None
    assert sum(share for _, share in found.variants) == 10_000


@pytest.mark.parametrize(
    "variants",
    [
        "[{rule: ten}]",
        "[{rule: ten}, {rule: ten}]",
        "[{rule: ten, share: 60%}, {rule: more, share: 60%}]",
        "[{rule: ten, share: 100%}, {rule: more}]",
    ],
    ids=["one rule", "a rule twice", "more than all", "nothing left"],
)
def test_shares_must_leave_something_to_compare(variants: str) -> None:
    assert "R323" in codes(experiment(variants))


@pytest.mark.parametrize(
    "more",
    [
        "when: [item.stock: {at_least: 5}]",
        "unless: [item.on_sale: true]",
        "territories: [DE]",
        "valid: {until: 2026-12-31}",
        "schedule: [{days: mon-fri}]",
        "moment: rescue",
        "priority: 2",
        "mode: shadow",
        "share: 20%",
        "holdout: 10%",
        "remedy: true",
    ],
)
def test_rules_that_are_for_other_shoppers_are_not_compared(more: str) -> None:
    assert "R323" in codes(experiment(second=f"{{id: more, offer: {{percent: 15%}}, {more}}}"))


def test_the_same_conditions_in_other_words_are_the_same() -> None:
    first = "{id: ten, when: [item.brand: Velo, item.stock: {at_least: 5}], offer: {percent: 10%}}"
    second = (
        "{id: more, when: [item.stock: {at_least: 5}, item.brand: [Velo]], offer: {percent: 15%}}"
    )
    assert codes(experiment(first=first, second=second)) == []
    open_hours = "schedule: [{days: mon-fri, hours: 09:00-18:00}]"
    first, second = (
        f"{{id: {name}, {open_hours}, offer: {{percent: 10%}}}}" for name in ("ten", "more")
    )
    assert codes(experiment(first=first, second=second)) == []


def test_a_rule_is_in_one_experiment_only() -> None:
    other = "experiment: {id: f, variants: [{rule: ten}, {rule: third}]}\nrules: [{id: third, offer: {percent: 5%}}]"
    (found,) = check(experiment(), other).diagnostics
    assert (found.code, found.message) == (
        "R323",
        "the rule 'ten' is already in the experiment 'e'",
    )


def test_an_unknown_rule_is_reported_with_the_nearest_name() -> None:
    found = check(experiment("[{rule: ten}, {rule: mroe}]")).diagnostics
    assert [(one.code, one.help) for one in found] == [("R220", "did you mean 'more'?")]


def test_a_trial_has_the_share_of_its_experiment_within_the_rails() -> None:
    trial = "mode: trial, campaign: c, offer: {percent: 10%, floor: {margin: 10%}}"
    campaign = "campaigns: {c: {count: 9}}\n"
    text = campaign + experiment(first=f"{{id: ten, {trial}}}", second=f"{{id: more, {trial}}}")
    assert rulebook(text).rules["ten"].share_bp == 10_000
    large = text.replace("{rule: ten}", "{rule: ten, share: 80%}")
    assert codes(large) == ["R312"]
