"""What gates saw and need, in words and in the zone of the shop."""

import ast
from pathlib import Path

import tactful
from tactful.console.gate_words import FIELD_WORDS, change_words, needed_words, words_of
from tactful.console.languages import in_language, say
from tactful.core.values.money import Money
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def test_values_are_written_in_words() -> None:
    assert words_of({"since": "2026-07-10T12:00:00Z"}, "Europe/Berlin") == (
        "since 2026-07-10 14:00:00 CEST"
    )
    assert words_of({"engaged": 30, "more": 5}, "UTC") == "30 s of engaged time, 5 s more"
    assert words_of({"engaged": "more"}, "UTC") == "more engaged time"
    assert words_of([True, None, Money(500, "EUR")], "UTC") == "yes, nothing, 5.00 EUR"


def _parts() -> set[str]:
    """The names of the parts of what gates saw and need, in the sources of the core."""
    found: set[str] = set()
    for path in (Path(tactful.__file__).parent / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                made = [part for one in node.keywords for part in ast.walk(one.value)]
                keys = [key for one in made if isinstance(one, ast.Dict) for key in one.keys]
                found |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
    return found


def test_every_part_of_what_a_gate_saw_has_words() -> None:
    assert {"remedy", "per_session"} <= _parts()
    assert _parts() - {"engaged", "more"} <= set(FIELD_WORDS)


def test_what_a_gate_saw_is_said_in_german() -> None:
    with in_language("de"):
        assert words_of({"remedy": None}, "UTC") == "Gutschein nichts"
        assert (
            words_of({"engaged": "more"}, "UTC") == say("more engaged time") != "more engaged time"
        )
        assert words_of({"per_session": 2}, "UTC") == "Angebote in einer Sitzung 2"
        assert words_of("a verified identity", "UTC") == "eine bestätigte Anmeldung"


def test_a_gate_says_what_would_change_it_and_when_it_does_so_by_itself() -> None:
    waits = Finding(Reason.STOCK_OUT, None, None, until=1_773_144_000_000)
    assert change_words(waits, "UTC").endswith("; by itself at 2026-03-10 12:00:00 UTC")
    assert "by itself" not in change_words(Finding(Reason.STOCK_OUT, None, None), "UTC")
    missing = Finding(Reason.PRICE_MISSING, None, "a cost")
    assert change_words(missing, "UTC").startswith("a cost fact for this item arrives")
    assert needed_words(missing, "EUR", "UTC") == "a cost"
