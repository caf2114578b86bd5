"""Settings come from a file, the environment and flags; what cannot be meant is refused in one line."""

from pathlib import Path

import pytest
from msgspec.structs import fields

from tactful.config import Config, ConfigError, load, load_with_origins
from tactful.config import policy_settings as limits
from tactful.config.loading import line_of_setting
from tactful.config.settings import BY_NAME, SETTINGS
from tactful.core.rules.policy import Policy

GOOD_KEY = "Vq3-9sWm2_kLx81TzR"
GOOD_SECRET = "0Jt7dN4rQz8sYw2uEb6hXc1vLm5kPg9a"


def problem_of(**sources: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(**sources)  # type: ignore[arg-type]
    return str(caught.value)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "tactful.toml"
    file.write_text(text, "utf-8")
    return file


def test_every_field_of_the_configuration_is_in_the_registry() -> None:
    assert {s.name for s in SETTINGS} | {"policy"} == {f.name for f in fields(Config)}


def test_every_default_is_a_value_that_its_setting_takes() -> None:
    for setting in SETTINGS:
        if setting.default not in {None, ()}:
            assert setting.kind.parse(setting.format(setting.default)) == setting.default


def leaves(struct: object, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for field in fields(struct):  # type: ignore[arg-type]
        value = getattr(struct, field.name)
        path = (*above, field.name)
        found |= leaves(value, path) if hasattr(value, "__struct_fields__") else {path}
    return found


def test_every_limit_of_the_policy_can_be_set() -> None:
    assert {limit.path for limit in limits.POLICY_SETTINGS} == leaves(Policy())


def test_every_default_limit_is_read_back_as_it_is_shown() -> None:
    for limit in limits.POLICY_SETTINGS:
        value = limits.value_of(Policy(), limit)
        if value is not None:
            assert limit.kind.parse(limits.format_value(Policy(), limit)) == value


def test_without_any_source_the_defaults_hold_on_loopback() -> None:
    assert load() == Config()
    assert Config().allowed_hosts == {"localhost", "127.0.0.1", "[::1]"}


def test_a_flag_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = 1001\nname = "From the file"\nheartbeat_s = 10\n')
    environ = {"TACTFUL_PORT": "1002", "TACTFUL_HEARTBEAT_S": "11"}
    reading = load_with_origins(file=file, environ=environ, flags={"port": 1003, "host": None})
    assert (reading.config.port, reading.config.heartbeat_s) == (1003, 11)
    assert reading.config.name == "From the file"
    assert reading.origins == {
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
def test_test_mode_is_switched_on_by_any_plain_word(word: str) -> None:
    assert load(environ={"TACTFUL_TEST_MODE": word}).test_mode


def test_a_misspelt_setting_is_refused_with_file_line_and_the_nearest(tmp_path: Path) -> None:
    file = written(tmp_path, "port = 1\n\norigin = []\n\n[policy.caps]\nper_sesion = 3\n")
    problem = problem_of(file=file)
    assert f"{file}:3: no setting 'origin'; did you mean origins?" in problem
    assert f"{file}:6: no limit 'caps.per_sesion' in the policy" in problem
    assert "did you mean caps.per_session?" in problem


def test_a_misspelt_variable_is_refused_but_a_stranger_is_left_alone() -> None:
    assert "did you mean TACTFUL_ORIGINS?" in problem_of(environ={"TACTFUL_ORIGIN": "x"})
    assert load(environ={"TACTFUL_BLUE_GREEN": "x"}) == Config()


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = "x"\nmetrics = 3\n')
    problem = problem_of(file=file, environ={"TACTFUL_ORIGINS": "shop.example"})
    assert len(problem.splitlines()) == 3
    assert "a whole number from 0 to 65535" in problem


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("https://shop.example/", "write https://shop.example"),
        ("https://Shop.example", "write https://shop.example"),
        ("https://shop.example:443", "write https://shop.example"),
        ("shop.example", "write an origin such as"),
        ("*", "write an origin such as"),
        ("https://shop.example:99999", "write an origin such as"),
    ],
)
def test_an_origin_that_browsers_never_send_is_refused(given: str, remedy: str) -> None:
    assert remedy in problem_of(environ={"TACTFUL_ORIGINS": given})


def test_a_broken_file_is_refused_with_its_place(tmp_path: Path) -> None:
    assert "at line 2" in problem_of(file=written(tmp_path, "port = 1\nport 2"))
    assert "cannot be read" in problem_of(file=tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    assert "is not TOML" in problem_of(file=tmp_path / "latin.toml")
    assert "policy is a table" in problem_of(file=written(tmp_path, "policy = 3"))


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
    reading = load_with_origins(file=written(tmp_path, table))
    policy = reading.config.policy
    assert (policy.holdout_bp, policy.correction_within) == (1250, 86_400_000)
    assert policy.taints.return_recent.after == 30 * 86_400_000
    assert policy.taints.return_recent.scope == "product"
    assert (policy.caps.per_shopper.count, policy.caps.visible) == (9, 1)
    assert (policy.max_age.stock, policy.max_age.cases) == (900_000, None)
    assert reading.origins["policy.caps.per_shopper.per"].endswith("tactful.toml:7")


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
def test_a_limit_in_the_wrong_unit_is_refused(tmp_path: Path, line: str, wanted: str) -> None:
    assert wanted in problem_of(file=written(tmp_path, f"[policy]\n{line}"))


@pytest.mark.parametrize("where", [{"host": "0.0.0.0"}, {"public_url": "https://o.example"}])  # noqa: S104
def test_test_mode_is_refused_where_others_can_connect(where: dict[str, str]) -> None:
    environ = {"TACTFUL_SERVER_KEY": GOOD_KEY, "TACTFUL_TEST_MODE": "1"}
    assert "test mode lets anybody move the clock" in problem_of(environ=environ, flags=where)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "set TACTFUL_SERVER_KEY"),
        ("brief", "shorter than 16"),
        ("changeme-changeme", "everybody knows"),
        ("test-key-1234567890", "everybody knows"),
        ("aaaaaaaaaaaaaaaaaaaa", "everybody knows"),
    ],
)
def test_a_server_that_others_reach_needs_a_key_of_its_own(key: str, why: str) -> None:
    problem = problem_of(environ={"TACTFUL_HOST": "::", "TACTFUL_SERVER_KEY": key})
    assert why in problem
    assert not key or key not in problem


