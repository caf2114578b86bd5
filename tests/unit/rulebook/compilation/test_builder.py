"""Rules, campaigns and digests that are built from parsed files."""

import pytest

from support.rule_files import check


def test_the_version_is_the_meaning_whatever_the_files_are_called() -> None:
    first, second = (
        "rules: [{id: a, offer: {percent: 1%}}]",
        "rules: [{id: b, offer: {percent: 1%}}]",
    )
    one, other = check(first, second).rulebook, check(second, first).rulebook
    changed = check(first, second.replace("1%", "2%")).rulebook
    assert one is not None
    assert other is not None
    assert changed is not None
    assert one.version == other.version != changed.version
    assert one.rules["a"].digest == changed.rules["a"].digest
    assert one.rules["b"].digest != changed.rules["b"].digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when: [item.brand: [a, b]]", "when: {item.brand: {in: [b, a, b]}}"),
        ("when: [item.brand: a]", "when: [item.brand: [a]]"),
        ("when: [item.brand: a, item.sku: b]", "when: {all: [item.sku: b, item.brand: a]}"),
        ("territories: [DE, AT]", "territories: [AT, DE, AT]"),
        ("note: one", "note: other"),
        ("priority: 0", "mode: live"),
        ("schedule: [{days: mon}, {days: tue}]", "schedule: [{days: tue}, {days: mon}]"),
    ],
)
def test_a_rule_that_means_the_same_has_the_same_digest(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when: [item.brand: a]", "unless: [item.brand: a]"),
        ("when: [item.brand: a]", "when: [item.brand: {not: a}]"),
        ("when: [{any: [item.brand: a, item.sku: b]}]", "when: [item.brand: a, item.sku: b]"),
        (
            "when: [customer.orders: {at_least: 1}]",
            "when: [customer.orders: {at_least: 1, within: 9d}]",
        ),
        ("priority: 0", "priority: 1"),
        ("schedule: {days: mon}", "schedule: {days: tue}"),
        (
            "when: [time.weekday: mon]",
            "when: [time.weekday: mon]\n    valid: {timezone: Asia/Tokyo}",
        ),
        (
            "when: [customer.last_order: {since: 2026-01-01}]",
            "when: [customer.last_order: {since: 2026-01-01}]\n    valid: {timezone: Asia/Tokyo}",
        ),
        (
            "when: [customer.orders: {at_least: 1, since: 2026-01-01}]",
            "when: [customer.orders: {at_least: 1, since: 2026-01-01}]\n    valid: {timezone: Asia/Tokyo}",
        ),
        ("valid: {from: 2026-01-01}", "valid: {from: 2026-01-01, timezone: Asia/Tokyo}"),
        ("holdout: 10%", "holdout: 20%"),
        ("on_change: keep", "on_change: drain"),
    ],
)
def test_a_rule_that_means_something_else_has_another_digest(one: str, other: str) -> None:
    assert digest(one) != digest(other)


def test_a_zone_that_nothing_depends_on_changes_nothing() -> None:
    assert digest("priority: 1") == digest("priority: 1\n    valid: {timezone: Asia/Tokyo}")


def digest(lines: str) -> str:
    compiled = check(f"rules:\n  - id: a\n    {lines}\n    offer: {{percent: 1%}}\n")
    assert compiled.rulebook is not None, compiled.diagnostics
    return compiled.rulebook.rules["a"].digest
