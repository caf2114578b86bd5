"""The facts of the demo are accepted, cover the catalogue, and allow a prior price."""

from pathlib import Path

import msgspec

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.values.calendar import DAY, parse_rfc3339
from tactful.demo import demo_customers, seed_facts
from tactful.demo.catalogue import BY_SKU
from tactful.demo.demo_shop import RULES
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource

NOW = parse_rfc3339("2026-03-10T12:00:00Z")


def test_every_fact_is_accepted() -> None:
    facts = seed_facts.seed_facts(NOW)
    refused = [
        found
        for number, fact in enumerate(facts)
        if isinstance(found := fact_codec.decode(msgspec.json.encode(fact), number), FactRejection)
    ]
    assert refused == []
    assert len(facts) == 4 * len(BY_SKU) + len(demo_customers.history_facts(NOW))


def test_prices_are_old_enough_for_a_prior_price() -> None:
    since = {f["since"] for f in seed_facts.seed_facts(NOW) if f["type"] == "price"}
    assert {NOW - parse_rfc3339(one) for one in since} == {200 * DAY}


def test_its_files_are_inside_the_package() -> None:
    for part in ("rules", "templates/shop", "static", "pictures"):
        assert any((Path(RULES.parent) / part).iterdir())


def test_every_size_has_a_product_a_price_a_cost_and_stock() -> None:
    facts = seed_facts.seed_facts(NOW)
    for kind in ("product", "price", "cost", "stock"):
        assert {fact["sku"] for fact in facts if fact["type"] == kind} == set(BY_SKU)


def test_the_rules_have_no_findings() -> None:
    sources = [RuleSource(path.name, path.read_bytes()) for path in sorted(RULES.glob("*.yaml"))]
    compiled = compile_rulebook(sources, now=NOW)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    assert len(compiled.rulebook.rules) == 6


def test_no_file_of_the_demo_names_another_host() -> None:
    for path in RULES.parent.rglob("*"):
        if path.suffix in {".html", ".css", ".js", ".svg", ".yaml"}:
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            text = text.replace('"https://schema.org', "")
            assert "http:" not in text, path
            assert "https:" not in text, path
