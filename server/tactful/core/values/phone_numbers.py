"""Telephone numbers in their international form (ITU-T E.164)."""

import re
from typing import Final

_PLANS: Final = {
    "AE": ("971", "0"), "AT": ("43", "0"), "AU": ("61", "0"), "BE": ("32", "0"), "BG": ("359", "0"),
    "BR": ("55", "0"), "CA": ("1", "1"), "CH": ("41", "0"), "CN": ("86", "0"), "CY": ("357", ""),
    "CZ": ("420", ""), "DE": ("49", "0"), "DK": ("45", ""), "EE": ("372", ""), "EG": ("20", "0"),
    "ES": ("34", ""), "FI": ("358", "0"), "FR": ("33", "0"), "GB": ("44", "0"), "GR": ("30", ""),
    "HK": ("852", ""), "HR": ("385", "0"), "HU": ("36", "06"), "ID": ("62", "0"), "IE": ("353", "0"),
    "IL": ("972", "0"), "IN": ("91", "0"), "IS": ("354", ""), "IT": ("39", ""), "JP": ("81", "0"),
    "KR": ("82", "0"), "LI": ("423", ""), "LT": ("370", "0"), "LU": ("352", ""), "LV": ("371", ""),
    "MT": ("356", ""), "MX": ("52", ""), "MY": ("60", "0"), "NL": ("31", "0"), "NO": ("47", ""),
    "NZ": ("64", "0"), "PH": ("63", "0"), "PL": ("48", ""), "PT": ("351", ""), "RO": ("40", "0"),
    "RS": ("381", "0"), "SA": ("966", "0"), "SE": ("46", "0"), "SG": ("65", ""), "SI": ("386", "0"),
    "SK": ("421", "0"), "TH": ("66", "0"), "TR": ("90", "0"), "TW": ("886", "0"), "UA": ("380", "0"),
    "US": ("1", "1"), "VN": ("84", "0"), "ZA": ("27", "0"),
}  # fmt: skip
"""ISO 3166-1 code → country code, and the prefix of national numbers that is not dialled from abroad."""
_PUNCTUATION: Final = re.compile(r"[\s().\-–/]+")
_OPTIONAL_TRUNK: Final = re.compile(r"\(0\)")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def e164(text: str, territory: str | None) -> str | None:
    """Return a telephone number in international form; `None`: it cannot be told.

    Args:
        text: A number as people write it.
        territory: ISO 3166-1 or 3166-2 code in which a national number is read; `None`: only
            international numbers can be read.
    """
    international = text.strip().startswith(("+", "00"))
    digits = _PUNCTUATION.sub("", _OPTIONAL_TRUNK.sub("", text) if international else text)
    if international:
        number = "+" + digits.removeprefix("+").removeprefix("00")
    else:
        plan = _PLANS.get((territory or "")[:2])
        if plan is None:
            return None
        number = f"+{plan[0]}{digits.removeprefix(plan[1])}"
    return number if _E164.fullmatch(number) else None
