"""A small evaluator of PromQL, for the expressions of `examples/monitoring`.

It knows selectors, `rate`, `increase`, `histogram_quantile`, arithmetic, comparisons with numbers,
`unless`, and `on` and `ignoring`. Unlike Prometheus it does not extrapolate, so an increase is the
difference between the last and the first sample of a range.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
"""Labels without the name → value."""

TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)(?![\w.])|([a-zA-Z_]\w*)|(==|!=|>=|<=|[-+*/<>(),]))")
SELECTOR = re.compile(r"(\w+)(?:\{([^}]*)\})?(?:\[(\d+)([smhd])\])?")
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else float("nan"),
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
FUNCTIONS = ("rate", "increase", "histogram_quantile")


class Samples:
    """What was scraped: name and labels → (second, value) pairs in order."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, Labels], list[tuple[float, float]]] = {}
        self.now = 0.0

    def add(self, second: float, name: str, labels: dict[str, str], value: float) -> None:
        """Add one sample."""
        self.now = max(self.now, second)
        key = (name, frozenset({**labels, "job": "tactful", "instance": "shop"}.items()))
        self.series.setdefault(key, []).append((second, value))

    def evaluate(self, expression: str) -> Vector:
        """The value of an expression at the latest scrape."""
        parser = _Parser(expression, self)
        found = parser.comparison()
        assert parser.rest() == "", f"not understood: {parser.rest()!r} in {expression}"
        assert isinstance(found, dict)
        return found


class _Parser:
    def __init__(self, text: str, samples: Samples) -> None:
        self.text, self.samples, self.place = text, samples, 0

    def rest(self) -> str:
        return self.text[self.place :].strip()

    def peek(self) -> str:
        found = TOKEN.match(self.text, self.place)
        return found.group().strip() if found else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        assert token, f"not understood: {self.rest()!r}"
        assert wanted in {None, token}, f"{wanted} expected at {self.rest()!r}"
        found = TOKEN.match(self.text, self.place)
        self.place = found.end() if found else self.place
        return token

    def comparison(self) -> Any:
        left = self.sum()
        if self.peek() == "unless":
            self.take()
            keep, ignored = self.matching()
            right = {_key(labels, keep, ignored) for labels in self.sum()}
            return {one: v for one, v in left.items() if _key(one, keep, ignored) not in right}
        if self.peek() in COMPARISONS:
            holds = COMPARISONS[self.take()]
            right = self.sum()
            assert isinstance(right, float), "only numbers are compared"
            return {labels: value for labels, value in left.items() if holds(value, right)}
        return left

    def sum(self) -> Any:
        return self.chain(("+", "-"), self.product)

    def product(self) -> Any:
        return self.chain(("*", "/"), self.atom)

    def chain(self, signs: tuple[str, ...], part: Callable[[], Any]) -> Any:
        left = part()
        while self.peek() in signs:
            calculate = ARITHMETIC[self.take()]
            keep, ignored = self.matching()
            left = _combine(calculate, left, part(), keep, ignored)
        return left

    def matching(self) -> tuple[set[str] | None, set[str]]:
        """(labels of `on`, or None; labels of `ignoring`)."""
        kind = self.peek()
        if kind not in {"on", "ignoring"}:
            return None, set()
        self.take()
        self.take("(")
        named = set()
        while self.peek() != ")":
            named.add(self.take())
            if self.peek() == ",":
                self.take()
        self.take(")")
        return (named, set()) if kind == "on" else (None, named)

    def atom(self) -> Any:
        token = self.peek()
        if token == "(":
            self.take()
            inner = self.comparison()
            self.take(")")
            return inner
        if token and token[0].isdigit():
            return float(self.take())
        if token in FUNCTIONS:
            self.take()
            self.take("(")
            arguments = [self.comparison()]
            while self.peek() == ",":
                self.take()
                arguments.append(self.comparison())
            self.take(")")
            return arguments[0] if token != "histogram_quantile" else _quantile(*arguments)
        return self.selector()

    def selector(self) -> Vector:
        found = SELECTOR.match(self.text, len(self.text) - len(self.text[self.place :].lstrip()))
        assert found, f"not understood: {self.rest()!r}"
        self.place = found.end()
        name, wanted, number, unit = found.groups()
        labels = set(re.findall(r'(\w+)="([^"]*)"', wanted or ""))
        since = self.samples.now - int(number) * UNITS[unit] if number else self.samples.now
        vector: Vector = {}
        for (series, own), values in self.samples.series.items():
            inside = [value for at, value in values if at >= since]
            if series == name and labels <= own and inside:
                if number is None:
                    vector[own] = inside[-1]
                elif len(inside) > 1:
                    vector[own] = inside[-1] - inside[0]
        return vector


def _key(labels: Labels, keep: set[str] | None, ignored: set[str]) -> Labels:
    return frozenset(
        (name, value)
        for name, value in labels
        if name not in ignored and (keep is None or name in keep)
    )


def _combine(
    calculate: Callable[[float, float], float],
    left: Any,
    right: Any,
    keep: set[str] | None,
    ignored: set[str],
) -> Any:
    if isinstance(right, float):
        return {labels: calculate(value, right) for labels, value in left.items()}
    others = {_key(labels, keep, ignored): value for labels, value in right.items()}
    return {
        _key(labels, keep, ignored): calculate(value, others[_key(labels, keep, ignored)])
        for labels, value in left.items()
        if _key(labels, keep, ignored) in others
    }


def _quantile(share: float, buckets: Vector) -> Vector:
    """The upper bound of the bucket in which the quantile lies, or the bound below infinity."""
    series: dict[Labels, list[tuple[float, float]]] = {}
    for labels, count in buckets.items():
        bound = float(dict(labels)["le"].replace("+Inf", "inf"))
        series.setdefault(_key(labels, None, {"le"}), []).append((bound, count))
    found: Vector = {}
    for labels, pairs in series.items():
        ordered = sorted(pairs)
        if total := ordered[-1][1]:
            place = next(at for at, (_, count) in enumerate(ordered) if count >= share * total)
            found[labels] = ordered[min(place, len(ordered) - 2)][0]
    return found
