"""Settings come from a file, the environment and options, and every problem is named with its place."""

from pathlib import Path

import pytest

from tactful.config import Config, ConfigError, load, load_with_origins
from tactful.config.loading import line_of_setting


def problem_of(**sources: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(**sources)  # type: ignore[arg-type]
    return str(caught.value)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "tactful.toml"
    file.write_text(text, "utf-8")
    return file


def test_without_any_source_the_defaults_hold_on_loopback() -> None:
    assert load() == Config()
    assert Config().allowed_hosts == frozenset({"localhost", "127.0.0.1", "[::1]"})


def test_a_flag_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = 1001\nname = "From the file"\nheartbeat_s = 10\n')
    environ = {"TACTFUL_PORT": "1002", "TACTFUL_HEARTBEAT_S": "11"}
    loaded = load_with_origins(file=file, environ=environ, flags={"port": 1003, "host": None})
    assert (loaded.config.port, loaded.config.heartbeat_s) == (1003, 11)
    assert loaded.config.name == "From the file"
    assert loaded.origins == {
        "port": "--port",
        "heartbeat_s": "TACTFUL_HEARTBEAT_S",
        "name": f"{file}:2",
    }


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "port = 1001")
    assert load(environ={"TACTFUL_CONFIG": str(file)}).port == 1001


def test_a_folder_in_a_file_is_relative_to_the_file(tmp_path: Path) -> None:
    assert load(file=written(tmp_path, 'data = "var"')).data == tmp_path / "var"
    assert load(environ={"TACTFUL_DATA": "var"}).data == Path("var")


def test_lists_are_arrays_in_a_file_and_commas_elsewhere(tmp_path: Path) -> None:
    both = ("https://a.example", "https://b.example:8443")
    file = written(tmp_path, f"origins = {list(both)}")
    assert load(file=file).origins == both
    assert load(environ={"TACTFUL_ORIGINS": ", ".join(both)}).origins == both


def test_an_empty_variable_counts_as_unset() -> None:
    assert load(environ={"TACTFUL_TEST_MODE": "", "TACTFUL_SEED": ""}) == Config()


@pytest.mark.parametrize("word", ["1", "true", "yes", "on", "TRUE"])
def test_a_switch_is_turned_on_by_any_usual_word(word: str) -> None:
    assert load(environ={"TACTFUL_TEST_MODE": word}).test_mode


def test_a_misspelt_setting_is_refused_with_file_line_and_the_nearest(tmp_path: Path) -> None:
    file = written(tmp_path, "port = 1\n\norigin = []\n\n[policy.caps]\nper_sesion = 3\n")
    problem = problem_of(file=file)
    assert f"{file}:3: There is no setting 'origin'. Did you mean origins?" in problem
    assert f"{file}:6: There is no policy setting 'caps.per_sesion'." in problem
    assert "Did you mean caps.per_session?" in problem


def test_a_misspelt_variable_is_refused_but_one_of_another_program_is_not() -> None:
    assert "Did you mean TACTFUL_ORIGINS?" in problem_of(environ={"TACTFUL_ORIGIN": "x"})
    assert load(environ={"TACTFUL_BLUE_GREEN": "x"}) == Config()


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = "x"\nmetrics = 3\n')
    problem = problem_of(file=file, environ={"TACTFUL_ORIGINS": "shop.example"})
    assert len(problem.splitlines()) == 3
    assert "a whole number from 0 to 65535" in problem


def test_a_broken_file_is_refused_with_its_place(tmp_path: Path) -> None:
    assert "at line 2" in problem_of(file=written(tmp_path, "port = 1\nport 2"))
    assert "cannot be read" in problem_of(file=tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    assert "is not TOML" in problem_of(file=tmp_path / "latin.toml")
    assert "policy is not a table" in problem_of(file=written(tmp_path, "policy = 3"))


def test_the_policy_is_changed_in_the_units_of_the_rule_files(tmp_path: Path) -> None:
    table = """
        [policy]
        holdout = "12.5%"
        correction_within = "24h"
        taints.return_recent.after = "30d"
        [policy.caps]
        per_shopper = {count = 9, per = "7d"}
        [policy.max_age]
        stock = "15m"
    """
    loaded = load_with_origins(file=written(tmp_path, table))
    policy = loaded.config.policy
    assert (policy.holdout_bp, policy.correction_within) == (1250, 86_400_000)
    assert policy.taints.return_recent.after == 30 * 86_400_000
    assert policy.taints.return_recent.scope == "product"
    assert (policy.caps.per_shopper.count, policy.caps.visible) == (9, 1)
    assert (policy.max_age.stock, policy.max_age.cases) == (900_000, None)
    assert loaded.origins["policy.caps.per_shopper.per"].endswith("tactful.toml:7")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("holdout = 10", "a percentage"),
        ('holdout = "101%"', "a percentage"),
        ("accept_hold = 30", "a duration"),
        ('timezone = "Europe/Berln"', "did you mean Europe/Berlin?"),
        ('arbitration = "best"', "one of tier, expected_value"),
        ("bad_rating = true", "a whole number"),
    ],
)
def test_a_policy_setting_in_the_wrong_unit_is_refused(
    tmp_path: Path, line: str, wanted: str
) -> None:
    assert wanted in problem_of(file=written(tmp_path, f"[policy]\n{line}"))


def test_the_line_of_a_setting_is_found_under_tables_dots_and_inline_tables() -> None:
    source = 'a = 1\n[policy]\ncaps.visible = 2\nrest = {quiet = "1m"}\n["policy".taints]\nx = 1'
    assert line_of_setting(source, "a") == 1
    assert line_of_setting(source, "policy.caps.visible") == 3
    assert line_of_setting(source, "policy.rest.quiet") == 4
    assert line_of_setting(source, "policy.taints.x") == 6
    assert line_of_setting(source, "nowhere") == 1


def test_mappings_of_tables_are_loaded_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tactful.toml"
    file.write_text('[mappings.goods]\nsku = "Nr"\n', "utf-8")
    loaded = load_with_origins(file=file, serving=False)
    assert loaded.config.mappings == {"goods": {"sku": "Nr"}}
    assert loaded.origins["mappings.goods"] == f"{file}:1"
    for wrong in ("mappings = 3", '[mappings]\nsku = "Nr"', "[mappings.goods]\nsku = 3"):
        file.write_text(wrong, "utf-8")
        with pytest.raises(ConfigError, match="A mapping is a table of columns"):
            load_with_origins(file=file, serving=False)
