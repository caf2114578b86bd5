"""Which Python function is a condition? Written as source once a shape, and then only filled in.

Two rules of the same shape share their code: the operands are arguments. No word of a rule file is
ever part of the source, so that nothing in one can be more than a value.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from tactful.core.rules.rule import NEVER, NOW, All, AnyOf, Clause, Condition, HoldsFrom, NoneOf
from tactful.rulebook.fields.field_registry import FIELDS

_SHAPES: Final = 4096
_NUMBERS: Final = frozenset({"count", "share", "duration"})
_WORDS: Final = frozenset({"text", "word", "path", "flag"})


def generate_function(condition: Condition, *, known: bool = False) -> HoldsFrom:
    """The condition as one function; `known` takes positive personal clauses for granted."""
    operands = _Operands()
    if not _takes_time(condition):
        text = _boolean(condition, operands, known)
        return _bind_operands(f"return {NOW} if {text} else {NEVER}", operands)
    match condition:
        case Clause():
            return condition.holds_from
        case AnyOf(parts):
            return _bind_operands(_either(parts, operands, known), operands)
        case _:
            return _bind_operands(_every(condition.parts, operands, known), operands)


def _takes_time(condition: Condition) -> bool:
    """Whether the passing of time alone can make it hold; under `none` only the present counts."""
    match condition:
        case Clause():
            return condition.timed
        case NoneOf():
            return False
        case _:
            return any(_takes_time(part) for part in condition.parts)


class _Operands:
    """The values that the source refers to by number."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        """The name of a value in the source."""
        self.values.append(value)
        return f"c{len(self.values) - 1}"


def _bind_operands(body: str, operands: _Operands) -> HoldsFrom:
    return _factory(body, len(operands.values))(*operands.values)


@lru_cache(_SHAPES)
def _factory(body: str, operands: int) -> Callable[..., HoldsFrom]:
    names = ", ".join(f"c{number}" for number in range(operands))
    lines = "\n".join(f"        {line}" for line in body.split("\n"))
    source = f"def make({names}):\n    def ripens(s):\n{lines}\n    return ripens\n"
    space: dict[str, Any] = {"under": _under}
    exec(compile(source, "<condition>", "exec"), space)  # noqa: S102 - only our own templates
    make: Callable[..., HoldsFrom] = space["make"]
    return make


def _every(parts: tuple[Condition, ...], operands: _Operands, known: bool) -> str:
    """What is cheap and certain first; then the latest of what time brings about."""
    sure, timed = _split(parts, operands, known)
    lines = [f"if not ({' and '.join(sure)}): return {NEVER}"] if sure else []
    for number, name in enumerate(timed):
        lines += [f"t{number} = {name}(s)", f"if t{number} == {NEVER}: return {NEVER}"]
    times = ", ".join(f"t{number}" for number in range(len(timed)))
    return "\n".join([*lines, f"return max({times})" if len(timed) > 1 else "return t0"])


def _either(parts: tuple[Condition, ...], operands: _Operands, known: bool) -> str:
    sure, timed = _split(parts, operands, known)
    lines = [f"if {' or '.join(sure)}: return {NOW}"] if sure else []
    calls = ", ".join(f"{name}(s)" for name in timed)
    return "\n".join([*lines, f"return min({calls})" if len(timed) > 1 else f"return {calls}"])


def _split(
    parts: tuple[Condition, ...], operands: _Operands, known: bool
) -> tuple[list[str], list[str]]:
    """The parts that hold or do not, as expressions, and those that ripen, as functions."""
    sure: list[str] = []
    timed: list[str] = []
    for part in parts:
        if _takes_time(part):
            timed.append(operands.add(generate_function(part, known=known)))
        else:
            sure.append(_boolean(part, operands, known))
    return sure, timed


def _boolean(condition: Condition, operands: _Operands, known: bool) -> str:
    """An expression of the scene `s` for what holds now or does not."""
    match condition:
        case Clause():
            if known and condition.provenance == "personal":
                return "True"
            return _clause(condition, operands)
        case NoneOf(parts):
            return f"not ({' or '.join(_present(part, operands) for part in parts) or 'False'})"
        case All(parts):
            texts = [_boolean(part, operands, known) for part in parts]
            return f"({' and '.join(texts) or 'True'})"
        case _:
            texts = [_boolean(part, operands, known) for part in condition.parts]
            return f"({' or '.join(texts) or 'False'})"


def _present(part: Condition, operands: _Operands) -> str:
    if _takes_time(part):
        return f"{operands.add(generate_function(part))}(s) == {NOW}"
    return _boolean(part, operands, known=False)


def _clause(clause: Clause, operands: _Operands) -> str:
    field = FIELDS.get(clause.field)
    plain = field is not None and field.read is not None
    if field is not None and plain and field.type in _NUMBERS | _WORDS:
        read = field.inline or f"{operands.add(field.read)}(s)"
        text = _number(clause, read, operands) if field.type in _NUMBERS else None
        text = text or _word(clause, read, operands, several=field.several)
        if text is not None:
            return text
    return f"{operands.add(clause.holds_from)}(s) == {NOW}"


def _number(clause: Clause, read: str, operands: _Operands) -> str | None:
    match clause.op:
        case "at_least":
            return f"((v := {read}) is not None and v >= {operands.add(clause.value)})"
        case "at_most":
            return f"((v := {read}) is not None and v <= {operands.add(clause.value)})"
        case "between":
            low, high = (operands.add(value) for value in clause.value)
            return f"((v := {read}) is not None and {low} <= v <= {high})"
        case _:
            return None


def _word(clause: Clause, read: str, operands: _Operands, *, several: bool) -> str | None:
    match clause.op, several:
        case "in", False:
            return f"{read} in {operands.add(frozenset(clause.value))}"
        case "not", False:
            words = operands.add(frozenset(clause.value))
            return f"((v := {read}) is not None and v not in {words})"
        case "in", True:
            words = operands.add(frozenset(clause.value))
            return f"((v := {read}) is not None and not {words}.isdisjoint(v))"
        case "not", True:
            words = operands.add(frozenset(clause.value))
            return f"((v := {read}) is not None and {words}.isdisjoint(v))"
        case "under", True:
            prefixes = tuple(f"{path.strip('/')}/" for path in clause.value)
            return f"((v := {read}) is not None and under(v, {operands.add(prefixes)}))"
        case _:
            return None


def _under(paths: tuple[str, ...], prefixes: tuple[str, ...]) -> bool:
    for path in paths:  # noqa: SIM110 - a generator costs twice as much
        if f"{path}/".startswith(prefixes):
            return True
    return False
