"""The tables and examples of `server/FACTS.md`; `make format` writes them, a test compares them."""

import json
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, inspect

from tactful.core.facts.fact_types import KINDS
from tactful.core.facts.reference.fields import EXAMPLES, MEANINGS, meaning_of

PATH = Path(__file__).parents[2] / "server" / "FACTS.md"
MARK = "<!-- generated: the rest of this page is written by `make format` -->\n"
COMMON = {"Money": "money", "Contact": "[contact](#contacts)"}
TITLES = {
    "product": "What is sold: one variant of a product",
    "price": "The public price of a variant in a territory",
    "cost": "What a variant costs the shop",
    "stock": "How many units can be sold",
    "gone": "Something that does not exist any more",
    "order": "A purchase through any channel",
    "return": "Goods that come back, or a refund without goods",
    "case": "A support case",
    "objection": "What a customer asked not to be offered",
    "review": "A rating",
    "recall": "What must not be offered to anybody",
    "customer": "What the shop says about a customer",
    "feed": "The heartbeat of a feed that has nothing new",
    "remedy": "A compensation voucher with its cause",
}


def type_words(found: inspect.Type) -> str:
    """Return a type in words."""
    match found:
        case inspect.UnionType():
            kinds = [one for one in found.types if not isinstance(one, inspect.NoneType)]
            return " or ".join(type_words(one) for one in kinds)
        case inspect.VarTupleType():
            most = f", at most {found.max_length:,}" if found.max_length else ""
            return f"list of {type_words(found.item_type)}{most}"
        case inspect.StructType():
            return COMMON.get(found.cls.__name__, "object")
        case inspect.LiteralType():
            words = [str(word) for word in found.values]
            return "currency" if len(words) > 50 else ", ".join(f"`{one}`" for one in words)
        case inspect.IntType():
            low, high = found.ge, found.le
            if low is None or high is None or high > 2**62:
                return "whole number"
            return f"{low:,} to {high:,}"
        case inspect.StrType():
            if found.pattern:
                return "territory"
            return f"text, at most {found.max_length}" if found.max_length else "text"
        case inspect.DateTimeType():
            return "instant"
        case inspect.BoolType():
            return "true or false"
        case _:
            return "object"


def fields_of(found: inspect.Type, prefix: str = "") -> list[tuple[str, inspect.Field]]:
    """Return (path, field) of every field of an object and of the objects in it."""
    if isinstance(found, inspect.UnionType):
        return [pair for one in found.types for pair in fields_of(one, prefix)]
    if isinstance(found, inspect.VarTupleType):
        return fields_of(found.item_type, f"{prefix}[]")
    if not isinstance(found, inspect.StructType) or found.cls.__name__ in COMMON:
        return []
    pairs = []
    for field in found.fields:
        path = f"{prefix}.{field.encode_name}" if prefix else field.encode_name
        pairs += [(path, field), *fields_of(field.type, path)]
    return pairs


def default_words(field: inspect.Field) -> str:
    """Return what an absent field means, in the column `absent`."""
    if field.required:
        return "required"
    if field.default in (NODEFAULT, None, ()):
        return "–"
    return f"`{json.dumps(field.default)}`"


def section(kind: str) -> str:
    """Return the section of one kind of fact."""
    rows = [
        f"| `{path}` | {type_words(field.type)} | {default_words(field)} | {meaning_of(kind, path)} |"
        for path, field in fields_of(inspect.type_info(KINDS[kind]))
        if path != "version"
    ]
    example: Any = json.dumps(EXAMPLES[kind], indent=1, ensure_ascii=False)
    return "\n".join(
        [
            f"## `{kind}`",
            f"{TITLES[kind]}.",
            "",
            "| field | value | absent | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
            "```json",
            example,
            "```",
            "",
        ]
    )


def with_reference(manual: str) -> str:
    """Return the manual with its generated part as it must be."""
    return manual.partition(MARK)[0] + MARK + "\n" + "\n".join(section(kind) for kind in MEANINGS)


if __name__ == "__main__":
    PATH.write_text(with_reference(PATH.read_text("utf-8")), "utf-8")
