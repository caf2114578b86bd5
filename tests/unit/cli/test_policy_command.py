"""`tactful config policy` prints the active policy and the origin of each value."""

from pathlib import Path

from support.cli_runner import printed_json, run, write_file

RULES = """\
policy:
  holdout: 10%
  caps:
    per_session: 3
"""


def test_each_value_has_its_origin(tmp_path: Path) -> None:
    write_file(tmp_path / "rules" / "shop.yaml", RULES)
    file = write_file(tmp_path / "shop.toml", '[policy]\naccept_hold = "10m"\nholdout = "5%"\n')
    result = run("config", "policy", "--json", "--rules", tmp_path / "rules", "--config", file)
    shown = {row["name"]: (row["value"], row["origin"]) for row in printed_json(result)}
    assert shown["holdout"] == ("10%", "shop.yaml:2")
    assert shown["caps.per_session"] == ("3", "shop.yaml:4")
    assert shown["accept_hold"] == ("10m", f"{file}:2")
    assert shown["rest.quiet"] == ("10m", "default")
    assert shown["max_age.stock"] == ("not watched", "default")


def test_rule_files_with_errors_are_reported(tmp_path: Path) -> None:
    write_file(tmp_path / "shop.yaml", "policy: {holdot: 10%}")
    result = run("config", "policy", "--rules", tmp_path)
    assert result.exit_code == 1
    assert "tactful rules check" in result.output


def test_exclusions_and_bans_are_shown_with_the_policy(tmp_path: Path) -> None:
    write_file(
        tmp_path / "shop.yaml",
        "exclude: [{id: gifts, skus: G, note: Money for money., owner: till}]\n"
        "forbid_inputs: {US-NY: [personal]}\n",
    )
    shown = printed_json(run("config", "policy", "--json", "--rules", tmp_path))
    values = {row["name"]: row["value"] for row in shown}
    assert values["exclude.gifts"] == "no offers on SKU G. Money for money. (till)"
    assert values["forbid_inputs.US-NY"] == "no personal data"


def test_an_exclusion_of_the_settings_file_names_it(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(
        "rules: [{id: a, offer: {percent: 5%}}]\nexclude: [{id: b, skus: B, note: n, owner: o}]\n",
    )
    settings = tmp_path / "tactful.toml"
    settings.write_text('[[policy.exclude]]\nid = "a"\nskus = ["A"]\nnote = "n"\nowner = "o"\n')
    words = ("--config", settings, "--rules", tmp_path / "rules", "--json")
    rows = printed_json(run("config", "policy", *words))
    origins = {row["name"]: row["origin"] for row in rows}
    assert str(settings) in origins["exclude.a"]
    assert origins["exclude.b"] == "rule files"
    assert next(row["value"] for row in rows if row["name"] == "exclude") == "a"


def test_the_old_name_still_works_and_is_not_listed(tmp_path: Path) -> None:
    old, new = (
        printed_json(run(*words, "--json", "--rules", tmp_path))
        for words in (("policy", "show"), ("config", "policy"))
    )
    assert old == new
    assert "  policy" not in run("--help").output
