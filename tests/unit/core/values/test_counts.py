"""A count stands before the noun that goes with it."""

import pytest

from tactful.core.values.counts import counted


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 facts"), (1, "1 fact"), (2, "2 facts"), (1200, "1,200 facts")]
)
def test_one_is_singular_and_any_other_count_is_plural(count: int, text: str) -> None:
    assert counted(count, "fact") == text


def test_words_may_follow_a_noun() -> None:
    assert counted(1, "item is", "items are") == "1 item is"
    assert counted(3, "item is", "items are") == "3 items are"
