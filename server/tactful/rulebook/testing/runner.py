"""Runs scenario files (`*.test.yaml`) against a rulebook."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from tactful.core.facts import fact_codec
from tactful.core.offers.offer import Offer
from tactful.core.rules.rule import Rulebook
from tactful.core.session import items_in_play, signals
from tactful.core.values.calendar import local_instant
from tactful.core.values.money import Money
from tactful.core.verdicts.verdict import Verdict
from tactful.rulebook.language.conditions import spelled
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.units import format_amounts
from tactful.rulebook.source.diagnostics import Findings, nearest
from tactful.rulebook.source.recovery import read
from tactful.rulebook.source.tree import Node, RuleSource, list_items
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.given import GivenFacts, as_builtins, as_datetime
from tactful.rulebook.testing.scenario_grammar import PAGE, TEST_FILE
from tactful.rulebook.testing.simulator import AFTER_LOGOUT, Simulator, restrict

_DEFAULT_AT: Final = "2026-03-10 12:00"
"""Start of a scenario that names no `at`; documented in the grammar."""
_NONE: Final = "none"


class FailedExpectation(Struct, frozen=True):
    """An expectation that was not met."""

    line: int
    """The line of the expectation, counted from 1."""
    message: str
    """What was expected and what was found."""
    verdicts: tuple[Verdict, ...] = ()
    """The verdict of every rule on the item, at that instant."""
    currency: str | None = None
    """ISO 4217 code of the item's public price; None: it has none."""


class ScenarioResult(Struct, frozen=True):
    """Result of one scenario; it passed if it has no failures."""

    path: str
    line: int
    """The line on which the scenario begins, counted from 1."""
    name: str
    failures: tuple[FailedExpectation, ...] = ()


def run_scenarios(
    sources: Sequence[RuleSource], rulebook: Rulebook, findings: Findings, coverage: Coverage
) -> tuple[ScenarioResult, ...]:
    """Run the scenarios of all files, in the order of their paths.

    A file with errors is not run; its errors are findings.

    Args:
        sources: the scenario files.
        rulebook: the rules to test.
        findings: receives what is wrong with the files.
        coverage: receives what the scenarios have shown.
    """
    return tuple(
        result
        for source in sorted(sources, key=lambda source: source.path)
        for result in _run_file(source, rulebook, findings, coverage)
    )


def _run_file(
    source: RuleSource, rulebook: Rulebook, findings: Findings, coverage: Coverage
) -> Iterator[ScenarioResult]:
    """Run the scenarios of one file, unless the file has errors."""
    own = Findings()
    node = read(source, own)
    file = TEST_FILE.read(node, own) if node else None
    if file is not None:
        _check(file, rulebook, own)
    findings.merge(own)
    if file is None or own.has_errors:
        return
    rules = file.get("rules")
    active = restrict(rulebook, rules) if rules else rulebook
    for test in file.get("tests", ()):
        yield _ScenarioRun(source.path, file, test, active, coverage).run()


def _check(file: ParsedMapping, rulebook: Rulebook, findings: Findings) -> None:
    """Report unknown rules (R220) and steps that do not have exactly one key (R204)."""
    node = file.nodes.get("rules")
    for entry in list_items(node):
        if entry.text not in rulebook.rules:
            _unknown(entry, rulebook, findings)
    for test in file.get("tests", ()):
        for step in test.get("steps", ()):
            if len(step.keys) != 1:
                message = "a step must have exactly one key"
                help_text = "begin each step with `- ` on a line of its own"
                findings.add("R204", step.start, message, help_text)
            expect = step.get("expect")
            for name in ("offer", "rule") if expect else ():
                if expect.get(name, _NONE) not in {_NONE, *rulebook.rules}:
                    _unknown(expect.nodes[name], rulebook, findings)


