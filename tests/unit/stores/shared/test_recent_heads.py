"""The heads of the last changes: a bounded window, older positions unknown."""

import pytest

from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.shared import recent_heads
from tactful.stores.shared.recent_heads import RecentHeads

SKU, FEED = ("sku", "RUN-42"), ("feed", "erp")


def test_a_subject_has_changed_after_every_earlier_position() -> None:
    heads = RecentHeads(6)
    heads.add([Change(7, 0, "fact", (SKU,)), Change(8, 0, "heartbeat", (FEED,))])
    assert (heads.base, heads.upto) == (6, 8)
    assert heads.changed_since(SKU, 6)
    assert not heads.changed_since(SKU, 7)
    assert not heads.changed_since(FEED, 0)


def test_only_two_windows_of_changes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_heads, "WINDOW", 10)
    heads = RecentHeads(0)
    for position in range(1, 100):
        heads.add([Change(position, 0, "fact", (("sku", str(position)),))])
        assert position - heads.base <= 22
        for age in range(min(position - heads.base, 10)):
            assert heads.changed_since(("sku", str(position - age)), position - age - 1)
    assert not heads.changed_since(("sku", "1"), 0)


def test_an_erased_subject_is_found_under_its_digest_alone() -> None:
    heads = RecentHeads(0)
    heads.add([Change(1, 0, "fact", (("customer", "c1"), ("sku", "A")))])
    heads.replace({("customer", "c1"): ("customer", "~1"), ("order", "o1"): ("order", "~2")})
    assert not heads.changed_since(("customer", "c1"), 0)
    assert heads.changed_since(("customer", "~1"), 0)
    assert heads.changed_since(("sku", "A"), 0)
    assert not heads.changed_since(("order", "~2"), 0)
