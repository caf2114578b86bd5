"""The registry of settings covers the configuration, and every entry is complete."""

import re

from msgspec.structs import fields

from tactful.config import Config
from tactful.config.settings import BY_NAME, SETTINGS, nearest


def test_every_field_of_the_configuration_is_in_the_registry() -> None:
    tables = {"policy", "mappings", "connectors"}
    assert {s.name for s in SETTINGS} | tables == {f.name for f in fields(Config)}


def test_every_default_can_be_parsed_from_its_own_text() -> None:
    for setting in SETTINGS:
        if setting.default not in {None, ()}:
            assert setting.kind.parse(setting.format(setting.default)) == setting.default


def test_every_meaning_is_made_of_whole_sentences() -> None:
    for setting in SETTINGS:
        assert re.fullmatch(r"[A-Z].*\.", setting.meaning), setting.name
        assert "; " not in setting.meaning, setting.name


def test_a_setting_has_a_variable_and_an_option_but_a_secret_has_no_option() -> None:
    port, key = BY_NAME["port"], BY_NAME["server_key"]
    assert (port.environment, port.flag) == ("TACTFUL_PORT", "--port")
    assert BY_NAME["idle_s"].flag == "--idle-s"
    assert (key.environment, key.flag) == ("TACTFUL_SERVER_KEY", None)


def test_a_value_is_written_as_in_a_file_and_a_secret_not_at_all() -> None:
    assert BY_NAME["session_ttl"].format(1_800_000) == "30m"
    assert BY_NAME["origins"].format(("https://a.example", "https://b.example")) == (
        "https://a.example, https://b.example"
    )
    assert BY_NAME["origins"].format(()) == BY_NAME["seed"].format(None) == ""
    assert BY_NAME["server_key"].format("Vq3-9sWm2_kLx81TzR") == "***"


def test_a_misspelt_name_has_a_nearest_one_and_a_wrong_one_has_none() -> None:
    assert nearest("origin", ("origins", "port")) == "origins"
    assert nearest("colour", ("origins", "port")) is None
