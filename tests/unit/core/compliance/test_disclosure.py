"""The disclosure of personalised prices, by territory and date."""

import pytest

from support.builders import T0
from tactful.core.compliance.disclosure import DUTIES, PERSONALISED_TEXTS, disclosure
from tactful.core.rules.rule import Provenance
from tactful.core.values.calendar import parse_rfc3339

NY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA"
PERSONAL: frozenset[Provenance] = frozenset({"contextual", "personal"})


@pytest.mark.parametrize("counted", ["pseudonymous", "personal"])
@pytest.mark.parametrize("territory", ["DE", "US-NY", "US-CA", "JP"])
def test_inputs_about_the_shopper_are_disclosed_everywhere(
    territory: str, counted: Provenance
) -> None:
    assert disclosure(territory, "en", T0, frozenset({counted}))


@pytest.mark.parametrize("territory", ["DE", "US-NY", "JP"])
def test_contextual_and_aggregate_inputs_need_no_disclosure(territory: str) -> None:
    seen: frozenset[Provenance] = frozenset({"contextual", "aggregate"})
    assert disclosure(territory, "en", T0, seen) is None


def test_new_york_prescribes_the_words_from_a_day_on_in_any_language() -> None:
    law = parse_rfc3339("2025-07-10T04:00:00Z")
    for locale in (None, "en", "es-US", "de"):
        assert disclosure("US-NY", locale, law, PERSONAL) == NY
    assert disclosure("US-NY", "en", law - 1, PERSONAL) == PERSONALISED_TEXTS[""]


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de-AT", "de"), ("DE", "de"), ("fr", "fr"), ("es", "es"), ("pl-PL", "pl"), ("it", "it"), ("no", "nb"), ("ja", ""), (None, "")],
)  # fmt: skip
def test_elsewhere_the_disclosure_is_in_the_shopper_s_language(
    locale: str | None, language: str
) -> None:
    assert disclosure("AT", locale, T0, PERSONAL) == PERSONALISED_TEXTS[language]


def test_a_region_keeps_the_law_of_its_country() -> None:
    assert disclosure("DE-BY", "de", T0, PERSONAL) == PERSONALISED_TEXTS["de"]


def test_the_last_duty_fits_everywhere_and_every_duty_has_a_default_text() -> None:
    assert DUTIES[-1].territories == frozenset()
    assert DUTIES[-1].since == 0
    assert all("" in duty.texts for duty in DUTIES)
    assert disclosure("XX", None, -1, PERSONAL) is None
