"""`tactful rules check`, `fmt`, `explain`, `diff`, `schema` and `new`, as a merchandiser runs them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from support.rule_files import PLENTY_RULES, PLENTY_TESTS
from tactful.cli import main
from tactful.rulebook.source.codes import CODES


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "plenty.yaml").write_text(PLENTY_RULES)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["rules", *arguments])


def test_a_folder_without_findings_passes(shop: Path) -> None:
    result = run("check")
    assert (result.exit_code, result.output) == (0, "No findings.\n")
    assert run("check", str(shop)).exit_code == 0


def test_findings_have_their_own_exit_code(shop: Path) -> None:
    (shop / "bad.yaml").write_text("rules:\n  - id: a\n    offer: {percent: 10}\n")
    result = run("check", "rules/bad.yaml")
    assert result.exit_code == 1
    assert "rules/bad.yaml:3:22: R205 '10' is not a percentage" in result.output
    assert run("check", "rules/plenty.yaml").exit_code == 0


def test_a_path_that_does_not_exist_is_refused(shop: Path) -> None:
    result = run("check", "nowhere")
    assert result.exit_code == 2
    assert "nowhere: This path does not exist." in result.output
    assert run("check", "--at", "yesterday").exit_code == 2


def test_warnings_can_be_left_out(shop: Path) -> None:
    (shop / "old.yaml").write_text(
        "rules:\n  - {id: a, valid: {until: 2020-01-01}, offer: {percent: 10%}}\n"
    )
    assert run("check").exit_code == 1
    assert run("check", "--errors-only").exit_code == 0
    assert run("check", "--at", "2019-12-31T12:00:00Z").exit_code == 0


def test_a_catalogue_decides_whether_prices_are_findings(shop: Path) -> None:
    (shop / "plenty.yaml").write_text(
        "rules:\n  - {id: a, when: [item.sku: A], offer: {fixed: 200.00 EUR}}\n"
    )
    price = {
        "type": "price", "sku": "A", "territory": "DE", "tax_included": True, "tax_rate_bp": 0,
        "price": {"amount": 10000, "currency": "EUR"},
    }  # fmt: skip
    facts = shop.parent / "facts.jsonl"
    facts.write_text(json.dumps(price) + "\n\n")
    assert run("check").exit_code == 0
    assert "R306" in run("check", "--facts", "facts.jsonl").output
    facts.write_text("{}\n")
    result = run("check", "--facts", "facts.jsonl")
    assert (result.exit_code, "facts.jsonl:1:" in result.output) == (2, True)


def test_a_check_with_facts_tells_how_many_more_buyers_a_rule_needs(shop: Path) -> None:
    facts = shop.parent / "facts.jsonl"
    price = '{"type":"price","sku":"A","territory":"DE","price":{"amount":10000,"currency":"EUR"},"tax_included":true,"tax_rate_bp":0}'
    cost = '{"type":"cost","sku":"A","cost":{"amount":7000,"currency":"EUR"}}'
    facts.write_text(f"{price}\n{cost}\n")
    rule = "rules:\n  - {id: a, valid: {from: 2026-03-01}, offer: {percent: 15%}}\n"
    (shop / "plenty.yaml").write_text(rule)
    said = "it needs 2.0 times the buyers (A in DE, margin 30%)"
    result = run("check", "--facts", "facts.jsonl", "-v")
    assert said in result.output
    assert "rule 'a' is valid from 2026-03-01T00:00:00Z" in result.output
    assert said in run("explain", "--facts", "facts.jsonl").output
    assert "2.0 times the buyers at a margin of 30%" in run("explain").output
    assert said not in run("check", "--facts", "facts.jsonl", "--format", "json").output


def test_findings_can_be_printed_for_programs(shop: Path) -> None:
    (shop / "plenty.yaml").write_text("rules: {}\n")
    assert json.loads(run("check", "--format", "json").output)[0]["code"] == "R204"
    assert run("check", "--format", "github").output.startswith("::error file=rules/plenty.yaml")
    assert json.loads(run("check", "--format", "sarif").output)["version"] == "2.1.0"


def test_every_finding_can_be_explained() -> None:
    for code in CODES:
        assert run("check", "--explain", code.lower()).output.startswith(f"# {code}: ")
    result = run("check", "--explain", "R999")
    assert result.exit_code == 2
    assert run("check", "--explain", "nonsense").exit_code == 2


def test_the_configuration_names_the_folder_and_the_policy(shop: Path) -> None:
    shop.rename(shop.parent / "elsewhere")
    (shop.parent / "tactful.toml").write_text('rules = "elsewhere"\n')
    assert run("check").exit_code == 0
    (shop.parent / "tactful.toml").unlink()
    for command in ("check", "fmt", "test", "coverage", "explain"):
        result = run(command)
        assert result.exit_code == 2
        assert "There is no rules folder" in result.output
        assert "Name the rule file or the folder of rule files." in result.output
    assert run("check", "elsewhere").exit_code == 0


def test_files_outside_a_rules_folder_are_neither_judged_nor_written(shop: Path) -> None:
    compose = shop.parent / "docker-compose.yml"
    compose.write_text("services:\n    web: {image:   nginx}\n")
    assert run("check").exit_code == run("fmt").exit_code == 0
    named = run("fmt", str(shop.parent))
    assert named.exit_code == 1
    assert "docker-compose.yml: this file has none of the keys of rule files" in named.output
    shop.rename(shop.parent / "elsewhere")
    assert run("fmt").exit_code == 2
    assert compose.read_text() == "services:\n    web: {image:   nginx}\n"


def test_a_folder_mounted_from_a_configmap_is_checked_formatted_and_explained_once(
    shop: Path,
) -> None:
    version = shop / "..2026_03_10.1"
    version.mkdir()
    (shop / "plenty.yaml").rename(version / "plenty.yaml")
    (version / "plenty.test.yaml").write_text(PLENTY_TESTS)
    (shop / "..data").symlink_to("..2026_03_10.1")
    for name in ("plenty.yaml", "plenty.test.yaml"):
        (shop / name).symlink_to(f"..data/{name}")
    assert run("check").output == "No findings.\n"
    assert run("fmt", "--check").exit_code == 0
    assert run("test").exit_code == 0
    assert run("explain").output == run("explain", "plenty").output
    lines = run("check", "-v").stderr.splitlines()
    assert lines == [
        "passed over rules/..2026_03_10.1/plenty.test.yaml: ..2026_03_10.1 starts with a dot",
        "passed over rules/..2026_03_10.1/plenty.yaml: ..2026_03_10.1 starts with a dot",
        "passed over rules/..data: linked folders are not followed",
    ]


def test_hidden_files_and_other_types_are_not_read(shop: Path) -> None:
    hidden = shop / ".git"
    hidden.mkdir()
    (hidden / "x.yaml").write_text("nonsense")
    (shop / "notes.txt").write_text("nonsense")
    assert run("check").exit_code == 0
    (shop / "more").mkdir()
    (shop / "more" / "x.yml").write_text("nonsense")
    assert run("check").exit_code == 1


def test_files_are_formatted(shop: Path) -> None:
    path = shop / "plenty.yaml"
    path.write_text(PLENTY_RULES.replace("{percent: 10%}", "{  percent: 10% }"))
    (shop / "plenty.test.yaml").write_text(PLENTY_TESTS)
    result = run("fmt", "--check")
    assert (result.exit_code, result.output) == (1, "would format rules/plenty.yaml\n")
    assert run("fmt").output == "formatted rules/plenty.yaml\n"
    assert path.read_text() == PLENTY_RULES
    assert run("fmt", "--check").exit_code == 0


def test_only_the_named_files_are_formatted(shop: Path) -> None:
    (shop / "other.yaml").write_text("rules:   []\n")
    assert run("fmt", "rules/plenty.yaml").output == ""
    (shop / "broken.yaml").write_text("a: b: c\n")
    result = run("fmt", "rules/broken.yaml")
    assert (result.exit_code, "not formatted: rules/broken.yaml:1:5" in result.output) == (1, True)


def test_rules_are_explained_in_plain_words(shop: Path) -> None:
    assert "offers 10% off" in run("explain").output
    assert "offers 10% off" in run("explain", "plenty", "--rules", "rules").output
    result = run("explain", "plentty")
    assert (result.exit_code, "did you mean 'plenty'?" in result.output) == (2, True)
    assert "item.stock" in run("explain", "--fields").output


def test_two_rulebooks_are_compared_by_what_they_mean(shop: Path) -> None:
    other = shop.parent / "other"
    other.mkdir()
    (other / "another-name.yaml").write_text(f"# a comment\n{PLENTY_RULES}")
    result = run("diff", "rules", "other")
    assert (result.exit_code, result.output) == (0, "Both rulebooks have the same meaning.\n")
    (other / "another-name.yaml").write_text(PLENTY_RULES.replace("10%", "12%"))
    result = run("diff", "rules", "other")
    assert (result.exit_code, result.output) == (
        1,
        "rule 'plenty': offer.percent is 12% instead of 10%\n",
    )


def test_the_schema_is_printed_or_written(shop: Path) -> None:
    printed = run("schema").output
    assert json.loads(printed)["title"] == "Tactful rule file"
    assert run("schema", "--write", "deep/schema.json").exit_code == 0
    assert Path("deep/schema.json").read_text("utf-8") == printed


def test_a_new_rule_comes_with_its_test_and_an_editors_schema(shop: Path) -> None:
    result = run("new", "hello", "--dir", "rules")
    assert result.exit_code == 0
    assert (shop / "schema" / "rules.schema.json").is_file()
    assert run("check").exit_code == 0
    assert "2 of 2 tests pass" in run("test", "rules/hello.test.yaml").output
    assert run("new", "hello").exit_code == 2
    assert run("new", "again").exit_code == 0


def test_a_new_rule_proposes_a_hold_out_unless_there_is_one(shop: Path) -> None:
    assert "policy: {holdout: 10%}" in run("new", "hello", "--dir", "rules").output
    (shop / "policy.yaml").write_text("policy:\n  holdout: 5%\n")
    assert "holdout" not in run("new", "again", "--dir", "rules").output


def test_a_new_rule_speaks_the_shops_language(shop: Path) -> None:
    Path("tactful.toml").write_text('[policy]\nlanguage = "de"\n')
    assert run("new", "hallo", "--dir", "rules").exit_code == 0
    assert "gültig für" in (shop / "hallo.yaml").read_text("utf-8")


def test_a_new_rule_is_tested_in_the_shops_currency(shop: Path) -> None:
    Path("tactful.toml").write_text('default_territory = "SE"\n')
    assert run("new", "hej", "--dir", "rules").exit_code == 0
    tests = (shop / "hej.test.yaml").read_text("utf-8")
    assert ("territory: SE" in tests, "90.00 SEK" in tests, "EUR" in tests) == (True, True, False)
    assert "2 of 2 tests pass" in run("test", "rules/hej.test.yaml").output
    assert run("new", "yen", "--dir", "rules", "--currency", "jpy").exit_code == 0
    assert "9000 JPY" in (shop / "yen.test.yaml").read_text("utf-8")


def test_a_new_rule_needs_a_currency_of_iso_4217(shop: Path) -> None:
    result = run("new", "hej", "--currency", "DM")
    assert (result.exit_code, "ISO 4217" in result.output) == (2, True)
    assert not (shop / "hej.yaml").exists()


@pytest.mark.parametrize("name", ["Bad Name", "../escape", "", "x" * 65])
def test_a_name_that_cannot_be_an_id_creates_no_rule(shop: Path, name: str) -> None:
    before = sorted(shop.parent.rglob("*"))
    result = run("new", "--", name)
    assert (result.exit_code, "cannot be the id of a rule" in result.output) == (2, True)
    assert sorted(shop.parent.rglob("*")) == before


@pytest.mark.parametrize(
    "command", ["check", "fmt", "test", "coverage", "explain", "diff", "schema", "new"]
)
def test_every_command_has_help_with_an_example(command: str) -> None:
    assert "Example" in run(command, "--help").output
