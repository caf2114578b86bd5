"""What stopped or misled new users on their first day: each report is one test.

The mechanisms behind them are tested where they are.
"""

import json
import time
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from support.cli_runner import run, run_beside, write_file
from support.live_server import KEY, live_server
from tactful import Config, create_app

CUSTOMER = {"type": "customer", "customer": "mia", "tier": "gold"}
BOOT = {"type": "product", "sku": "B-1", "product": "b", "title": "Boot"}
BASE = """
rules:
  - id: A
    owner: a@shop.example
    when: {{{when}}}
    offer: {{percent: 10%, message: "{{offer.price}}"{offer}}}
"""

TESTS = """
rules: [A]
given:
  customer: c1
  customers: {{c1: {{tier: {tier}}}}}
  items: {{S-1: {{price: 100.00 EUR, cost: 40.00 EUR, stock: 12}}}}
tests:
  - name: t
    steps:
      - view: S-1
      - wait: 30s
      - expect: {{offer: A, price: {price}}}
"""


def checked(folder: Path, when: str = "", offer: str = "") -> str:
    """Return what the check says of a rule with this condition and these terms."""
    write_file(folder / "a.yaml", BASE.format(when=when, offer=offer))
    return run("rules", "check", folder).output


# facts


def test_the_schema_and_an_example_of_every_fact_are_printed() -> None:
    for kind in ("order", "case", "return", "review", "remedy"):
        schema = json.loads(run("facts", "schema", kind).output)
        assert schema["$ref"].startswith("#/$defs/")
        assert json.loads(run("facts", "example", kind).output)["type"] == kind


def test_a_file_of_facts_is_checked_without_a_server(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", '{"type": "order", "order": "1001"}\n')
    said = run("facts", "check", file)
    assert said.exit_code == 1
    for field in ("territory", "placed_at", "status", "lines"):
        assert f"facts.jsonl:1: fact.invalid: `{field}` is missing." in said.output


async def test_the_api_document_has_the_schema_of_every_fact(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        schemas = (await one.http.get("/openapi.json")).json()["components"]["schemas"]
        for name in ("Product", "Price", "Stock", "Cost", "Order", "Case", "Return", "Review"):
            assert schemas[name]["properties"], name


# commands


def test_a_rules_folder_that_does_not_exist_stops_the_start(tmp_path: Path) -> None:
    said = run(
        "serve", "--data", tmp_path / "data", "--rules", tmp_path / "norules", "--port", 0,
        TACTFUL_SERVER_KEY=KEY,
    )  # fmt: skip
    assert (said.exit_code, "norules does not exist" in said.output) == (2, True)


def test_a_snippet_for_no_known_territory_is_not_printed() -> None:
    said = run("snippet", "--territory", "Schweiz")
    assert (said.exit_code, "Did you mean CH?" in said.output) == (2, True)


@pytest.mark.parametrize("words", [("config", "policy"), ("config", "show")])
def test_a_table_has_a_header(words: tuple[str, ...], tmp_path: Path) -> None:
    header, *rows = run(*words).output.splitlines()
    assert header.split()[:2] == ["name", "value"]
    assert rows


def test_the_table_of_keys_has_a_header_and_readable_times(tmp_path: Path) -> None:
    header, row = run("keys", "list", "--data", tmp_path).output.splitlines()
    assert header.split()[:2] == ["kid", "created"]
    assert time.strftime("%Y-") in row


async def test_an_erasure_asks_first(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts(CUSTOMER)
        assert (
            "Nothing was erased"
            in (await run_beside(one, "customers", "forget", "mia", given="n\n")).output
        )


def test_a_revocation_of_a_key_asks_first(tmp_path: Path) -> None:
    (key,) = json.loads(run("keys", "list", "--json", "--data", tmp_path).stdout)
    said = run("keys", "revoke", key["kid"], "--data", tmp_path, given="n\n")
    assert "No key was revoked" in said.output


# rules


@pytest.mark.parametrize(
    ("when", "offer", "advice"),
    [
        ("item.price: {above: 50}", "", "did you mean 'at_least'?"),
        ("customer.late_deliveries: {at_least: 2}", "", "because they suppress offers by themselves"),
        ("", ", free_shipping: true", "`off_the: shipping`"),
        ("", ", ending: .95", "write 95 for prices that end in 95"),
    ],
)  # fmt: skip
def test_a_wrong_guess_at_a_rule_is_answered_with_what_to_write(
    when: str, offer: str, advice: str, tmp_path: Path
) -> None:
    assert advice in " ".join(checked(tmp_path, when, offer).split())


def test_cost_plus_a_markup_can_be_said(tmp_path: Path) -> None:
    assert checked(tmp_path, offer=", floor: {markup: 25%}") == "No findings.\n"


def test_a_category_that_only_has_items_below_it_is_named(tmp_path: Path) -> None:
    facts = write_file(tmp_path / "f.jsonl", json.dumps({**BOOT, "categories": ["boots/winter"]}))
    checked(tmp_path / "rules", "item.category: boots")
    said = run("rules", "check", tmp_path / "rules", "--facts", facts).output
    assert "write {under: boots}" in said


def test_texts_are_compared_without_case(tmp_path: Path) -> None:
    checked(tmp_path, "customer.tier: Gold")
    write_file(tmp_path / "a.test.yaml", TESTS.format(tier="gold", price="90.00 EUR"))
    assert run("rules", "test", tmp_path).exit_code == 0


def test_a_failing_test_prints_units_of_money_and_what_was_expected_first(tmp_path: Path) -> None:
    checked(tmp_path, "customer.tier: gold")
    write_file(tmp_path / "a.test.yaml", TESTS.format(tier="gold", price="80.00 EUR"))
    said = run("rules", "test", tmp_path)
    assert said.exit_code == 1
    assert 0 < said.output.index("80.00 EUR") < said.output.index("90.00 EUR")
    assert "9000" not in said.output


def test_a_new_rule_has_a_message_in_the_language_of_the_shop_without_the_title(
    tmp_path: Path,
) -> None:
    settings = write_file(tmp_path / "tactful.toml", '[policy]\nlanguage = "de"\n')
    run("rules", "new", "erste", "--dir", tmp_path / "rules", "--config", settings)
    (message,) = (
        line
        for line in (tmp_path / "rules/erste.yaml").read_text().splitlines()
        if "message:" in line
    )
    assert "{item.title}" not in message
    assert " the " not in message


# the server


async def test_an_application_that_is_mounted_without_its_lifespan_says_what_to_write(
    tmp_path: Path,
) -> None:
    app = Starlette()
    app.mount("/offers", create_app(Config(data=tmp_path / "data")))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.get("/offers/readyz")
    assert answer.status_code == 503
    assert "lifespan_context" in answer.json()["detail"]


async def test_a_strangers_look_at_the_health_tells_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path) as one:
        ledger = type(one.parts.shop.ledger)
        broken = property(lambda _: f"cannot write {tmp_path}/tactful.db")
        monkeypatch.setattr(ledger, "failure", broken)
        del one.http.headers["authorization"]
        answer = await one.http.get("/healthz", headers={"X-Forwarded-For": "203.0.113.9"})
        assert answer.json()["status"]
        assert str(tmp_path) not in answer.text
