"""Builds conditions as data: one clause per comparison, each with a function of the scene.

The functions are closures over a reader and prepared operands. Explanations call them clause by
clause. The generated function of a whole condition (`codegen.py`) calls them for the clauses whose
form it cannot write as an expression.
"""

from collections.abc import Callable
from typing import Any

from tactful.core.rules.rule import (
    NEVER,
    NOW,
    All,
    AnyOf,
    Clause,
    Condition,
    HoldsFrom,
    NoneOf,
    ReadField,
)
from tactful.core.values import calendar
from tactful.core.values.money import format_plain
from tactful.core.values.weekly_schedule import WEEKDAYS
from tactful.rulebook.compilation import timetables
from tactful.rulebook.fields.item_fields import UNLIMITED
from tactful.rulebook.language.conditions import Comparison, ConditionTree
from tactful.rulebook.language.units import format_percent


def glob(pattern: str) -> Callable[[str], bool]:
    """Return a function that tests a text against a pattern, regardless of case.

    `*` stands for any text, including an empty one; every other character stands for itself.
    The pattern is split once and searched from left to right, so the time is linear in the text. A
    regular expression could backtrack without bound on a hostile pattern.
    """
    first, *rest = pattern.casefold().split("*")
    if not rest:
        return lambda text: text.casefold() == first
    *middle, last = rest

    def matches(text: str) -> bool:
        folded = text.casefold()
        at, end = len(first), len(folded) - len(last)
        if not (folded.startswith(first) and folded.endswith(last) and at <= end):
            return False
        for piece in middle:
            at = folded.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return matches


def build_condition(tree: ConditionTree, zone: str) -> Condition:
    """Return a condition tree as data that can be evaluated and explained.

    Args:
        tree: the parsed condition.
        zone: IANA time zone of dates, weekdays and times of day.
    """
    if isinstance(tree, Comparison):
        return build_clause(tree, zone)
    parts = tuple(build_condition(part, zone) for part in tree.parts)
    match tree.kind:
        case "all":
            return All(parts)
        case "any":
            return AnyOf(parts)
        case _:
            return NoneOf(parts)


def build_clause(comparison: Comparison, zone: str) -> Clause:
    """Return one comparison as a clause; `zone` is as for `build_condition`."""
    timed = comparison.field.type in {"weekday", "clock", "date"} or _is_timed(comparison)
    holds_from = (
        _on_clock(comparison, zone)
        if comparison.field.read is None and timed
        else _compare(comparison, zone)
    )
    return Clause(
        field=comparison.name,
        op=comparison.op,
        value=comparison.comparable_value,
        read=_displayed_value(comparison, zone),
        provenance=comparison.field.provenance,
        holds_from=holds_from,
        timed=timed,
        text=comparison.text,
    )


def reads_customer(condition: Condition) -> bool:
    """Return whether a positive clause reads a field that needs a verified identity."""
    match condition:
        case Clause():
            return condition.provenance == "personal"
        case NoneOf():
            return False
        case _:
            return any(reads_customer(part) for part in condition.parts)


def _is_timed(comparison: Comparison) -> bool:
    """Return whether time alone can make the comparison hold."""
    return comparison.op == "before" or (
        comparison.field.reached_at is not None and comparison.op != "at_most"
    )


def _no_value(_: Any) -> None:
    """Stand in for the reader of a `time.*` field, which is not read from the scene."""


def _reader(comparison: Comparison, zone: str) -> ReadField:
    """Return a function: scene → the raw value of the field, or None where it is not known."""
    field = comparison.field
    if field.read_named is not None:
        read_named, named = field.read_named, comparison.name.split(".", 2)[2]
        return lambda scene: read_named(scene, named)
    if field.read_since is None:
        return field.read or _no_value
    read_since = field.read_since
    if comparison.window is None:
        return lambda scene: read_since(scene, 0)
    how, value = comparison.window
    if how == "within":
        return lambda scene: read_since(scene, scene.now - value)
    since = calendar.local_instant(value, zone, end=False)
    return lambda scene: read_since(scene, since)


def _compare(comparison: Comparison, zone: str) -> HoldsFrom:
    """Return the function of a comparison of a field that is read from the scene."""
    read, value = _reader(comparison, zone), comparison.comparable_value
    match comparison.field.type, comparison.op:
        case "duration", "at_least" | "between":
            return _lasting(comparison)
        case "instant", "before":
            return _elapsed(read, value)
        case "instant", "within":
            return _untimed(
                lambda scene: (at := read(scene)) is not None and scene.now - at <= value
            )
        case "instant", _:
            since = calendar.local_instant(value, zone, end=False)
            return _untimed(lambda scene: (at := read(scene)) is not None and at >= since)
        case "money", op:
            return _money(read, op, value)
        case "any", op:
            return _any(read, op, value)
        case "text" | "path" | "word" | "flag", op:
            return _words(read, op, value, ignores_case=comparison.field.ignores_case)
        case _:
            return _number(read, comparison.op, value)


def _untimed(holds: Callable[[Any], bool]) -> HoldsFrom:
    return lambda scene: NOW if holds(scene) else NEVER


def _lasting(comparison: Comparison) -> HoldsFrom:
    """Return the function of a duration that grows by itself, such as `session.dwell`."""
    read, reached_at = comparison.field.read, comparison.field.reached_at
    low, high = comparison.value if comparison.op == "between" else (comparison.value, NEVER)
    # Fields of this type have both functions; the assertion is for the type checker.
    assert read is not None and reached_at is not None, comparison.name  # noqa: S101, PT018

    def holds_from(scene: Any) -> int:
        at = reached_at(scene, low)
        if at > scene.now:
            return at
        return NOW if high == NEVER or read(scene) <= high else NEVER

    return holds_from


