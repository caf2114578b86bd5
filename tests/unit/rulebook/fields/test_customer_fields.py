"""Readers of the fields on a verified customer."""

from support.field_scenes import EMPTY_SCENE, HISTORY, SOCK, full_scene
from support.rule_files import rule, scene
from tactful.rulebook.fields.field_registry import FIELDS


def test_the_age_is_read_though_no_rule_may_use_it() -> None:
    read = FIELDS["customer.age"].read
    assert read is not None
    assert read(full_scene()) == 36
    assert read(EMPTY_SCENE) is None


def test_when_something_was_last_bought_is_read_by_product() -> None:
    one = rule("[history.bought_this: {before: 90d}]")
    seen = scene(SOCK, history=HISTORY)
    assert one.holds_from(seen) == 0
    assert one.holds_from(scene(SOCK)) != 0


def test_what_was_bought_can_be_limited_to_a_window() -> None:
    bought = "[history.bought_item: {in: [SOCK-3], within: 30d}]"
    assert rule(bought).holds_from(full_scene()) != 0
    assert rule(bought.replace("30d", "200d")).holds_from(full_scene()) == 0
