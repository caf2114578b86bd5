"""Do the rules do what the tests beside them say? Played on the real decision, with a set clock."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from tactful.core.facts import fact_codec
from tactful.core.offers.offer import Offer
from tactful.core.rules.rule import Rulebook
from tactful.core.session import items_in_play as attention
from tactful.core.session import signals
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

_AT: Final = "2026-03-10 12:00"
_NONE: Final = "none"


class FailedExpectation(Struct, frozen=True):
    """An expectation that was not met: where it stands, what was found, and every rule's verdict."""

    line: int
    message: str
    verdicts: tuple[Verdict, ...] = ()


class ScenarioResult(Struct, frozen=True):
    """One test and how it went."""

    path: str
    line: int
    name: str
    failures: tuple[FailedExpectation, ...] = ()


def run_scenarios(
    sources: Sequence[RuleSource], rulebook: Rulebook, findings: Findings, coverage: Coverage
) -> tuple[ScenarioResult, ...]:
    """Plays all tests of all files; what cannot be read of a file is a finding."""
    return tuple(
        played
        for source in sorted(sources, key=lambda source: source.path)
        for played in _run_file(source, rulebook, findings, coverage)
    )


def _run_file(
    source: RuleSource, rulebook: Rulebook, findings: Findings, coverage: Coverage
) -> Iterator[ScenarioResult]:
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
    """Whether the rules that a file names exist, and every step does one thing."""
    node = file.nodes.get("rules")
    for entry in list_items(node):
        if entry.text not in rulebook.rules:
            _unknown(entry, rulebook, findings)
    for test in file.get("tests", ()):
        for step in test.get("steps", ()):
            if len(step.keys) != 1:
                message = "a step does exactly one thing"
                findings.add("R204", step.start, message, "begin each with `- ` on its own line")
            expect = step.get("expect")
            for name in ("offer", "rule") if expect else ():
                if expect.get(name, _NONE) not in {_NONE, *rulebook.rules}:
                    _unknown(expect.nodes[name], rulebook, findings)


def _unknown(node: Node, rulebook: Rulebook, findings: Findings) -> None:
    hint = nearest(node.text, rulebook.rules) or "name a rule of this folder"
    findings.add("R220", node, f"there is no rule '{node.text[:60]}'", hint)


class _ScenarioRun:
    """One test while it runs."""

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
        at = test.get("at") or file.get("at") or _AT
        now = local_instant(at, file.get("timezone", "UTC"), end=False)
        self.facts = GivenFacts(self.given, now)
        self.simulator = Simulator(rulebook, now, tuple(self._get("customers", {})))
        self.failures: list[FailedExpectation] = []
        self.cases: dict[str, Any] = {}

    def _get(self, name: str, otherwise: Any = None) -> Any:
        return self.given.get(name, otherwise) if self.given else otherwise

    def run(self) -> ScenarioResult:
        """Sets the stage, then goes through the steps."""
        stage = self.simulator
        stage.add_facts(*self.facts.initial_facts(), *self._raw_facts(), at=stage.now)
        for id_, (_, amounts) in self._get("spent", {}).items():
            stage.spent |= {(id_, currency): amount for currency, amount in amounts.items()}
        stage.rates = self.facts.conversion_rates()
        self._arrive()
        for step in self.test.get("steps", ()):
            for name, value in step.values.items():
                self.facts.now = stage.now
                _STEPS[name](self, value, step.nodes[name])
            self._see()
        self.coverage.record_offers(stage.pushed)
        line = self.test.start.line + 1
        return ScenarioResult(self.path, line, self.test.get("name"), tuple(self.failures))

    def _arrive(self) -> None:
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
        node: Node | None = self._get("facts")
        for item in node.items if node else ():
            fact = fact_codec.decode(json.dumps(as_builtins(item)).encode())
            if isinstance(fact, fact_codec.FactRejection):
                self.failures.append(FailedExpectation(item.line + 1, fact.message))
            else:
                yield fact

    def _see(self) -> None:
        for sku in attention.candidate_skus(self.simulator.session):
            self.coverage.record_scene(self.simulator.rulebook.rules, self.simulator.scene_of(sku))

    # steps

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
        """The cart changes."""
        lines = tuple(signals.CartLine(sku, count) for sku, (_, count) in entries.items())
        self.simulator.send(signals.CartChanged(lines))

    def act(self, kind: signals.ActivityKind, _: Node) -> None:
        """The shopper does something."""
        self.simulator.send(signals.ActivityReported(kind, tab=1))

    def wait(self, duration: int, _: Node) -> None:
        """Time passes."""
        for _now in self.simulator.advance(duration):
            self._see()

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
        """The shopper accepts what is shown."""
        self._answer(signals.OfferAccepted, node)

    def dismiss(self, _value: bool, node: Node) -> None:
        """The shopper dismisses what is shown."""
        self._answer(signals.OfferDismissed, node)

    def _answer(self, answer: Callable[[str], signals.Signal], node: Node) -> None:
        if self.simulator.advertised:
            self.simulator.send(answer(self.simulator.advertised[-1].id))
        else:
            self._fail(node, "there is no offer to answer", None)

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
        """The customer complains."""
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
            self._fail(node, f"there is no case '{id_}'; give it an `id`", None)

    def order(self, block: ParsedMapping, _: Node) -> None:
        """The customer buys elsewhere."""
        self.simulator.report_facts(self.facts.order(self._customer(), block))

    def return_(self, block: ParsedMapping, _: Node) -> None:
        """Something goes back."""
        self.simulator.report_facts(self.facts.return_(self._customer(), block))

    def review(self, block: ParsedMapping, _: Node) -> None:
        """The customer writes a review."""
        self.simulator.report_facts(self.facts.review(self._customer(), block))

    def silent(self, feeds: tuple[Any, ...], _: Node) -> None:
        """Feeds fall silent."""
        for feed in feeds:
            self.simulator.silent[feed] = self.simulator.now

    def _customer(self) -> str:
        return str(self.simulator.session.customer or next(iter(self._get("customers", {})), "c1"))

    # expectations

    def expect(self, block: ParsedMapping, _: Node) -> None:
        """What must hold now."""
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
        looks = self.simulator.session.viewed_items
        return looks[-1].sku if looks else None

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
        node = block.nodes["because"]
        rules = self.simulator.rulebook.rules
        rule = block.get("rule") or (next(iter(rules)) if len(rules) == 1 else None)
        if rule is None or sku is None:
            help_text = "add `rule:` to say whose reason is meant" if sku else "name an `item:`"
            self._fail(node, help_text, sku)
            return
        verdict = next((one for one in self.simulator.explain(sku) if one.rule == rule), None)
        reason = str(verdict.reason) if verdict and verdict.reason else None
        if reason != block.get("because"):
            found = reason or (f"it is {verdict.outcome}" if verdict else "it is not active here")
            self._fail(
                node,
                f"expected '{rule}' to be withheld because of {block.get('because')}, found {found}",
                sku,
            )

    def _fail(self, node: Any, message: str, sku: str | None) -> None:
        verdicts = self.simulator.explain(sku) if sku else ()
        self.failures.append(FailedExpectation(node.line + 1, message, verdicts))


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
