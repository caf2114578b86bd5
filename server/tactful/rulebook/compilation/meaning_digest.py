"""Digests of what rules mean, which stay the same when a later release adds fields.

Offers, recorded turns and activations name a digest. If a new field changed the digest of rules that
do not use it, every shop would seem to have changed its rules with the upgrade, and recorded
rulebooks could no longer be found. So a field of `ADDED_FIELDS` that has its default is left out.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

ADDED_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "Policy": frozenset(
        {
            "max_claim",
            "endings",
            "rounding",
            "trial",
            "countdown",
            "essential_time_limit",
            "remedies",
            "exclude",
        }
    ),
    "PriceTerms": frozenset({"markup_bp", "min_order"}),
    "Rule": frozenset({"codes"}),
    "VoucherRules": frozenset({"agent", "merchandiser"}),
    "TaintRules": frozenset({"other", "cancelled_by_shop"}),
}
"""Struct name → its fields that version 0.1.0 did not have."""


def digest(meaning: Any) -> str:
    """Return the digest of a meaning: the first 16 hex digits of the SHA-256 of its JSON.

    Args:
        meaning: plain data and structs that msgspec can encode as JSON.
    """
    encoded = msgspec.json.encode(_trimmed(meaning), order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:16]


def _trimmed(value: Any) -> Any:
    """Return a value without the added fields that have their defaults, at any depth."""
    if isinstance(value, Struct):
        return _trimmed_struct(value)
    if isinstance(value, Mapping):
        return {key: _trimmed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_trimmed(part) for part in value]
    return value


def meaningful_fields(value: Struct) -> tuple[str, ...]:
    """Return the names of a struct's fields, without the added ones that have their defaults."""
    added = ADDED_FIELDS.get(type(value).__name__, frozenset())
    return tuple(
        one.name
        for one in structs.fields(type(value))
        if one.name not in added or getattr(value, one.name) != _default(one)
    )


def _trimmed_struct(value: Struct) -> Struct:
    kept = meaningful_fields(value)
    return _shape(type(value), kept)(*(_trimmed(getattr(value, name)) for name in kept))


def _default(field: structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


@cache
def _shape(kind: type[Struct], kept: tuple[str, ...]) -> type[Struct]:
    """Return a struct that is encoded as `kind` would be if it had only these fields."""
    names = {one.name: one.encode_name for one in structs.fields(kind)}
    config = kind.__struct_config__
    return msgspec.defstruct(
        kind.__name__,
        [(name, Any) for name in kept],
        rename=names.get,
        tag=config.tag,
        tag_field=config.tag_field,
        array_like=config.array_like,
    )
