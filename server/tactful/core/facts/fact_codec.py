"""Decoding and encoding of facts as JSON, with messages for refused facts.

The messages are for the authors of a shop's connectors: they name the field, and the nearest valid
word. Decoding never raises for bad input.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from tactful.core.facts.checks.consistency import consistency_findings
from tactful.core.facts.checks.findings import (
    FieldError,
    FieldFinding,
    FieldNote,
    nearest_or_all,
)
from tactful.core.facts.checks.normal_forms import (
    OPTIONAL_INSTANTS,
    absent_note,
    is_no_date_text,
    missing_instants,
    normalised,
)
from tactful.core.facts.checks.shape import is_instant, shape_findings
from tactful.core.facts.fact_types import KINDS, AnyFact
from tactful.core.facts.reference.fields import EXAMPLES, example_at
from tactful.core.values.counts import counted

_DECODE: Final[Callable[[bytes | msgspec.Raw], AnyFact]] = msgspec.json.Decoder[AnyFact](
    AnyFact
).decode
decode_stored: Final = _DECODE
"""Return a fact from its stored spelling, which `encode` wrote after `decode` had checked the fact.

Raises `msgspec.DecodeError` where the stored text is damaged.
"""
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_LINE: Final = re.compile(r"lines\[(\d+)\]")
_REQUIRED: Final = {
    name: frozenset(field.encode_name for field in structs.fields(kind) if field.required)
    for name, kind in KINDS.items()
}
_FIELDS: Final = {
    name: frozenset({"type", *(field.encode_name for field in structs.fields(kind))})
    for name, kind in KINDS.items()
}
MAX_FACT_BYTES: Final = 1 << 20
"""The most bytes of a fact as JSON. One of 2,000 lines of an order takes some 300 KiB."""
_NAMED_ERRORS: Final = 5
"""The most errors that one message repeats; `errors` has all of them."""
_MAX_ERRORS: Final = 50
"""The most errors that are reported for one fact."""
_CODES: Final = (
    "fact.unknown_field",
    "fact.invalid",
    "fact.unknown_territory",
    "fact.inconsistent",
)
"""The codes of findings. The first one that applies is the code of the rejection."""


class _Typed(Struct, frozen=True):
    """The field that says which kind of fact is meant."""

    type: str | None = None


_TYPED: Final = msgspec.json.Decoder(_Typed).decode


class FactRejection(Struct, frozen=True):
    """Why one fact is refused. The field names are on the wire."""

    index: int
    """The position of the fact in its batch, from 0."""
    code: str
    """`fact.malformed`, `fact.unknown_type`, `fact.erased`, or one of `_CODES`."""
    message: str
    """What is wrong, and what to write instead."""
    errors: tuple[FieldError, ...] = ()
    """Every error of the fact."""


class FactReading(Struct, frozen=True):
    """A fact in its normal form, or why it is refused."""

    result: AnyFact | FactRejection
    notes: tuple[FieldNote, ...] = ()
    """Values that were read as absent or left out."""


def decode(raw: bytes | msgspec.Raw, index: int = 0) -> AnyFact | FactRejection:
    """Decode one fact, or say why it is refused; no input raises.

    Args:
        raw: The fact as UTF-8 JSON.
        index: The position of the fact in its batch, for the rejection.
    """
    return read_fact(raw, index).result


def read_fact(raw: bytes | msgspec.Raw, index: int = 0) -> FactReading:
    """Read one fact, or say why it is refused; no input raises.

    Args:
        raw: The fact as UTF-8 JSON.
        index: The position of the fact in its batch, for the rejection.
    """
    notes: list[FieldNote] = []
    if len(bytes(raw)) > MAX_FACT_BYTES:
        message = f"The fact has more than {MAX_FACT_BYTES:,} bytes. Write one fact for each thing."
        return _refused(index, "fact.malformed", message)
    try:
        if (twice := _duplicate_key(bytes(raw))) is not None:
            message = f"The key `{twice[:64]}` appears twice in one object. Write it once."
            return _refused(index, "fact.malformed", message)
        try:
            fact = _DECODE(raw)
        except msgspec.ValidationError:
            found = _read_patiently(raw, index, notes)
            if isinstance(found, FactReading):
                return found
            fact = found
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        return _refused(index, "fact.malformed", _malformed(raw, error))
    except RecursionError:
        return _refused(index, "fact.malformed", "This is nested too deeply. Write it flat.")
    fact, more = normalised(fact)
    notes += more
    findings = [*missing_instants(fact), *consistency_findings(fact)]
    if findings:
        return _rejected(index, str(fact.__struct_config__.tag), findings)
    return FactReading(fact, tuple(notes))


def _refused(index: int, code: str, message: str) -> FactReading:
    return FactReading(FactRejection(index, code, message, (FieldError("", message),)))


def _rejected(index: int, kind: str, findings: list[FieldFinding]) -> FactReading:
    code = min((found.code for found in findings), key=_CODES.index)
    errors = tuple(_with_example(kind, found.error) for found in findings[:_MAX_ERRORS])
    # The errors that the code names come first in the message.
    ordered = sorted(findings, key=lambda found: found.code != code)
    texts = [found.error.message for found in ordered]
    message = " ".join(texts[:_NAMED_ERRORS])
    if len(texts) > _NAMED_ERRORS:
        message += f" And {counted(len(texts) - _NAMED_ERRORS, 'more error')}."
    article = "an" if kind[:1] in "aeiou" else "a"
    return FactReading(FactRejection(index, code, f"{message} (in {article} `{kind}`)", errors))


def _with_example(kind: str, error: FieldError) -> FieldError:
    example = example_at(kind, error.path)
    return error if example is None else structs.replace(error, example=example)


def _malformed(raw: bytes | msgspec.Raw, error: Exception) -> str:
    # JavaScript writes half of a surrogate pair where a text was cut inside an emoji.
    half = _SURROGATE.search(bytes(raw))
    if half is None:
        return f"This is not JSON: {error}."
    return (
        f"A text may hold half a character near {half[0].decode()}: cut texts between characters."
    )


def _duplicate_key(raw: bytes) -> str | None:
    """Return a key that one object has twice, or `None`.

    Counting the colons of keys is enough for almost every fact; only the others are parsed again.
    """
    plain = msgspec.json.decode(raw)
    if raw.count(b'":') + raw.count(b'" :') <= _ENCODE(plain).count(b'":'):
        return None
    try:
        json.loads(raw, object_pairs_hook=_unique_keys)
    except KeyError as error:
        return str(error.args[0])
    return None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise KeyError(key)
        found[key] = value
    return found


def _read_patiently(
    raw: bytes | msgspec.Raw, index: int, notes: list[FieldNote]
) -> AnyFact | FactReading:
    """Read a fact that the decoder refused: once more without its nulls, or with all of its errors."""
    kind = _kind(raw)
    if kind not in KINDS:
        return _refused(index, "fact.unknown_type", _unknown_type(kind))
    plain = _without_nulls(msgspec.json.decode(raw), _REQUIRED[kind])
    for name in ("version", *OPTIONAL_INSTANTS.get(KINDS[kind], ())):
        if is_no_date_text(plain.get(name)) and not is_instant(plain[name]):
            del plain[name]
            notes.append(absent_note(name))
    findings = shape_findings(KINDS[kind], plain)
    if kind == "order" and findings:
        findings = _without_bad_lines(plain, findings, notes)
    if findings:
        others = _other_findings(kind, plain, findings)
        return _rejected(index, kind, findings + others)
    return _DECODE(msgspec.json.encode(plain))


def _without_nulls(value: Any, required: Collection[str] = ()) -> Any:
    # An optional field may be `null` as well as absent.
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_nulls(one) for key, one in value.items() if one is not None or key in required
    }


def _without_bad_lines(
    plain: dict[str, Any], findings: list[FieldFinding], notes: list[FieldNote]
) -> list[FieldFinding]:
    """Leave out the bad lines of an order, and return the errors that remain.

    One bad line must not take away the knowledge that the customer owns what the others name. A line
    without an SKU is kept with an empty one.
    """
    lines = plain.get("lines")
    if not isinstance(lines, list):
        return findings
    remaining: list[FieldFinding] = []
    bad: dict[int, str] = {}
    for found in findings:
        line = _LINE.match(found.error.path)
        if line is None:
            remaining.append(found)
            continue
        place = int(line[1])
        if found.error.path == f"lines[{place}].sku" and "sku" not in lines[place]:
            lines[place]["sku"] = ""
            message = "The line has no SKU: it is kept, and counts for nothing."
            notes.append(FieldNote(f"lines[{place}]", message))
        else:
            bad.setdefault(place, found.error.message)
    if bad and len(bad) == len(lines):
        return findings
    notes += [FieldNote(f"lines[{n}]", f"{text} The line is left out.") for n, text in bad.items()]
    plain["lines"] = [line for n, line in enumerate(lines) if n not in bad]
    return remaining


def _other_findings(
    kind: str, plain: Mapping[str, Any], findings: list[FieldFinding]
) -> list[FieldFinding]:
    """Return the contradictions among the fields whose shape is right.

    The wrong fields are replaced by those of the example, so that the rest can be judged.
    """
    wrong = {_top(path) for found in findings for path in found.fields}
    # A field that is missing under a misspelt name has no finding of its own.
    wrong |= _REQUIRED[kind] - plain.keys()
    example = EXAMPLES[kind]
    known = _FIELDS[kind] - wrong
    repaired = {name: value for name, value in plain.items() if name in known}
    repaired |= {name: example[name] for name in wrong if name in example}
    fact, _ = normalised(_DECODE(_ENCODE(repaired)))
    others = [*missing_instants(fact), *consistency_findings(fact)]
    return [one for one in others if wrong.isdisjoint(_top(path) for path in one.fields)]


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def encode(fact: AnyFact) -> bytes:
    """Return the canonical spelling of a fact: equal facts have equal bytes."""
    return _ENCODE(fact)


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
    return f"There is no fact of type `{kind[:64]}`; {nearest_or_all(kind, KINDS, 'there are')}"
