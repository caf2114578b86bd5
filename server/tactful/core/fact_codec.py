"""How is a fact read from JSON, and what is wrong with one that is not?"""

import re
from difflib import get_close_matches
from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.core.facts import AnyFact, Fact, kind_of

_DECODE: Final = msgspec.json.Decoder[AnyFact](AnyFact).decode
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode
_UNKNOWN: Final = re.compile(r"unknown field `(.+?)`")
KINDS: Final[dict[str, type[Fact]]] = {
    str(kind.__struct_config__.tag): kind for kind in Fact.__subclasses__()
}


class Rejection(Struct, frozen=True):
    """Why one fact is refused; `index` is its place in the batch."""

    index: int
    code: str
    message: str


def decode(raw: bytes | msgspec.Raw, index: int = 0) -> AnyFact | Rejection:
    """One fact; every kind of bad input comes back as a value."""
    try:
        fact = _DECODE(raw)
    except msgspec.ValidationError as error:
        return _invalid(raw, index, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Rejection(index, "fact.malformed", f"This is not JSON: {error}.")
    except RecursionError:
        return Rejection(index, "fact.malformed", "This is nested too deeply.")
    problem = _inconsistent(fact)
    return Rejection(index, "fact.inconsistent", problem) if problem else fact


def encode(fact: AnyFact) -> bytes:
    """The one spelling of a fact."""
    return _ENCODE(fact)


def _inconsistent(fact: AnyFact) -> str | None:
    """What the types alone cannot say."""
    match kind_of(fact):
        case "recall" if not (fact.product or fact.skus):  # type: ignore[union-attr]
            return "A recall names a `product` or `skus`: add one of them."
        case "case" if fact.status == "merged" and not fact.merged_into:  # type: ignore[union-attr]
            return "A merged case says which case it went into: add `merged_into`."
        case "remedy" if not (fact.cause.case or fact.cause.order or fact.cause.skus):  # type: ignore[union-attr]
            return "A remedy knows its cause: give `case`, `order` or `skus`."
        case "price":
            return _mixed(fact)
        case _:
            return None


def _mixed(fact: Any) -> str | None:
    for name in ("list", "target", "minimum_advertised"):
        money = getattr(fact, name)
        if money is not None and money.currency != fact.price.currency:
            return f"`{name}` is in {money.currency}, `price` in {fact.price.currency}: use one."
    if fact.price.amount <= 0:
        return "A price is more than 0."
    return None


def _invalid(raw: bytes | msgspec.Raw, index: int, text: str) -> Rejection:
    kind = _kind(raw)
    if kind not in KINDS:
        return Rejection(index, "fact.unknown_type", _unknown_type(kind))
    unknown = _UNKNOWN.search(text)
    if unknown is None:
        return Rejection(index, "fact.invalid", f"{_sentence(text)} (in a `{kind}`)")
    known = [field.encode_name for field in msgspec.structs.fields(KINDS[kind])]
    name = unknown[1]
    if " - at `$.`" in text or "at `$." in text:
        return Rejection(index, "fact.unknown_field", f"{_sentence(text)} (in a `{kind}`)")
    near = get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(sorted(known))}."
    return Rejection(index, "fact.unknown_field", f"A `{kind}` has no field `{name}`; {hint}")


def _kind(raw: bytes | msgspec.Raw) -> str | None:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    kind = found.get("type") if isinstance(found, dict) else None
    return kind if isinstance(kind, str) else None


def _unknown_type(kind: str | None) -> str:
    kinds = ", ".join(sorted(KINDS))
    if kind is None:
        return f"A fact is an object with a `type`: {kinds}."
    near = get_close_matches(kind, KINDS, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {kinds}."
    return f"There is no fact of type `{kind}`; {hint}"


def _sentence(text: str) -> str:
    return text.replace("Object ", "It ").replace("$.", "").replace(" - at `", ", at `")