def _elapsed(read: ReadField, value: int) -> HoldsFrom:
    """Return the function of `before`: the field's instant is at least `value` milliseconds ago."""

    def holds_from(scene: Any) -> int:
        at = read(scene)
        if at is None:
            return NEVER
        return NOW if at + value <= scene.now else int(at + value)

    return holds_from


def _number(read: ReadField, op: str, value: Any) -> HoldsFrom:
    """Return the function of a comparison of numbers."""
    match op:
        case "at_least":
            return lambda s: NOW if (n := read(s)) is not None and n >= value else NEVER
        case "at_most":
            return lambda s: NOW if (n := read(s)) is not None and n <= value else NEVER
        case "between":
            low, high = value
            return lambda s: NOW if (n := read(s)) is not None and low <= n <= high else NEVER
        case "not":
            unwanted = frozenset(value)
            return lambda s: NOW if (n := read(s)) is not None and n not in unwanted else NEVER
        case _:
            wanted = frozenset(value)
            return lambda s: NOW if read(s) in wanted else NEVER


def _money(read: ReadField, op: str, value: Any) -> HoldsFrom:
    """Return the function of a comparison of money.

    Amounts are compared in the currency of the value. Without an amount in that currency, the
    comparison does not hold.
    """
    pair = value if op == "between" else (value[0], value[0]) if op == "in" else (value, value)
    lows, highs = (None if op == "at_most" else pair[0]), (None if op == "at_least" else pair[1])

    def holds(scene: Any) -> bool:
        money = read(scene)
        if money is None:
            return False
        low = lows.get(money.currency) if lows is not None else money.amount
        high = highs.get(money.currency) if highs is not None else money.amount
        return low is not None and high is not None and low <= money.amount <= high

    return _untimed(holds)


def _any(read: ReadField, op: str, value: Any) -> HoldsFrom:
    """Return the function of an attribute: a text, a number or a flag, compared as spelled."""
    if op in {"at_least", "at_most", "between"}:
        return _number(lambda s: n if type(n := read(s)) is int else None, op, value)

    def spelled(scene: Any) -> str | None:
        found = read(scene)
        return (
            str(found).lower() if isinstance(found, bool) else None if found is None else str(found)
        )

    return _words(spelled, op, value, ignores_case=True)


def _words(read: ReadField, op: str, value: Any, *, ignores_case: bool) -> HoldsFrom:
    """Return the function of words: one of the values must match, or none of them for `not`."""
    matches = _word_test(op, value, ignores_case=ignores_case)
    if op == "not":

        def none_of(scene: Any) -> int:
            found = read(scene)
            if found is None:
                return NEVER
            words = found if type(found) is tuple else (found,)
            return NEVER if any(matches(word) for word in words) else NOW

        return none_of

    def one_of(scene: Any) -> int:
        found = read(scene)
        if found is None:
            return NEVER
        if type(found) is tuple:
            for word in found:
                if matches(word):
                    return NOW
            return NEVER
        return NOW if matches(found) else NEVER

    return one_of


def _word_test(op: str, value: Any, *, ignores_case: bool) -> Callable[[Any], bool]:
    if op == "under":
        prefixes = tuple(f"{path}/" for path in value)
        return lambda path: f"{path}/".casefold().startswith(prefixes)
    if op == "matches":
        globs = tuple(glob(pattern) for pattern in value)
        return lambda text: any(matches(text) for matches in globs)
    words = frozenset(value)
    return (lambda text: text.casefold() in words) if ignores_case else words.__contains__


def _on_clock(comparison: Comparison, zone: str) -> HoldsFrom:
    """Return the function of a `time.*` field."""
    match comparison.field.type:
        case "weekday":
            hours = timetables.weekday_hours(comparison.op, comparison.value)
        case "clock":
            hours = timetables.clock_hours(comparison.op, comparison.value)
        case _:
            return timetables.holds_between_dates(*_date_range(comparison), zone)
    return timetables.holds_while_open(timetables.weekly_state(zone, (hours,)))


def _date_range(comparison: Comparison) -> tuple[str | None, str | None]:
    match comparison.op:
        case "at_least":
            return comparison.value, None
        case "at_most":
            return None, comparison.value
        case _:
            return comparison.value[0], comparison.value[-1]


def _displayed_value(comparison: Comparison, zone: str) -> ReadField:
    """Return a function: scene → the value as a rule file would spell it, for explanations."""
    match comparison.field.type:
        case "weekday":
            return lambda scene: WEEKDAYS[calendar.to_local(scene.now, zone).weekday()]
        case "clock":
            return lambda scene: f"{calendar.to_local(scene.now, zone):%H:%M}"
        case "date":
            return lambda scene: f"{calendar.to_local(scene.now, zone):%Y-%m-%d}"
        case _:
            pass
    read, display = _reader(comparison, zone), _DISPLAY.get(comparison.field.type, _as_is)

    def displayed(scene: Any) -> Any:
        value = read(scene)
        return None if value is None else display(value)

    return displayed


def _as_is(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


_DISPLAY: dict[str, Callable[[Any], Any]] = {
    "count": lambda value: "unlimited" if value == UNLIMITED else value,
    "duration": lambda value: calendar.format_duration(value - value % calendar.SECOND),
    "money": format_plain,
    "share": format_percent,
    "instant": calendar.format_rfc3339,
}
