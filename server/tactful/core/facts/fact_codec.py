"""Decoding and encoding of facts as JSON, with messages for refused facts.

The messages are for the authors of a shop's connectors: they name the field, and the nearest valid
word. Decoding never raises for bad input.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

import msgspec
from msgspec import Struct, inspect, structs

from tactful.core.facts.fact_types import AnyFact, Fact, kind_of

_DECODE: Final[Callable[[bytes | msgspec.Raw], AnyFact]] = msgspec.json.Decoder[AnyFact](
    AnyFact
).decode
decode_stored: Final = _DECODE
"""Return a fact from its stored spelling, which `encode` wrote after `decode` had checked the fact.

Raises `msgspec.DecodeError` where the stored text is damaged.
"""
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_UNKNOWN: Final = re.compile(r"unknown field `(.+?)`")
_WORD: Final = re.compile(r"Invalid enum value '(.+?)'")
_AT: Final = re.compile(r" - at `\$\.(.+)`$")
KINDS: Final[dict[str, type[Fact]]] = {
    str(kind.__struct_config__.tag): kind for kind in Fact.__subclasses__()
}
_REQUIRED: Final = {
    name: frozenset(field.encode_name for field in structs.fields(kind) if field.required)
    for name, kind in KINDS.items()
}


class _Typed(Struct, frozen=True):
    """The field that says which kind of fact is meant."""

    type: str | None = None


_TYPED: Final = msgspec.json.Decoder(_Typed).decode


class FactRejection(Struct, frozen=True):
    """Why one fact is refused."""

    index: int
    """The position of the fact in its batch, from 0."""
    code: str
    """`fact.malformed`, `fact.unknown_type`, `fact.unknown_field`, `fact.invalid` or `fact.inconsistent`."""
    message: str
    """What is wrong, and what to write instead."""


def decode(raw: bytes | msgspec.Raw, index: int = 0) -> AnyFact | FactRejection:
    """Decode one fact, or say why it is refused; no input raises.

    Args:
        raw: The fact as UTF-8 JSON.
        index: The position of the fact in its batch, for the rejection.
    """
    try:
        fact = _read(raw)
    except msgspec.ValidationError as error:
        return _invalid(raw, index, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return FactRejection(index, "fact.malformed", _malformed(raw, error))
    except RecursionError:
        return FactRejection(index, "fact.malformed", "This is nested too deeply.")
    problem = _inconsistent(fact)
    return FactRejection(index, "fact.inconsistent", problem) if problem else fact


def _malformed(raw: bytes | msgspec.Raw, error: Exception) -> str:
    # JavaScript writes half of a surrogate pair where a text was cut inside an emoji.
    half = _SURROGATE.search(bytes(raw))
    if half is None:
        return f"This is not JSON: {error}."
    return (
        f"A text may hold half a character near {half[0].decode()}: cut texts between characters."
    )


def _read(raw: bytes | msgspec.Raw) -> AnyFact:
    # An optional field may be `null` as well as absent. Nulls are removed only after a first attempt
    # failed, because almost no fact has any.
    try:
        return _DECODE(raw)
    except msgspec.ValidationError as error:
        required = _REQUIRED.get(_kind(raw) or "")
        if required is None or "got `null`" not in str(error):
            raise
        return _DECODE(msgspec.json.encode(_without_nulls(msgspec.json.decode(raw), required)))


def _without_nulls(value: Any, required: Collection[str] = ()) -> Any:
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_nulls(one) for key, one in value.items() if one is not None or key in required
    }


def encode(fact: AnyFact) -> bytes:
    """Return the canonical spelling of a fact: equal facts have equal bytes."""
    return _ENCODE(fact)


def _inconsistent(fact: AnyFact) -> str | None:
    """Return what is wrong with a fact of valid types, or `None`."""
    match kind_of(fact):
        case "recall" if not (fact.product or fact.skus):  # type: ignore[union-attr]
            return "A recall names a `product` or `skus`: add one of them."
        case "remedy" if not (fact.cause.case or fact.cause.order or fact.cause.skus):  # type: ignore[union-attr]
            return "A remedy knows its cause: give `case`, `order` or `skus`."
        case "price":
            return _mixed_currencies(fact)
        case _:
            return None


def _mixed_currencies(fact: Any) -> str | None:
    for name in ("list", "target", "minimum_advertised"):
        money = getattr(fact, name)
        if money is not None and money.currency != fact.price.currency:
            return f"`{name}` is in {money.currency}, `price` in {fact.price.currency}: use one."
    if fact.price.amount <= 0:
        return "A price is more than 0."
    return None


def _invalid(raw: bytes | msgspec.Raw, index: int, text: str) -> FactRejection:
    kind = _kind(raw)
    if kind not in KINDS:
        return FactRejection(index, "fact.unknown_type", _unknown_type(kind))
    unknown, place = _UNKNOWN.search(text), _place(text)
    if unknown is None:
        hint = _hint(text, kind, place)
        return FactRejection(index, "fact.invalid", f"{_sentence(text)} (in a `{kind}`){hint}")
    at = f", at `{'.'.join(place)}`" if place else ""
    hint = _nearest(unknown[1], _fields(kind, place), "it has")
    message = f"A `{kind}`{at} has no field `{unknown[1]}`; {hint}"
    return FactRejection(index, "fact.unknown_field", message)


def kind_or_unknown(raw: bytes | msgspec.Raw) -> str:
    """Return the type of a fact as JSON, or `unknown` if there is no such type."""
    kind = _kind(raw)
    return kind if kind in KINDS else "unknown"


def _kind(raw: bytes | msgspec.Raw) -> str | None:
    try:
        return _TYPED(raw).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _unknown_type(kind: str | None) -> str:
    if kind is None:
        return f"A fact is an object with a `type`: {', '.join(sorted(KINDS))}."
    return f"There is no fact of type `{kind}`; {_nearest(kind, KINDS, 'there are')}"


def _place(text: str) -> list[str]:
    """Return the path in a message of msgspec: `… - at `$.lines[0].unit`` gives lines, unit."""
    found = _AT.search(text)
    return [part.partition("[")[0] for part in found[1].split(".")] if found else []


def _fields(kind: str, place: Iterable[str]) -> list[str]:
    """Return the names of the fields of the object at a path."""
    found = _at(kind, place)
    return [field.encode_name for field in getattr(found, "fields", ())]


def _hint(text: str, kind: str, place: Sequence[str]) -> str:
    """Return which words may stand where an unknown one was found."""
    wrong = _WORD.search(text)
    if wrong is None:
        return ""
    words = [str(word) for word in getattr(_at(kind, place), "values", ())]
    return f"; {_nearest(wrong[1], words, 'there are')}" if words else ""


def _at(kind: str, place: Iterable[str]) -> inspect.Type | None:
    """Return the type at a path in a kind of fact: an object, or an enumeration."""
    found: inspect.Type | None = inspect.type_info(KINDS[kind])
    for part in place:
        fields = getattr(found, "fields", ())
        found = next((_inner(f.type) for f in fields if f.encode_name == part), None)
    return found


def _inner(kind: inspect.Type) -> inspect.Type:
    """Return a type without its optionality, and without the list around it."""
    if isinstance(kind, inspect.UnionType):
        return _inner(next(t for t in kind.types if not isinstance(t, inspect.NoneType)))
    return _inner(kind.item_type) if isinstance(kind, inspect.VarTupleType) else kind


def _nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    return f"did you mean `{near[0]}`?" if near else f"{otherwise} {', '.join(names)}."


def _sentence(text: str) -> str:
    return text.replace("Object ", "It ").replace("$.", "").replace(" - at `", ", at `")
