"""The registry of policy settings covers the policy, and every entry is complete."""

import re

from msgspec.structs import fields

from tactful.config.policy_settings import (
    BY_NAME,
    POLICY_SETTINGS,
    flatten,
    format_value,
    value_of,
    with_value,
)
from tactful.core.rules.policy import Policy


def leaves(struct: object, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for field in fields(struct):  # type: ignore[arg-type]
        value = getattr(struct, field.name)
        path = (*above, field.name)
        found |= leaves(value, path) if hasattr(value, "__struct_fields__") else {path}
    return found


def test_every_field_of_the_policy_can_be_set() -> None:
    assert {setting.path for setting in POLICY_SETTINGS} == leaves(Policy())


def test_every_default_can_be_parsed_from_its_own_text() -> None:
    for setting in POLICY_SETTINGS:
        value = value_of(Policy(), setting)
        if value is not None:
            assert setting.kind.parse(format_value(Policy(), setting)) == value


def test_every_meaning_is_made_of_whole_sentences() -> None:
    for setting in POLICY_SETTINGS:
        assert re.fullmatch(r"[A-Z].*\.", setting.meaning), setting.name
        assert "; " not in setting.meaning, setting.name


def test_a_value_replaces_one_field_and_no_other() -> None:
    setting = BY_NAME["caps.per_shopper.count"]
    changed = with_value(Policy(), setting, 9)
    assert (value_of(changed, setting), changed.caps.per_session) == (9, 2)
    assert with_value(changed, setting, 4) == Policy()


def test_a_share_is_kept_in_basis_points_and_written_as_a_percentage() -> None:
    setting = BY_NAME["holdout"]
    changed = with_value(Policy(), setting, setting.kind.parse("12.5%"))
    assert (changed.holdout_bp, format_value(changed, setting)) == (1250, "12.5%")


def test_a_feed_without_a_greatest_age_is_not_watched() -> None:
    assert format_value(Policy(), BY_NAME["max_age.stock"]) == "not watched"


def test_a_nested_table_has_dotted_names() -> None:
    assert flatten({"holdout": "5%", "caps": {"per_shopper": {"count": 9}}}) == {
        "holdout": "5%",
        "caps.per_shopper.count": 9,
    }
