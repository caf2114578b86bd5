"""Every step has a title, and says what to do unless the page has a form for it."""

from tactful.console.start_steps import STEP_WORDS, step_views
from tactful.runtime.services.first_steps import STEPS

WITH_FORM = {"rule", "holdout"}


def test_every_step_has_words() -> None:
    assert list(STEP_WORDS) == list(STEPS)
    for name, words in STEP_WORDS.items():
        assert words.title
        assert bool(words.remedy) is (name not in WITH_FORM)
        assert not words.remedy or words.remedy.endswith(".")


def test_the_steps_are_shown_in_their_order_with_their_states() -> None:
    shown = step_views(frozenset({"price"}))
    assert [one.name for one in shown] == list(STEPS)
    assert [one.name for one in shown if one.done] == ["price"]