def _unknown(node: Node, rulebook: Rulebook, findings: Findings) -> None:
    hint = nearest(node.text, rulebook.rules) or "write the id of a rule of this folder"
    findings.add("R220", node, f"there is no rule '{node.text[:60]}'", hint)


class _ScenarioRun:
    """One scenario while it runs. Each public method is a step, named as in the scenario file."""

    def __init__(
        self,
        path: str,
        file: ParsedMapping,
        test: ParsedMapping,
        rulebook: Rulebook,
        coverage: Coverage,
    ) -> None:
        self.path = path
        self.test = test
        self.coverage = coverage
        given, common = test.get("given"), file.get("given")
        self.given: ParsedMapping | None = (
            given.over(common) if given and common else given or common
        )
        at = test.get("at") or file.get("at") or _DEFAULT_AT
        now = local_instant(at, file.get("timezone", "UTC"), end=False)
        self.facts = GivenFacts(self.given, now)
        self.simulator = Simulator(rulebook, now, tuple(self._get("customers", {})))
        self.failures: list[FailedExpectation] = []
        self.cases: dict[str, Any] = {}

    def _get(self, name: str, otherwise: Any = None) -> Any:
        return self.given.get(name, otherwise) if self.given else otherwise

    def run(self) -> ScenarioResult:
        """Add the given facts, open the session, and run the steps."""
        simulator = self.simulator
        simulator.add_facts(*self.facts.initial_facts(), *self._raw_facts(), at=simulator.now)
        for pool, (_, free) in self._get("codes", {}).items():
            simulator.free_codes[pool] = free
        for id_, (_, amounts) in self._get("spent", {}).items():
            simulator.spent |= {(id_, currency): amount for currency, amount in amounts.items()}
        simulator.rates = self.facts.conversion_rates()
        self._open_session()
        for step in self.test.get("steps", ()):
            for name, value in step.values.items():
                self.facts.now = simulator.now
                _STEPS[name](self, value, step.nodes[name])
            self._record_coverage()
        self.coverage.record_offers(simulator.pushed)
        line = self.test.start.line + 1
        return ScenarioResult(self.path, line, self.test.get("name"), tuple(self.failures))

    def _open_session(self) -> None:
        """Connect with the given consent and visit, and log in the given customer."""
        visit = self._get("visit")
        consent = self._get("consent", "personal")
        self.simulator.send(
            signals.ConnectionOpened(
                tab=1,
                consent=consent,
                gpc=self._get("gpc", False),
                territory=self.facts.territory,
                locale=self._get("locale"),
                visit=signals.LandingVisit(**visit.values) if visit else None,
            )
        )
        if self._get("customer"):
            self.simulator.send(signals.CustomerIdentified(self._get("customer")))

    def _raw_facts(self) -> Iterator[Any]:
        """Yield the facts under `given.facts`; one that cannot be decoded is a failure."""
        node: Node | None = self._get("facts")
        for item in node.items if node else ():
            fact = fact_codec.decode(json.dumps(as_builtins(item)).encode())
            if isinstance(fact, fact_codec.FactRejection):
                self.failures.append(FailedExpectation(item.line + 1, fact.message))
            else:
                yield fact

    def _record_coverage(self) -> None:
        """Record which conditions hold for every item in play."""
        for sku in items_in_play.candidate_skus(self.simulator.session):
            self.coverage.record_scene(self.simulator.rulebook.rules, self.simulator.scene_of(sku))

    def view(self, sku: str, _: Node) -> None:
        """The shopper opens an item."""
        self.simulator.send(signals.PageViewed("product"))
        self.simulator.send(signals.ItemViewed(sku))

    def page(self, node: Node, _: Node) -> None:
        """The shopper opens another page."""
        if node.kind == "scalar":
            node = Node(node.path, node.line, kind="map", pairs=((_KIND, node),))
        findings = Findings()
        block = PAGE.read(node, findings)
        if block is None or findings.has_errors:
            self.failures += [FailedExpectation(one.line, one.message) for one in findings.sorted()]
            return
        query, moment = block.get("query"), block.get("moment")
        self.simulator.send(signals.PageViewed(block.get("kind"), query=query, moment=moment))

    def cart(self, entries: Mapping[str, Any], _: Node) -> None:
        """The content of the cart changes."""
        lines = tuple(signals.CartLine(sku, count) for sku, (_, count) in entries.items())
        self.simulator.send(signals.CartChanged(lines))

    def act(self, kind: signals.ActivityKind, _: Node) -> None:
        """The shopper does something on the page."""
        self.simulator.send(signals.ActivityReported(kind, tab=1))

    def wait(self, duration: int, _: Node) -> None:
        """Time passes; coverage is recorded whenever a timer fires."""
        for _now in self.simulator.advance(duration):
            self._record_coverage()

    def identify(self, customer: str, _: Node) -> None:
        """The shopper logs in."""
        self.simulator.send(signals.CustomerIdentified(customer))

    def logout(self, _value: bool, _: Node) -> None:
        """The shopper logs out."""
        self.simulator.send(signals.CustomerLoggedOut(AFTER_LOGOUT))

    def consent(self, consent: signals.Consent, _: Node) -> None:
        """The shopper's consent changes."""
        self.simulator.send(signals.ConsentChanged(consent))

    def accept(self, _value: bool, node: Node) -> None:
        """The shopper accepts the offer that was shown last."""
        self._answer(signals.OfferAccepted, node)

    def dismiss(self, _value: bool, node: Node) -> None:
        """The shopper dismisses the offer that was shown last."""
        self._answer(signals.OfferDismissed, node)

    def _answer(self, answer: Callable[[str], signals.Signal], node: Node) -> None:
        if self.simulator.advertised:
            self.simulator.send(answer(self.simulator.advertised[-1].id))
        else:
            self._fail(node, "expected an offer to accept or dismiss, found none", None)

    def stock(self, entries: Mapping[str, Any], _: Node) -> None:
        """The stock changes."""
        self.simulator.report_facts(
            *(self.facts.stock(sku, count) for sku, (_, count) in entries.items())
        )

    def price(self, entries: Mapping[str, Any], _: Node) -> None:
        """Public prices change."""
        items = self._get("items", {})
        for sku, (_, amounts) in entries.items():
            currency, amount = next(iter(amounts.items()))
            block = items[sku][1] if sku in items else None
            self.simulator.report_facts(self.facts.price(sku, Money(amount, currency), block))

    def case(self, block: ParsedMapping, _: Node) -> None:
        """The customer opens a support case."""
        fact = self.facts.case(self._customer(), block)
        self.cases[fact.case] = fact
        self.simulator.report_facts(fact)

    def resolve(self, id_: str, node: Node) -> None:
        """A case is resolved."""
        known = self.cases | self.simulator.facts.cases()
        if id_ in known:
            now = as_datetime(self.simulator.now)
            self.simulator.report_facts(
                structs.replace(known[id_], version=None, status="resolved", resolved_at=now)
            )
        else:
            self._fail(node, f"there is no case '{id_}'; add `id: {id_}` to the case", None)

    def order(self, block: ParsedMapping, _: Node) -> None:
        """The customer places an order outside this session."""
        self.simulator.report_facts(self.facts.order(self._customer(), block))

    def return_(self, block: ParsedMapping, _: Node) -> None:
        """The customer returns something."""
        self.simulator.report_facts(self.facts.return_(self._customer(), block))

    def review(self, block: ParsedMapping, _: Node) -> None:
        """The customer writes a review."""
        self.simulator.report_facts(self.facts.review(self._customer(), block))

    def silent(self, feeds: tuple[Any, ...], _: Node) -> None:
        """The feeds report nothing from now on."""
        for feed in feeds:
            self.simulator.silent[feed] = self.simulator.now

    def _customer(self) -> str:
        return str(self.simulator.session.customer or next(iter(self._get("customers", {})), "c1"))

    def expect(self, block: ParsedMapping, _: Node) -> None:
        """Compare the state with an expectation, and record each difference as a failure."""
        sku = block.get("item") or self.simulator.session.focus or self._last_viewed()
        shown = next((o for o in self.simulator.advertised if sku in {None, o.sku}), None)
        wanted = block.get("offer")
        if wanted is not None and wanted != (shown.rule if shown else _NONE):
            found = f"found {_shown(shown)}"
            verdict = "no offer" if wanted == _NONE else f"the offer of '{wanted}'"
            self._fail(block.nodes["offer"], f"expected {verdict}, {found}", sku)
        elif shown is not None:
            self._expect_terms(block, shown, sku)
        elif {"price", "saves", "message"} & set(block.values):
            self._fail(block.start, "expected an offer, found none", sku)
        if block.get("because"):
            self._expect_reason(block, sku)
        if "withdrawn" in block.values and self.simulator.withdrawn != block.get("withdrawn"):
            message = f"expected a withdrawal because of {block.get('withdrawn')}, found {self.simulator.withdrawn or 'none'}"
            self._fail(block.nodes["withdrawn"], message, sku)

    def _last_viewed(self) -> str | None:
        viewed = self.simulator.session.viewed_items
        return viewed[-1].sku if viewed else None

    def _expect_terms(self, block: ParsedMapping, offer: Offer, sku: str | None) -> None:
        for name, amount in (("price", offer.unit), ("saves", offer.saved)):
            wanted, found = block.get(name), {offer.currency: amount}
            if wanted is not None and wanted != found:
                what = "a price" if name == "price" else "a saving"
                message = f"expected {what} of {spelled(block.nodes[name])}, found {format_amounts(found)}"
                self._fail(block.nodes[name], message, sku)
        text = block.get("message")
        if text is not None and text not in offer.message:
            message = f"expected a message with {text!r}, found {offer.message!r}"
            self._fail(block.nodes["message"], message, sku)

    def _expect_reason(self, block: ParsedMapping, sku: str | None) -> None:
        """Compare the primary reason of a rule with the expected one."""
        node = block.nodes["because"]
        rules = self.simulator.rulebook.rules
        rule = block.get("rule") or (next(iter(rules)) if len(rules) == 1 else None)
        if rule is None or sku is None:
            missing = (
                "`rule:`, as several rules are active" if sku else "`item:`, as none is in view"
            )
            self._fail(node, f"`because` needs {missing}", sku)
            return
        verdict = next((one for one in self.simulator.explain(sku) if one.rule == rule), None)
        reason = str(verdict.reason) if verdict and verdict.reason else None
        if reason != block.get("because"):
            found = reason or (
                f"that it is {verdict.outcome}" if verdict else "no such active rule"
            )
            self._fail(
                node,
                f"expected '{rule}' to be withheld because of {block.get('because')}, found {found}",
                sku,
            )

    def _fail(self, node: Any, message: str, sku: str | None) -> None:
        verdicts = self.simulator.explain(sku) if sku else ()
        price = self.simulator.scene_of(sku).price if sku else None
        currency = price.fact.price.currency if price else None
        self.failures.append(FailedExpectation(node.line + 1, message, verdicts, currency))


def _shown(offer: Offer | None) -> str:
    return (
        f"the offer of '{offer.rule}' at {format_amounts({offer.currency: offer.unit})}"
        if offer
        else "none"
    )


_KIND: Final = Node("", text="kind", plain=True)
_STEPS: Final[dict[str, Callable[[_ScenarioRun, Any, Node], None]]] = {
    name: getattr(_ScenarioRun, {"return": "return_"}.get(name, name))
    for name in (
        "view", "page", "cart", "act", "wait", "identify", "logout", "consent", "accept", "dismiss",
        "stock", "price", "case", "resolve", "order", "return", "review", "silent", "expect",
    )
}  # fmt: skip
