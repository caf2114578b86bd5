"""Use of the top-level words of the rule language in the rule files of the repository.

Run as `PYTHONPATH=tests python tests/tools/word_use.py`. A word that nobody needs is a word that everybody must learn,
so a test asks for a reason where no rule file uses one.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tactful.rulebook.language.grammar import FILE, OFFER, RULE

ROOT: Final = Path(__file__).parents[2]
PLACES: Final = ("rules/starter", "server/tactful/demo/rules", "examples")
"""Folders with rule files, the starter rules first."""
LEVELS: Final = {"file": FILE, "rule": RULE, "offer": OFFER}
"""Level → the keys that may stand there."""


def words() -> list[tuple[str, str]]:
    """Return (level, word) of each top-level word, in the order of the manual."""
    return [(level, key.name) for level, schema in LEVELS.items() for key in schema.keys]


def uses(place: str) -> Counter[tuple[str, str]]:
    """Count in how many files, rules and offers of a folder each word is used."""
    counted: Counter[tuple[str, str]] = Counter()
    for content in _contents(ROOT / place):
        counted.update(("file", key) for key in content)
        for rule in content.get("rules") or ():
            counted.update(("rule", key) for key in rule)
            counted.update(("offer", key) for key in rule.get("offer") or ())
    return counted


def _contents(folder: Path) -> Iterator[dict[str, Any]]:
    named = {name for level, name in words() if level == "file"}
    for path in sorted(folder.rglob("*.yaml")):
        if path.name.endswith(".test.yaml") or "node_modules" in path.parts:
            continue
        content = yaml.safe_load(path.read_text("utf-8"))
        if isinstance(content, dict) and named.intersection(content):
            yield content


def table() -> str:
    """Return the use of every word in each folder as a table of Markdown."""
    counted = [uses(place) for place in PLACES]
    head = f"| level | word | {' | '.join(PLACES)} |\n|---|---|{'---|' * len(PLACES)}\n"
    rows = (
        f"| {level} | `{word}` | {' | '.join(str(one[level, word]) for one in counted)} |"
        for level, word in words()
    )
    return head + "\n".join(rows)


if __name__ == "__main__":
    print(table())
