"""Tests of the merchandiser's manual: it is complete, and its examples run.

This file also generates the reference part of the manual. After a change of the grammar or of the
fields, regenerate it with
`.venv/bin/python tests/manuals/test_rules_manual.py`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "server"))

from tactful.rulebook.checks.references import PLACEHOLDERS  # noqa: E402
from tactful.rulebook.compiler import compile_rulebook  # noqa: E402
from tactful.rulebook.fields.field_registry import FIELDS  # noqa: E402
from tactful.rulebook.language.conditions import OPERATORS  # noqa: E402 - after the path
from tactful.rulebook.language.grammar import FILE  # noqa: E402
from tactful.rulebook.language.mappings import (  # noqa: E402
    BareOrMapping,
    MappingSchema,
    NamedType,
    SequenceType,
)
from tactful.rulebook.language.scalars import ListType, ValueType  # noqa: E402
from tactful.rulebook.source.codes import CODES  # noqa: E402
from tactful.rulebook.source.diagnostics import Findings  # noqa: E402
from tactful.rulebook.source.tree import RuleSource  # noqa: E402
from tactful.rulebook.testing.coverage import Coverage  # noqa: E402
from tactful.rulebook.testing.runner import run_scenarios  # noqa: E402
from tactful.rulebook.testing.scenario_grammar import PAGE, TEST_FILE  # noqa: E402

MANUAL = ROOT / "rules" / "README.md"
BEGIN, END = "<!-- reference -->\n", "<!-- /reference -->\n"
FENCE = re.compile(r"```yaml( test| config)?\n(.*?)```", re.DOTALL)
NOW = 1_773_144_000_000
HEAD = "| key | meaning | example | without it |\n|---|---|---|---|"


def shapes(kind: ValueType, path: str) -> Iterator[tuple[str, MappingSchema]]:
    """Every mapping that may stand in a file, with the path to it."""
    match kind:
        case MappingSchema():
            yield path, kind
            for key in kind.keys:
                yield from shapes(key.value_type, f"{path}.{key.name}" if path else key.name)
        case SequenceType() | ListType():
            yield from shapes(kind.item_type, f"{path}[]")
        case NamedType():
            yield from shapes(kind.value_type, f"{path}.*")
        case BareOrMapping():
            yield from shapes(kind.schema, path)
        case _:
            pass


def keys(shape: MappingSchema) -> str:
    rows = [
        f"| `{key.name}` | {key.about} | `{key.example.replace('|', chr(92) + '|')}` "
        f"| {'required' if key.required else key.default or '–'} |"
        for key in shape.keys
    ]
    return "\n".join([HEAD, *rows])


def sections(kind: ValueType, title: str) -> str:
    """A table for each mapping; one that was shown already is not shown again."""
    parts: list[str] = []
    shown: dict[str, str] = {}
    for path, shape in shapes(kind, ""):
        table = keys(shape)
        if table in shown:
            continue
        shown[table] = path
        parts.append(f"{f'`{path}`' if path else title}:\n\n{table}")
    return "\n\n".join(parts)


def fields() -> str:
    rows = [
        f"| `{field.name}` | {field.type} | {field.about} | `{field.name}: {field.example}` "
        f"| {field.provenance}{', protected: no rule may use it' if field.protected else ''} |"
        for field in FIELDS.values()
    ]
    return "\n".join(
        ["| field | type | meaning | example | data |", "|---|---|---|---|---|", *rows]
    )


def comparisons() -> str:
    rows = [
        f"| {kind} | {', '.join(f'`{operator}`' for operator in operators)} |"
        for kind, operators in OPERATORS.items()
    ]
    return "\n".join(["| type of field | comparisons |", "|---|---|", *rows])


def findings() -> str:
    rows = [
        f"| [{code.id}](codes/{code.id}.md) | {code.severity} | {code.title} |"
        for code in CODES.values()
    ]
    return "\n".join(["| code | severity | title |", "|---|---|---|", *rows])


def reference() -> str:
    """The whole reference part."""
    placeholders = ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)
    return f"""
### Fields

{fields()}

The last column says which kind of data a field reads: `contextual` data of the item, the territory and the time, `pseudonymous` data of this session, or `personal` data of a verified customer who agreed to it.

### Comparisons

{comparisons()}

Beside a comparison of a count or a sum, `within` and `since` limit it to a time.

### Placeholders

{placeholders}.

### Rule files

{sections(FILE, "A rule file")}

### Test files

{sections(TEST_FILE, "A file of tests")}

The value of `page` is the kind of a page, or a mapping:

{keys(PAGE)}

### Findings

{findings()}

"""


def manual() -> str:
    return MANUAL.read_text("utf-8")


def blocks(info: str) -> list[str]:
    return [text for how, text in FENCE.findall(manual()) if how.strip() == info]


def test_the_reference_is_the_generated_one() -> None:
    found = manual().partition(BEGIN)[2].partition(END)[0]
    assert found == reference()


@pytest.mark.parametrize(
    "text",
    blocks(""),
    ids=lambda text: text.partition("id: ")[2].partition("\n")[0] or text.partition(":")[0],
)
def test_every_rule_in_the_manual_compiles_without_findings(text: str) -> None:
    compiled = compile_rulebook([RuleSource("README.md", text.encode())], now=NOW)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None


def test_the_test_in_the_manual_passes() -> None:
    [rules] = [text for text in blocks("") if "id: hesitating-over-boots" in text]
    [tests] = blocks("test")
    book = compile_rulebook([RuleSource("README.md", rules.encode())], now=NOW).rulebook
    assert book is not None
    found = Findings()
    played = run_scenarios(
        [RuleSource("README.md", tests.encode())], book, found, Coverage(book.rules)
    )
    assert found.sorted() == ()
    assert [one.failures for one in played] == [(), ()]


def test_the_finding_in_the_manual_is_what_the_checker_says() -> None:
    [rules] = [text for text in blocks("") if "id: hesitating-over-boots" in text]
    bad = rules.replace("item.stock", "item.stokc")
    [one] = compile_rulebook([RuleSource("x", bad.encode())], now=NOW).diagnostics
    assert f"yaml:{one.line}:{one.column}: {one.code} {one.message}" in manual()
    assert one.help in manual()


def test_every_command_is_in_the_manual_and_no_other() -> None:
    from tactful.cli.rules.commands import rules  # noqa: PLC0415 - only needed here

    assert set(re.findall(r"tactful rules ([a-z]+)", manual())) == set(rules.commands)


if __name__ == "__main__":
    before, _, rest = manual().partition(BEGIN)
    MANUAL.write_text(f"{before}{BEGIN}{reference()}{END}{rest.partition(END)[2]}", "utf-8")
