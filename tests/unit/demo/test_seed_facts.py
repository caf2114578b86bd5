"""Which facts does the demo shop report when it opens, and do its rules and shoppers hold together?"""

from pathlib import Path

import msgspec

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.values.calendar import DAY, parse_rfc3339
from tactful.demo import demo_customers as people
from tactful.demo import seed_facts as opening
from tactful.demo.catalogue import ARTICLES, BY_SKU, SECTIONS
from tactful.demo.server import RULES
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource

NOW = parse_rfc3339("2026-03-10T12:00:00Z")
PICTURES = RULES.parent / "pictures"


def test_every_fact_is_taken() -> None:
    facts = opening.seed_facts(NOW)
    refused = [
        found
        for number, fact in enumerate(facts)
        if isinstance(found := fact_codec.decode(msgspec.json.encode(fact), number), FactRejection)
    ]
    assert refused == []
    assert len(facts) == 4 * len(BY_SKU) + len(people.history_facts(NOW))


def test_every_size_has_a_price_a_cost_and_some_stock_and_every_article_a_picture() -> None:
    facts = opening.seed_facts(NOW)
    for kind in ("product", "price", "cost", "stock"):
        assert {fact["sku"] for fact in facts if fact["type"] == kind} == set(BY_SKU)
    for article in ARTICLES:
        assert article.cost < article.target < article.price
        assert article.section in SECTIONS
        assert (PICTURES / f"{article.id}.svg").is_file()
        assert any(variant.stock > 0 for variant in article.variants)
    assert any(variant.stock == 1 for _, variant in BY_SKU.values()), "a last pair to sell"


def test_pictures_load_nothing_and_run_nothing() -> None:
    for picture in PICTURES.glob("*.svg"):
        text = picture.read_text()
        for word in ("script", "href", "url(", "style=", "onload", "foreignObject", "<!"):
            assert word not in text, picture.name


def test_prices_have_stood_long_enough_for_an_honest_was() -> None:
    since = {f["since"] for f in opening.seed_facts(NOW) if f["type"] == "price"}
    assert {NOW - parse_rfc3339(one) for one in since} == {200 * DAY}


def test_the_rules_are_without_a_finding() -> None:
    sources = [RuleSource(path.name, path.read_bytes()) for path in sorted(RULES.glob("*.yaml"))]
    compiled = compile_rulebook(sources, now=NOW)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    assert len(compiled.rulebook.rules) == 6


def test_every_shopper_has_a_story_of_their_own() -> None:
    pasts = people.history_facts(NOW)
    about = {one.id: {f["type"] for f in pasts if f.get("customer") == one.id} for one in people.DEMO_CUSTOMERS}  # fmt: skip
    assert about == {
        "nadia": {"customer"},
        "lotte": {"customer", "order"},
        "omar": {"customer", "order", "case"},
        "pia": {"customer", "order"},
        "ravi": {"customer", "order", "return"},
    }
    assert {sku for f in pasts for line in f.get("lines", ()) for sku in [line["sku"]]} <= set(
        BY_SKU
    )


def test_nothing_of_the_demo_names_another_host() -> None:
    for path in RULES.parent.rglob("*"):
        if path.suffix in {".html", ".css", ".js", ".svg", ".yaml"}:
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            text = text.replace('"https://schema.org', "")
            assert "http:" not in text, path
            assert "https:" not in text, path


def test_its_files_are_inside_the_package() -> None:
    for part in ("rules", "templates/shop", "static", "pictures"):
        assert any((Path(RULES.parent) / part).iterdir())
