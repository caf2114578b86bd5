"""Disclosure of personalised prices: dated texts per jurisdiction.

Sources: Directive 2011/83/EU, Article 6(1)(ea), as inserted by Directive (EU) 2019/2161 and
applicable from 28 May 2022: the trader states «that the price was personalised on the basis of
automated decision-making». New York General Business Law § 349-a, in force from 10 July 2025,
prescribes its wording. Elsewhere no law prescribes a text, but the shopper is still informed. See
`server/SEMANTICS.md`, section 9.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.compliance.disclosure_texts import DISCLOSURE_TEXTS
from tactful.core.rules.rule import Provenance
from tactful.core.values.calendar import parse_rfc3339
from tactful.core.values.territories import is_within


class DisclosureDuty(Struct, frozen=True):
    """A disclosure text, with the territories, the start and the inputs that make it mandatory."""

    territories: frozenset[str]
    """ISO 3166-1 and 3166-2 codes; empty: everywhere."""
    since: int
    """The instant from which the text is mandatory, in milliseconds since the Unix epoch, UTC."""
    texts: Mapping[str, str]
    """Language (ISO 639-1) → text; `""` for every other language."""
    counts: frozenset[Provenance] = frozenset({"pseudonymous", "personal"})
    """The provenances of inputs that make the price a personalised one."""


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
"""The states of the European Economic Area (ISO 3166-1)."""

_BY_LANGUAGE: Final = {one.language: one.text for one in DISCLOSURE_TEXTS}
PERSONALISED_TEXTS: Final[Mapping[str, str]] = {
    **_BY_LANGUAGE,
    "": _BY_LANGUAGE["en"],
    "no": _BY_LANGUAGE["nb"],
}
"""Language → the statement that a price was personalised; `""` for every other language."""

DUTIES: Final = (
    DisclosureDuty(
        frozenset({"US-NY"}),
        parse_rfc3339("2025-07-10T04:00:00Z"),
        {"": "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA"},
    ),
    DisclosureDuty(EEA, parse_rfc3339("2022-05-28T00:00:00Z"), PERSONALISED_TEXTS),
    DisclosureDuty(frozenset(), 0, PERSONALISED_TEXTS),
)
"""In order of precedence: the first duty that fits the territory and the instant applies."""


def disclosure(
    territory: str, locale: str | None, now: int, provenance: frozenset[Provenance]
) -> str | None:
    """Return the disclosure text of an offer; `None` if no data about the shopper was read.

    Args:
        territory: Where the shopper is, an ISO 3166-1 or 3166-2 code.
        locale: The language of the page as a BCP 47 tag; `None`: unknown.
        now: Milliseconds since the Unix epoch, UTC.
        provenance: The provenances of the inputs that the decision read.
    """
    for duty in DUTIES:
        if now >= duty.since and (not duty.territories or is_within(territory, duty.territories)):
            if not provenance & duty.counts:
                return None
            language = (locale or "").partition("-")[0].lower()
            return duty.texts.get(language, duty.texts[""])
    return None
