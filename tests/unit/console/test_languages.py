"""A reader gets the language of the account or of the browser."""

import pytest

from tactful.console.languages import (
    catalogue,
    in_language,
    present_language,
    say,
    say_in_page,
    speak,
    translated,
    wanted_language,
)


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr, en;q=0.4, de;q=0.5", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("de;q=0", "en"),
        ("*", "en"),
        ("DE;q=1.0.0", "en"),
        ("x" * 9000, "en"),
    ],
)
def test_the_best_language_of_a_browser_is_taken(accept: str | None, language: str) -> None:
    assert wanted_language(accept) == language


def test_a_language_holds_for_its_task_and_can_be_changed_within_it() -> None:
    assert present_language() == "en"
    with in_language("en"):
        speak("de")
        assert present_language() == "de"
        speak("xx")
        assert present_language() == "de"
    assert present_language() == "en"


def test_values_of_a_sentence_are_escaped() -> None:
    assert say_in_page("Sent to {who}.", who="<b>") == "Sent to &lt;b&gt;."
    assert say("Sent to {who}.", who="<b>") == "Sent to <b>."


def test_a_text_that_is_no_phrase_is_left_as_it_is() -> None:
    assert translated(5) == 5
    assert translated("plain") == "plain"


def test_english_needs_no_catalogue() -> None:
    assert catalogue("en") == {}
