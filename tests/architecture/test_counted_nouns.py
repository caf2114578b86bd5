"""Messages count their nouns: "1 fact" and "2 facts", never "1 facts"."""

import ast
import re
from collections.abc import Iterator

from support.source_tree import PACKAGE

# Nouns that are never verbs in messages.
_NOUNS = (
    "accounts|alerts|amounts|carts|cases|cents|characters|clicks|codes|columns|commits|"
    "complaints|connections|connectors|copies|currencies|customers|days|decimals|deliveries|"
    "divisions|entries|erasures|errors|events|examples|experiments|exposures|facts|features|"
    "fields|files|findings|gates|groups|hours|images|items|keys|languages|levels|lines|messages|"
    "minutes|months|nodes|objects|offers|orders|pages|parts|pieces|places|plugins|points|"
    "positions|prices|problems|products|redemptions|rows|rules|seconds|sessions|shoppers|signals|"
    "steps|subscriptions|tables|tags|tests|texts|tickets|tokens|topics|turns|units|users|values|"
    "variants|versions|viewers|visits|vouchers|warnings|weeks|words|years"
)
_PLURAL = re.compile(
    r" (?:of the |of |more |bad |new |known |other |open |active |recorded )?"
    rf"({_NOUNS})\b"
)
_CONSTANT = re.compile(r"[_A-Z0-9.]+")
_COUNTED_OR_SHARE = re.compile(r".*\bcounted\(|format_percent\(")
_SEVERAL = {
    "self.rows": "limits of an import are large",
    "columns": "it is above a limit of many",
    "entries": "it is above a limit of many",
    "len(value)": "it is above a limit of many",
    "len(text)": "it is above a limit of many",
    "least": "secrets have at least 16 characters",
    "most": "it is a share",
}
"""Values that are never 1, with the reason."""


def plurals(source: str) -> Iterator[tuple[str, str]]:
    """Yield each value that stands before a plural in a text, and the plural."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, text in zip(node.values, node.values[1:], strict=False):
            if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                found = _PLURAL.match(str(text.value))
                if found:
                    yield ast.unparse(value.value), found[1]


def is_never_one(value: str) -> bool:
    """Return whether a plural behind this value is right."""
    return bool(value in _SEVERAL or _CONSTANT.fullmatch(value) or _COUNTED_OR_SHARE.match(value))


def test_a_value_before_a_plural_is_found() -> None:
    assert list(plurals("f'{len(a)} more facts'")) == [("len(a)", "facts")]
    assert list(plurals("f'{a} is {b}'")) == []


def test_every_message_counts_its_nouns() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {{{value}}} {noun}: use core/values/counts.py"
        for path in sorted(PACKAGE.rglob("*.py"))
        for value, noun in plurals(path.read_text("utf-8"))
        if not is_never_one(value)
    ]
    assert found == []
