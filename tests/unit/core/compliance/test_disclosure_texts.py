"""The disclosure texts in the languages of the EEA."""

import re

import pytest

from support.builders import T0
from tactful.core.compliance.disclosure import disclosure
from tactful.core.compliance.disclosure_texts import DISCLOSURE_TEXTS, DisclosureText
from tactful.core.rules.rule import Provenance

OFFICIAL = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "is",
    "it", "lt", "lv", "mt", "nb", "nl", "nn", "no", "pl", "pt", "ro", "sk", "sl", "sv",
)  # fmt: skip
"""The 24 official languages of the European Union, Icelandic and Norwegian."""
PERSONAL: frozenset[Provenance] = frozenset({"personal"})


@pytest.mark.parametrize("language", OFFICIAL)
def test_every_official_language_of_the_eea_has_a_text_of_its_own(language: str) -> None:
    text = disclosure("DE", language, T0, PERSONAL)
    assert text
    assert language == "en" or text != disclosure("DE", "ja", T0, PERSONAL)


@pytest.mark.parametrize("one", DISCLOSURE_TEXTS, ids=lambda one: str(one.language))
def test_every_text_says_where_it_comes_from(one: DisclosureText) -> None:
    assert re.fullmatch(r"Directive \d{4}/\d+/EU, Article \d+\(\d\)\([a-z]+\)", one.source)
    assert (one.translation, one.reviewed) == ("own", "none")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", one.date)
    assert one.text.endswith(".")


def test_every_text_is_there_once() -> None:
    languages = [one.language for one in DISCLOSURE_TEXTS]
    assert languages == sorted(set(languages))
    assert len({one.text for one in DISCLOSURE_TEXTS}) == len(DISCLOSURE_TEXTS)
