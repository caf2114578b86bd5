"""The setting `TACTFUL` of a shop, checked once with an answer for each mistake."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

OPTION_CODE: Final = "tactful-offer"
"""Code of the basket line's option that names the offer; stored in the shop's database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSettings:
    """What a shop says about its Tactful server, in lower case; the keys of `TACTFUL` are in upper case."""

    url: str
    """The server's address as the shop's own server reaches it; empty: the shop is not paired yet."""
    server_key: str
    """The server key, or a token with the scopes `redeem` and `facts:write`."""
    territory: str
    """ISO 3166 code of the territory in which the shop sells."""
    widget_url: str = ""
    """The server's address as browsers reach it; empty: `url`."""
    pairing: str = ""
    """The file that `manage.py tactful_pair` writes with address and keys; empty: there is none."""
    identity_key: str = ""
    """Signs the identity of customers who are logged in; the pairing gives it."""
    identity_secret: str = ""
    """Signs it instead of `identity_key`; without both the widget knows no customers."""
    consent: str = "auto"
    """The widget's setting `consent`."""
    hold_seconds: int = 1_800
    """Seconds for which an offer is held during a payment."""
    cancelled_statuses: tuple[str, ...] = ("Cancelled",)
    """Statuses of an order that end it before its shipment."""
    shipped_statuses: tuple[str, ...] = ("Shipped",)
    delivered_statuses: tuple[str, ...] = ("Delivered", "Complete")

    @property
    def is_paired(self) -> bool:
        """Whether the shop knows its server."""
        return bool(self.url)


_REQUIRED: Final = ("URL", "SERVER_KEY", "TERRITORY")
PAIRED: Final = ("URL", "SERVER_KEY", "IDENTITY_KEY")
"""Settings that the file of a pairing has."""


def parse_settings(given: Mapping[str, object]) -> BridgeSettings:
    """Return the settings of a shop.

    Args:
        given: The value of `settings.TACTFUL`.

    Raises:
        ImproperlyConfigured: A setting is missing, unknown or of the wrong type.
    """
    known = {field.name.upper(): field for field in fields(BridgeSettings)}
    for name in given:
        if name not in known:
            raise ImproperlyConfigured(
                f"TACTFUL has the unknown setting {name!r}. It may have: {', '.join(sorted(known))}."
            )
    given = _with_pairing(given)
    for name in _REQUIRED:
        if not given.get(name) and not (given.get("PAIRING") and name in PAIRED):
            raise ImproperlyConfigured(f"TACTFUL lacks the setting {name!r}.")
    values: dict[str, object] = {"url": "", "server_key": ""}
    for name, value in given.items():
        wanted = int if name == "HOLD_SECONDS" else tuple if name.endswith("_STATUSES") else str
        found = tuple(value) if wanted is tuple and isinstance(value, list) else value
        if type(found) is not wanted:
            raise ImproperlyConfigured(f"TACTFUL[{name!r}] must be of type {wanted.__name__}.")
        values[name.lower()] = found
    return BridgeSettings(**values)  # type: ignore[arg-type] # each was checked above


def _with_pairing(given: Mapping[str, object]) -> dict[str, object]:
    """Return the settings with those of the pairing's file, which the shop's own settings precede.

    Raises:
        ImproperlyConfigured: The file cannot be used.
    """
    file = Path(str(given.get("PAIRING") or ""))
    if not given.get("PAIRING") or not file.is_file():
        return {**given, **({"PAIRING": str(file)} if given.get("PAIRING") else {})}
    try:
        found = json.loads(file.read_text("utf-8"))
        paired = {name: str(found[name]) for name in PAIRED}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(
            f"{file}: the file of the pairing cannot be used ({error}). "
            "Delete it, and run manage.py tactful_pair with a new code."
        ) from error
    return {**paired, **given, "PAIRING": str(file)}


@cache
def bridge_settings() -> BridgeSettings:
    """Return the settings of this shop.

    Raises:
        ImproperlyConfigured: `settings.TACTFUL` is missing or wrong.
    """
    given = getattr(settings, "TACTFUL", None)
    if not isinstance(given, dict):
        raise ImproperlyConfigured(
            "Set TACTFUL in the settings: a dict with PAIRING, or URL and SERVER_KEY, and TERRITORY."
        )
    return parse_settings(given)
