"""What must a shopper be told about a price that was made for them? Dated data per jurisdiction.

Sources: Directive 2011/83/EU, art. 6(1)(ea), as inserted by Directive (EU) 2019/2161, applicable from
28 May 2022: the trader says «that the price was personalised on the basis of automated
decision-making»; New York General Business Law § 349-a, in force from 10 July 2025, with the wording
that it prescribes. Elsewhere no law prescribes a text: the shopper is told all the same.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.rules.rule import Provenance
from tactful.core.values.calendar import parse_rfc3339


class DisclosureDuty(Struct, frozen=True):
    """A text, where and from when it is due, and which inputs make it due."""

    territories: frozenset[str]
    since: int
    texts: Mapping[str, str]
    """Language → text; "" for every other language."""
    counts: frozenset[Provenance] = frozenset({"pseudonymous", "personal"})


EEA: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)

PERSONALISED_TEXTS: Final[Mapping[str, str]] = {
    "": "This price was personalised for you by automated decision-making.",
    "de": "Dieser Preis wurde durch automatisierte Entscheidungsfindung für Sie personalisiert.",
    "fr": "Ce prix a été personnalisé pour vous par une prise de décision automatisée.",
    "es": "Este precio se ha personalizado para usted mediante decisiones automatizadas.",
    "pl": "Ta cena została dostosowana do Ciebie na podstawie zautomatyzowanego podejmowania decyzji.",
}

DUTIES: Final = (
    DisclosureDuty(
        frozenset({"US-NY"}),
        parse_rfc3339("2025-07-10T04:00:00Z"),
        {"": "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA"},
    ),
    DisclosureDuty(EEA, parse_rfc3339("2022-05-28T00:00:00Z"), PERSONALISED_TEXTS),
    DisclosureDuty(frozenset(), 0, PERSONALISED_TEXTS),
)
"""The first that fits the territory and the instant; an empty set fits everywhere."""


def disclosure(
    territory: str, locale: str | None, now: int, provenance: frozenset[Provenance]
) -> str | None:
    """The text that travels in an offer; None where nothing about the shopper was read."""
    for duty in DUTIES:
        if now >= duty.since and (not duty.territories or _within(territory, duty.territories)):
            if not provenance & duty.counts:
                return None
            language = (locale or "").partition("-")[0].lower()
            return duty.texts.get(language, duty.texts[""])
    return None


def _within(territory: str, territories: frozenset[str]) -> bool:
    return territory in territories or territory.partition("-")[0] in territories
