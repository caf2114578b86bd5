"""Examples of the API's objects, generated from their types."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, inspect

from tactful.core.facts.reference.fields import EXAMPLES

_INSTANT: Final = "2026-03-10T12:00:00Z"
_TOKEN: Final = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJvZl84ZmtxIn0.c2lnbmF0dXJl"  # noqa: S105 - an example
_TEXTS: Final[Mapping[str, str]] = {
    name: value
    for fact in EXAMPLES.values()
    for name, value in fact.items()
    if isinstance(value, str) and name != "type"
} | {
    "at": _INSTANT,
    "code": "offer.expired",
    "detail": "The offer was not used in time.",
    "duration": "1h",
    "now": _INSTANT,
    "pool": "spring-15",
    "offer": "of_8fkq2mz5w1x7r3t9",
    "redemption": "rd_3n8w5k2q7z1x4v6m",
    "rule": "hesitating-over-shoes",
    "since": _INSTANT,
    "timezone": "Europe/Berlin",
    "type": "about:blank",
    "until": _INSTANT,
    "version": "1531c46981e2c709",
}
"""Name of a field → the text that stands in it."""
_INSTANTS: Final = ("_at", "_until")
"""Ends of the names of fields that hold an instant."""
_LINE: Final = {"sku": "RUN-42", "qty": 1}
CHOSEN: Final[Mapping[str, Mapping[str, Any]]] = {
    "Money": {"amount": 10965, "currency": "EUR"},
    "RedemptionBody": {
        "token": _TOKEN,
        "order": "1001",
        "hold": 900,
        "territory": "DE",
        "lines": [_LINE],
    },
    "ConfirmBody": {"attempt": 1},
    "CancelBody": {"attempt": 1},
    "RefundBody": {"refund": "r-1", "lines": [_LINE]},
    "Rollback": {"version": "1531c46981e2c709"},
    "CaseCorrection": {"kind": "defect", "skus": ["RUN-42"]},
    "CodesBody": {"codes": ["SPRING-7KQ2", {"code": "SPRING-9XM4", "ends_at": _INSTANT}]},
    "DoctorQuestion": {"sku": "RUN-42", "territory": "DE"},
    "PairingBody": {"code": "3f9k-27wq-m1xz", "shop": "https://shop.example"},
    "ClockMove": {"advance": 30},
    "ProblemDocument": {
        "type": "about:blank",
        "title": "The offer has expired",
        "status": 410,
        "code": "offer.expired",
        "detail": "The offer has expired.",
    },
}
"""Name of a shape → its example, where the required fields alone make no sense."""


def example_of(shape: type[Struct]) -> Any:
    """Return a value of a shape as JSON has it: every required field, or what `CHOSEN` says."""
    return _value(inspect.type_info(shape), "")


def _value(found: inspect.Type, name: str) -> Any:
    """Return an example of a type; `name` is that of the field that holds it."""
    match found:
        case inspect.StructType() if (chosen := CHOSEN.get(found.cls.__name__)) is not None:
            return chosen
        case inspect.StructType():
            shown = {
                field.encode_name: _value(field.type, field.encode_name)
                for field in found.fields
                if field.required
            }
            return shown if found.tag is None else {str(found.tag_field): found.tag, **shown}
        case inspect.UnionType():
            return _value(next(one for one in found.types if not _is_null(one)), name)
        case inspect.ListType() | inspect.VarTupleType():
            return [_value(found.item_type, name)]
        case inspect.TupleType():
            return [_value(one, name) for one in found.item_types]
        case inspect.DictType():
            return {str(_value(found.key_type, name)): _value(found.value_type, name)}
        case inspect.LiteralType():
            return found.values[0]
        case inspect.EnumType():
            return next(iter(found.cls)).value
        case _:
            return _scalar(found, name)


def _is_null(found: inspect.Type) -> bool:
    return isinstance(found, inspect.NoneType)


def _scalar(found: inspect.Type, name: str) -> Any:
    match found:
        case inspect.StrType():
            return _INSTANT if name.endswith(_INSTANTS) else _TEXTS.get(name, name)
        case inspect.BoolType():
            return True
        case inspect.IntType() | inspect.FloatType():
            return max(1, found.ge or 0)
        case _:  # any value
            return _TEXTS.get(name, name)
