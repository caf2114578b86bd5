"""How does a comparison become a function of the scene?

Closures over readers and prepared operands, one a clause: what explanations ask, and what the
generated function of a whole condition calls for the clauses that it cannot write out.
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
from tactful.rulebook.language.conditions import Comparison, ConditionTree
from tactful.rulebook.language.units import format_percent


def glob(pattern: str) -> Callable[[str], bool]:
    """The pattern as a test, blind to case."""
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
    """The tree as data that can be explained, on the clocks of `zone`."""
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


def build_clause(test: Comparison, zone: str) -> Clause:
    """One comparison, ready to be asked."""
    timed = test.field.type in {"weekday", "clock", "date"} or _is_timed(test)
    ripens = _on_clock(test, zone) if test.field.read is None and timed else _compare(test, zone)
    return Clause(
        field=test.name,
        op=test.op,
        value=test.value,
        read=_shown(test, zone),
        provenance=test.field.provenance,
        holds_from=ripens,
        timed=timed,
        text=test.text,
    )


def reads_customer(condition: Condition) -> bool:
    """Whether a positive clause reads what only a verified identity lets us know."""
    match condition:
        case Clause():
            return condition.provenance == "personal"
        case NoneOf():
            return False
        case _:
            return any(reads_customer(part) for part in condition.parts)


def _is_timed(test: Comparison) -> bool:
    return test.op == "before" or (test.field.reached_at is not None and test.op != "at_most")


def _nothing(_: Any) -> None:
    """The value of what is not read but looked up on the clock."""


def _reader(test: Comparison, zone: str) -> ReadField:
    """Scene → the raw value."""
    field = test.field
    if field.read_named is not None:
        read_named, named = field.read_named, test.name.split(".", 2)[2]
        return lambda scene: read_named(scene, named)
    if field.read_since is None:
        return field.read or _nothing
    read_since = field.read_since
    if test.window is None:
        return lambda scene: read_since(scene, 0)
    how, value = test.window
    if how == "within":
        return lambda scene: read_since(scene, scene.now - value)
    since = calendar.local_instant(value, zone, end=False)
    return lambda scene: read_since(scene, since)


def _compare(test: Comparison, zone: str) -> HoldsFrom:
    read, value = _reader(test, zone), test.value
    match test.field.type, test.op:
        case "duration", "at_least" | "between":
            return _lasting(test)
        case "instant", "before":
            return _elapsed(read, value)
        case "instant", "within":
            return _if(lambda scene: (at := read(scene)) is not None and scene.now - at <= value)
        case "instant", _:
            since = calendar.local_instant(value, zone, end=False)
            return _if(lambda scene: (at := read(scene)) is not None and at >= since)
        case "money", op:
            return _money(read, op, value)
        case "any", op:
            return _any(read, op, value)
        case "text" | "path" | "word" | "flag", op:
            return _words(read, op, value)
        case _:
            return _number(read, test.op, value)


def _if(holds: Callable[[Any], bool]) -> HoldsFrom:
    return lambda scene: NOW if holds(scene) else NEVER


def _lasting(test: Comparison) -> HoldsFrom:
    """A duration that grows by itself."""
    read, reaches = test.field.read, test.field.reached_at
    low, high = test.value if test.op == "between" else (test.value, NEVER)
    assert read is not None and reaches is not None, test.name  # noqa: S101, PT018 - the registry's

    def ripens(scene: Any) -> int:
        at = reaches(scene, low)
        if at > scene.now:
            return at
        return NOW if high == NEVER or read(scene) <= high else NEVER

    return ripens


def _elapsed(read: ReadField, value: int) -> HoldsFrom:
    def ripens(scene: Any) -> int:
        at = read(scene)
        if at is None:
            return NEVER
        return NOW if at + value <= scene.now else int(at + value)

    return ripens


def _number(read: ReadField, op: str, value: Any) -> HoldsFrom:
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
    """Amounts are compared in the currency of what is read; one that is not named does not hold."""
    pair = value if op == "between" else (value[0], value[0]) if op == "in" else (value, value)
    lows, highs = (None if op == "at_most" else pair[0]), (None if op == "at_least" else pair[1])

    def holds(scene: Any) -> bool:
        money = read(scene)
        if money is None:
            return False
        low = lows.get(money.currency) if lows is not None else money.amount
        high = highs.get(money.currency) if highs is not None else money.amount
        return low is not None and high is not None and low <= money.amount <= high

    return _if(holds)


def _any(read: ReadField, op: str, value: Any) -> HoldsFrom:
    """An attribute: a text, a number or a flag, compared as the file spells it."""
    if op in {"at_least", "at_most", "between"}:
        return _number(lambda s: n if type(n := read(s)) is int else None, op, value)

    def spelled(scene: Any) -> str | None:
        found = read(scene)
        return (
            str(found).lower() if isinstance(found, bool) else None if found is None else str(found)
        )

    return _words(spelled, op, value)


def _words(read: ReadField, op: str, value: Any) -> HoldsFrom:
    """One word, or several of which one must match (and none, for `not`)."""
    test = _word_test(op, value)
    if op == "not":

        def none_of(scene: Any) -> int:
            found = read(scene)
            if found is None:
                return NEVER
            words = found if type(found) is tuple else (found,)
            return NEVER if any(test(word) for word in words) else NOW

        return none_of

    def one_of(scene: Any) -> int:
        found = read(scene)
        if found is None:
            return NEVER
        if type(found) is tuple:
            for word in found:
                if test(word):
                    return NOW
            return NEVER
        return NOW if test(found) else NEVER

    return one_of


def _word_test(op: str, value: Any) -> Callable[[Any], bool]:
    if op == "under":
        prefixes = tuple(f"{path.strip('/')}/" for path in value)
        return lambda path: f"{path}/".startswith(prefixes)
    if op == "matches":
        globs = tuple(glob(pattern) for pattern in value)
        return lambda text: any(matches(text) for matches in globs)
    return frozenset(value).__contains__


def _on_clock(test: Comparison, zone: str) -> HoldsFrom:
    match test.field.type:
        case "weekday":
            hours = timetables.weekday_hours(test.op, test.value)
        case "clock":
            hours = timetables.clock_hours(test.op, test.value)
        case _:
            return timetables.holds_between_dates(*_dates(test), zone)
    return timetables.holds_while_open(timetables.weekly_state(zone, (hours,)))


def _dates(test: Comparison) -> tuple[str | None, str | None]:
    match test.op:
        case "at_least":
            return test.value, None
        case "at_most":
            return None, test.value
        case _:
            return test.value[0], test.value[-1]


def _shown(test: Comparison, zone: str) -> ReadField:
    """Scene → the value as a rule file would spell it."""
    match test.field.type:
        case "weekday":
            return lambda scene: WEEKDAYS[calendar.to_local(scene.now, zone).weekday()]
        case "clock":
            return lambda scene: f"{calendar.to_local(scene.now, zone):%H:%M}"
        case "date":
            return lambda scene: f"{calendar.to_local(scene.now, zone):%Y-%m-%d}"
        case _:
            pass
    read, show = _reader(test, zone), _SHOWN.get(test.field.type, _as_is)

    def shown(scene: Any) -> Any:
        value = read(scene)
        return None if value is None else show(value)

    return shown


def _as_is(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


_SHOWN: dict[str, Callable[[Any], Any]] = {
    "duration": lambda value: calendar.format_duration(value - value % calendar.SECOND),
    "money": format_plain,
    "share": format_percent,
    "instant": calendar.format_rfc3339,
}
