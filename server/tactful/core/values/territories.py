"""Territory codes: ISO 3166-1 alpha-2 for countries, and ISO 3166-2 for their subdivisions.

`territories.txt` holds the codes and says where they come from. It is read once.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Final, TypeVar

from msgspec import Struct

T = TypeVar("T")
_LINE: Final = re.compile(r"([A-Z]{2}) ([A-Z]{3}) ([^:]+):(.*)")
_OTHER_NAMES: Final = {
    "UK": "GB",
    "EL": "GR",
    "GREAT BRITAIN": "GB",
    "UNITED KINGDOM": "GB",
    "ENGLAND": "GB-ENG",
    "SCOTLAND": "GB-SCT",
    "WALES": "GB-WLS",
    "SCHWEIZ": "CH",
    "DEUTSCHLAND": "DE",
    "ÖSTERREICH": "AT",
}
"""Codes and names in wide use that the standard does not have."""


class Country(Struct, frozen=True, gc=False):
    """A country with its English name and the codes of its subdivisions."""

    alpha3: str
    name: str
    subdivisions: frozenset[str]
    """Whole codes, such as `US-NY`."""


@cache
def countries() -> Mapping[str, Country]:
    """Return code → country."""
    text = resources.files("tactful.core.values").joinpath("territories.txt").read_text("utf-8")
    found = {}
    for code, alpha3, name, rest in _LINE.findall(text):
        subdivisions = frozenset(f"{code}-{one}" for one in rest.split())
        found[code] = Country(alpha3, name, subdivisions)
    return found


@cache
def _codes() -> frozenset[str]:
    subdivisions = (one.subdivisions for one in countries().values())
    return frozenset(countries()).union(*subdivisions)


@cache
def _by_name() -> Mapping[str, str]:
    named = {one.name.upper(): code for code, one in countries().items()}
    return named | {one.alpha3: code for code, one in countries().items()} | _OTHER_NAMES


def is_territory(code: str) -> bool:
    """Return whether a text is the code of a country or of a subdivision, in capitals."""
    return code in _codes()


def country_of(territory: str) -> str:
    """Return the country of a territory: `US` of `US-NY`, and `DE` of `DE`."""
    return territory[:2]


def nearest_row(rows: Mapping[str, T], territory: str) -> T | None:
    """Return the row of a territory, or else that of its country; `None`: there is neither.

    Args:
        rows: Territory → row.
        territory: Code of a country or of a subdivision.
    """
    found = rows.get(territory)
    if found is None and len(territory) > 2:
        return rows.get(country_of(territory))
    return found


def is_within(territory: str | None, territories: Collection[str]) -> bool:
    """Return whether a territory, or the country of which it is a subdivision, is among others."""
    return territory is not None and (
        territory in territories or country_of(territory) in territories
    )


def overlap(one: str, other: str) -> bool:
    """Return whether two territories are the same, or one is a subdivision of the other."""
    return one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-")


def nearest_territory(text: str) -> str | None:
    """Return the code that a text probably means; `None`: nothing is near."""
    wanted = text.strip().upper().replace("_", "-")
    if wanted in _codes():
        return wanted
    named = _by_name()
    if wanted in named:
        return named[wanted]
    country = named.get(wanted[:2], wanted[:2])
    if wanted[2:3] == "-" and country in countries():
        near = get_close_matches(f"{country}{wanted[2:]}", countries()[country].subdivisions, 1)
        return near[0] if near else country
    near = get_close_matches(wanted, named, 1) if len(wanted) > 3 else []
    return named[near[0]] if near else None


def territory_problem(text: str) -> str | None:
    """Return what is wrong with a territory code and what to write, or `None`."""
    if text in _codes():
        return None
    if text.upper() == "EU":
        return "EU is no ISO 3166 code. Report each country by its own code, such as DE or FR."
    near = nearest_territory(text)
    hint = f"Did you mean {near}?" if near else "Write a code such as DE or US-NY."
    return f"{text[:40]!r} is no ISO 3166 code. {hint}"
