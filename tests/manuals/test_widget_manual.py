"""Does the widget's manual name everything that a shop may use?"""

import re
from pathlib import Path

import pytest

WIDGET = Path(__file__).parents[2] / "widget"
README = (WIDGET / "README.md").read_text()
SOURCES = {path.name: path.read_text() for path in (WIDGET / "src").rglob("*.*s*")}


def used(pattern: str, *files: str) -> set[str]:
    """What a pattern finds in these sources."""
    return {name for file in files or SOURCES for name in re.findall(pattern, SOURCES[file])}


def commands() -> set[str]:
    body = SOURCES["start.js"].split("const commands = {")[1].split("\n  };")[0]
    return set(re.findall(r"^    (?:async )?(\w+)(?=[:(,])", body, re.MULTILINE))


NAMES = {
    "setting": used(r"setting\('(\w+)'\)"),
    "command": commands(),
    "event": used(r"emit\('(\w+)'"),
    "property": used(r"(--tactful-[a-z-]+)", "card.css"),
    "word": set(re.findall(r"\w+", SOURCES["locales.js"].split("KEYS")[1].split("'")[1]))
    | set(re.findall(r"\w+", SOURCES["words.js"].split("EXTRA_KEYS")[1].split("'")[1])),
    "part": set(re.findall(r"'(\w+)'", SOURCES["parts.js"].split("@param")[1].split("}")[0])),
    "source": used(r"\['([\w-]+)', \(\) =>", "watch.js"),
    "platform": {"Google Consent Mode", "IAB TCF", "WP Consent API", "Global Privacy Control"},
}


@pytest.mark.parametrize("kind", NAMES)
def test_the_manual_names_every(kind: str) -> None:
    assert len(NAMES[kind]) > 3, f"no {kind} was found in the sources: has their style changed?"
    assert [name for name in sorted(NAMES[kind]) if name not in README] == []


def test_each_advice_of_the_doctor_is_explained() -> None:
    advice = re.findall(r"&& ['\"`]([^'\"`$]{4,})", SOURCES["doctor.js"])
    assert len(advice) > 4
    assert [text for text in advice if text.split("(")[0].strip(" :") not in README] == []
