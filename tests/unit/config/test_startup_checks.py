"""A server does not start with dangerous settings, and each refusal says what to do."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tactful.config import Config, ConfigError, load, load_with_origins
from tactful.config.startup_checks import is_public, startup_errors, startup_warnings

GOOD_KEY = "Vq3-9sWm2_kLx81TzR"
GOOD_SECRET = "0Jt7dN4rQz8sYw2uEb6hXc1vLm5kPg9a"


def problem_of(**sources: Any) -> str:
    """The text with which the sources are refused."""
    with pytest.raises(ConfigError) as caught:
        load(**sources)
    return str(caught.value)


def test_a_database_needs_a_data_folder_too(tmp_path: Path) -> None:
    address = "postgresql://tactful@db.example/shop"
    (error,) = startup_errors(Config(ledger=address))
    assert "Set data, with --data or TACTFUL_DATA." in error
    assert list(startup_errors(Config(ledger=address, data=tmp_path))) == []


def test_a_password_in_the_address_of_the_ledger_is_not_repeated() -> None:
    environ = {"TACTFUL_LEDGER": "postgresql://tactful:hunter2@db.example/shop"}
    said = problem_of(environ=environ)
    assert "ledger is postgresql://tactful:***@db.example/shop. " in said
    assert "PGPASSFILE" in said
    assert "hunter2" not in said


def test_a_rules_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "rules"
    (error,) = startup_errors(Config(rules=missing))
    assert f"The rules folder {missing} does not exist." in error
    missing.write_text("rules: []\n")
    assert len(list(startup_errors(Config(rules=missing)))) == 1
    missing.unlink()
    missing.mkdir()
    assert list(startup_errors(Config(rules=missing))) == []


@pytest.mark.parametrize("where", [{"host": "0.0.0.0"}, {"public_url": "https://o.example"}])  # noqa: S104
def test_test_mode_is_refused_where_others_can_connect(where: dict[str, str]) -> None:
    environ = {"TACTFUL_SERVER_KEY": GOOD_KEY, "TACTFUL_TEST_MODE": "1"}
    assert "In test mode anybody can move the clock" in problem_of(environ=environ, flags=where)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "Set TACTFUL_SERVER_KEY"),
        ("brief", "shorter than 16"),
        ("changeme-changeme", "is easy to guess"),
        ("test-key-1234567890", "is easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaa", "is easy to guess"),
    ],
)
def test_a_server_that_others_can_reach_needs_a_strong_key(key: str, why: str) -> None:
    problem = problem_of(environ={"TACTFUL_HOST": "::", "TACTFUL_SERVER_KEY": key})
    assert why in problem
    assert not key or key not in problem


def test_a_server_on_loopback_behind_a_proxy_needs_a_key_too() -> None:
    assert "makes the server public" in problem_of(flags={"trusted_proxies": "127.0.0.1"})


def test_a_short_identity_secret_is_an_error_in_public_and_a_warning_on_loopback() -> None:
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
    assert "A seed makes the ids of sessions predictable." in problem_of(
        environ={"TACTFUL_SEED": "1"}
    )
    assert load(environ={"TACTFUL_SEED": "1", "TACTFUL_TEST_MODE": "1"}).seed == 1


def test_an_idle_time_below_the_engaged_time_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tactful.toml"
    file.write_text('[policy.moment]\nengaged = "60s"')
    assert "Raise idle_s" in problem_of(file=file)


def test_a_good_rating_must_be_above_a_bad_one() -> None:
    config = Config(policy=replace(Config().policy, bad_rating=3, good_rating=3))
    (error,) = startup_errors(config)
    assert "Raise good_rating or lower bad_rating." in error


def test_an_echo_server_is_for_this_machine_only() -> None:
    config = Config(conformance_echo=True, host="0.0.0.0", server_key=GOOD_KEY)  # noqa: S104
    (error,) = startup_errors(config)
    assert "others can reach 0.0.0.0" in error
    assert list(startup_errors(replace(config, host="127.0.0.1"))) == []


def test_a_complete_configuration_has_no_warnings() -> None:
    config = Config(
        data=Path("data"), rules=Path("rules"), origins=("https://a.example",), server_key=GOOD_KEY
    )
    assert list(startup_warnings(config)) == []
    everywhere = replace(config, host="0.0.0.0")  # noqa: S104
    assert [text.rpartition(". ")[2] for text in startup_warnings(everywhere)] == [
        "Set public_url or hosts, with --public-url or --hosts."
    ]


def test_every_missing_setting_is_a_warning_of_its_own() -> None:
    found = list(startup_warnings(Config()))
    for part in ("--origins", "--rules", "--data", "Set TACTFUL_SERVER_KEY"):
        assert any(part in text for text in found), part


@pytest.mark.parametrize(
    ("config", "public"),
    [
        (Config(), False),
        (Config(host="::1"), False),
        (Config(host="10.0.0.5"), True),
        (Config(public_url="https://o.example"), True),
        (Config(public_url="http://localhost:8000"), False),
    ],
)
def test_a_server_is_public_by_its_bind_or_its_url(config: Config, *, public: bool) -> None:
    assert is_public(config) is public


def test_a_public_url_through_a_proxy_on_this_machine_needs_trusted_proxies() -> None:
    environ = {"TACTFUL_SERVER_KEY": GOOD_KEY, "TACTFUL_PUBLIC_URL": "https://o.example"}
    assert 'Set trusted_proxies = ["127.0.0.1", "::1"].' in problem_of(environ=environ)
    for more in ({"TACTFUL_TRUSTED_PROXIES": "127.0.0.1"}, {"TACTFUL_HOST": "::"}):
        assert load(environ={**environ, **more}).public_url == "https://o.example"
    assert not any(startup_errors(Config(public_url="http://localhost:8000")))