def test_a_proxy_before_a_loopback_bind_needs_a_key_too() -> None:
    assert "makes the server public" in problem_of(flags={"trusted_proxies": "127.0.0.1"})


def test_a_short_identity_secret_is_refused_in_public_and_warned_about_at_home() -> None:
    environ = {"TACTFUL_IDENTITY_SECRET": "short", "TACTFUL_SERVER_KEY": GOOD_KEY}
    assert "identity_secret is shorter than 32" in problem_of(
        environ={**environ, "TACTFUL_HOST": "::"}
    )
    assert any(
        "identity_secret" in warning for warning in load_with_origins(environ=environ).warnings
    )
    environ["TACTFUL_IDENTITY_SECRET"] = GOOD_SECRET
    assert load(environ={**environ, "TACTFUL_HOST": "::"}).host == "::"


def test_a_seed_without_test_mode_is_refused() -> None:
    assert "a seed makes sessions guessable" in problem_of(environ={"TACTFUL_SEED": "1"})
    assert load(environ={"TACTFUL_SEED": "1", "TACTFUL_TEST_MODE": "1"}).seed == 1


def test_sessions_that_rest_before_anybody_is_engaged_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, '[policy.moment]\nengaged = "60s"')
    assert "raise idle_s" in problem_of(file=file)


def test_no_secret_is_ever_printed() -> None:
    config = Config(server_key=GOOD_KEY, identity_secret=GOOD_SECRET)
    for secret in (GOOD_KEY, GOOD_SECRET):
        assert secret not in repr(config)
        assert secret not in str(config)
    assert BY_NAME["server_key"].format(GOOD_KEY) == "***"
    assert BY_NAME["server_key"].flag is None
    assert "hunter" not in problem_of(flags={"server_key": ["hunter"]})


def test_the_server_answers_under_its_own_names() -> None:
    config = Config(host="10.0.0.5", public_url="https://offers.shop.example/t")
    assert config.allowed_hosts is not None
    assert {"10.0.0.5", "offers.shop.example", "localhost"} <= config.allowed_hosts
    assert Config(hosts=("*",)).allowed_hosts is None
    assert Config(hosts=("one.example",)).allowed_hosts == {"one.example"}
    assert Config(host="::1", port=9).own_url == "http://[::1]:9"
    assert Config(host="0.0.0.0").own_url == "http://localhost:8000"  # noqa: S104


def test_the_line_of_a_setting_is_found_under_tables_dots_and_inline_tables() -> None:
    source = 'a = 1\n[policy]\ncaps.visible = 2\nrest = {quiet = "1m"}\n["policy".taints]\nx = 1'
    assert line_of_setting(source, "a") == 1
    assert line_of_setting(source, "policy.caps.visible") == 3
    assert line_of_setting(source, "policy.rest.quiet") == 4
    assert line_of_setting(source, "policy.taints.x") == 6
    assert line_of_setting(source, "nowhere") == 1
