"""Sentences that can be shown in another language."""

from tactful.core.values.phrases import Phrase, counted_phrase, phrase


def test_a_phrase_is_its_english_text_and_keeps_key_and_values() -> None:
    found = phrase("No rule is named {rule}.", rule="R1")
    assert found == "No rule is named R1."
    assert (found.key, dict(found.values)) == ("No rule is named {rule}.", {"rule": "R1"})
    assert phrase("Braces {stay} without values.") == "Braces {stay} without values."


def test_a_phrase_that_is_joined_is_a_plain_text() -> None:
    assert not isinstance(phrase("a") + "b", Phrase)


def test_one_of_two_sentences_is_chosen_by_a_number() -> None:
    assert counted_phrase(1, "{n} item", "{n} items") == "1 item"
    assert counted_phrase(2, "{n} item", "{n} items") == "2 items"
