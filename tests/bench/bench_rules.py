"""Speed of loading and of matching rules, against GoRules zen where it is installed.

Run: `.venv/bin/python tests/bench/bench_rules.py`. Rounds are interleaved; medians and ratios count.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from harness import goal, report  # noqa: E402 - after the path

from support.rule_files import NOW, item, scene  # noqa: E402
from tactful.core.rules.rule import Rulebook  # noqa: E402
from tactful.core.session.signals import LandingVisit  # noqa: E402
from tactful.rulebook.compiler import compile_rulebook  # noqa: E402
from tactful.rulebook.source.tree import RuleSource  # noqa: E402

ROUNDS = 7
RULE = """\
  - id: rule-{n:05}
    owner: footwear@shop.example
    note: The shopper hesitates over a shoe we have plenty of.
    territories: [DE, AT]
    when:
      all:
        - item.category: {{under: {category}}}
        - item.stock: {{at_least: 5}}
        - item.price: {{between: [20.00 EUR, 400.00 EUR]}}
        - session.views: {{at_least: 1}}
        - any:
            - visit.campaign: spring-mail
            - item.brand: Nordek
    unless:
      - item.on_sale: true
    offer:
      percent: 15%
      floor: {{margin: 20%}}
      message: "Still thinking about {{item.title}}? {{offer.price}} for {{offer.expires}}."
    limits: {{per_session: 1, per_shopper: {{count: 2, per: 30d}}}}
"""
MATCHING = 10
"""How many rules could match, whatever the size of the rulebook."""


def rule_file(rules: int) -> RuleSource:
    """`rules` rules, of which `MATCHING` are for the item in view."""
    texts = (
        RULE.format(n=n, category="shoes/running" if n < MATCHING else f"shoes/c{n}")
        for n in range(rules)
    )
    return RuleSource("bench.yaml", ("rules:\n" + "".join(texts)).encode())


def rulebook(rules: int) -> Rulebook:
    """The same rules, in files within the size limit."""
    files = []
    source = rule_file(rules).text.decode().split("  - id: ")[1:]
    for start in range(0, rules, 1000):
        chunk = "".join(f"  - id: {text}" for text in source[start : start + 1000])
        files.append(RuleSource(f"{start:05}.yaml", f"rules:\n{chunk}".encode()))
    compiled = compile_rulebook(files, now=NOW)
    assert compiled.rulebook is not None, compiled.diagnostics
    return compiled.rulebook


def seconds(work: Callable[[], Any], times: int) -> float:
    """The processor time of one call in seconds: nothing here waits, and the machine is shared."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def loading() -> dict[str, float]:
    """1,000 rules read, checked and compiled."""
    source = rule_file(1000)
    found = [seconds(lambda: compile_rulebook([source], now=NOW), 1) for _ in range(ROUNDS)]
    return {"load_1000_rules_s": round(median(found), 3)}


def scenes(count: int) -> list[Any]:
    """Different items and sessions, so that no cache answers for long."""
    return [
        scene(
            item(f"SKU-{n}", stock=9, brand=f"brand-{n}", categories=("shoes/running",)),
            views=3,
            visit=LandingVisit(campaign="spring-mail"),
        )
        for n in range(count)
    ]


def matching() -> dict[str, float]:
    """All rules for a shopper at an item, among 100, 1,000 and 10,000 rules."""
    seen = scenes(50)
    books = {n: rulebook(n) for n in (100, 1000, 10_000)}
    times: dict[int, list[float]] = {n: [] for n in books}
    for _ in range(ROUNDS):
        for n, book in books.items():
            times[n].append(seconds(lambda book=book: _match(book, seen), 40) / len(seen))
    micros = {n: median(found) * 1e6 for n, found in times.items()}
    return {
        **{f"match_{n}_rules_us": round(value, 2) for n, value in micros.items()},
        "ratio_10000_to_100": round(micros[10_000] / micros[100], 2),
    }


def _match(book: Rulebook, seen: list[Any]) -> int:
    return sum(not rule.holds_from(one) for one in seen for rule in book.index.for_item(one))


def one_condition() -> dict[str, float]:
    """One condition of six clauses, against the same as a zen expression."""
    text = """
rules:
  - id: six
    when:
      - item.category: {under: shoes}
      - item.stock: {at_least: 5}
      - item.brand: [Velo, Nordek]
      - session.views: {at_least: 2}
      - visit.campaign: spring-mail
      - shop.territory: DE
    offer: {percent: 10%}
"""
    compiled = compile_rulebook([RuleSource("six.yaml", text.encode())], now=NOW)
    assert compiled.rulebook is not None
    ripens = compiled.rulebook.rules["six"].holds_from
    seen = scene(item(stock=9), views=3, visit=LandingVisit(campaign="spring-mail"))
    assert ripens(seen) == 0
    ours: list[float] = []
    theirs: list[float] = []
    zen = _zen()
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: ripens(seen), 20_000))
        if zen:
            theirs.append(seconds(zen, 20_000))
    result = {"six_clauses_us": round(median(ours) * 1e6, 3)}
    if zen:
        result |= {
            "zen_compiled_us": round(median(theirs) * 1e6, 3),
            "times_faster_than_zen": round(median(theirs) / median(ours), 1),
        }
    return result


def _zen() -> Callable[[], Any] | None:
    try:
        import zen  # noqa: PLC0415 - a peer that need not be there
    except ImportError:
        return None
    expression = zen.compile_expression(
        'startsWith(category, "shoes/") and stock >= 5 and brand in ["Velo", "Nordek"] '
        'and views >= 2 and campaign == "spring-mail" and territory == "DE"'
    )
    context = {
        "category": "shoes/running",
        "stock": 9,
        "brand": "Velo",
        "views": 3,
        "campaign": "spring-mail",
        "territory": "DE",
    }
    assert expression.evaluate(context) is True
    return lambda: expression.evaluate(context)


def main() -> None:
    loaded, matched, condition = loading(), matching(), one_condition()
    goals = [
        goal("s to load 1,000 rules", loaded["load_1000_rules_s"], 1.0, at_most=True),
        goal("10,000 rules, times 100", matched["ratio_10000_to_100"], 1.3, at_most=True),
    ]
    if "times_faster_than_zen" in condition:
        goals.append(goal("one condition against zen", condition["times_faster_than_zen"], 1.0))
    else:
        print("measured without GoRules zen: `make bench` installs it where it can be had")
    figures = {"loading": loaded, "matching": matched, "one_condition": condition}
    report("rules", figures, goals)


if __name__ == "__main__":
    main()
