"""Stored sessions and offers as plain data, with the fields that storage leaves out."""

from typing import Any, Final

import msgspec
from msgspec import NODEFAULT, Struct, structs

from tactful.core.offers.offer import Offer
from tactful.core.session.session import Session
from tactful.stores.shared.json_text import as_plain_data


def _defaults(kind: type[Struct]) -> dict[str, Any]:
    """Return stored name → default, as plain data."""
    return {
        field.encode_name: msgspec.json.decode(msgspec.json.encode(field.default))
        for field in structs.fields(kind)
        if field.default is not NODEFAULT
    }


_OF_OFFER: Final = _defaults(Offer)
_OF_SESSION: Final = _defaults(Session)


def offer_data(body: bytes) -> Any:
    """Return a stored offer with all its fields; a body that cannot be read, as text."""
    return _completed(as_plain_data(body), _OF_OFFER)


def session_data(state: bytes) -> Any:
    """Return a stored session with all its fields and those of its offers; see `offer_data`."""
    data = _completed(as_plain_data(state), _OF_SESSION)
    if isinstance(data, dict):
        for name in ("offers", "parked"):
            data[name] = [_completed(offer, _OF_OFFER) for offer in data[name]]
    return data


def _completed(data: Any, defaults: dict[str, Any]) -> Any:
    return {**defaults, **data} if isinstance(data, dict) else data
