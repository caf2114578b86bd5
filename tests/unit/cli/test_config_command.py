"""`tactful config` prints the settings, and checks whether a server could start with them."""

import re
from pathlib import Path

import pytest

from support.cli_runner import printed_json, run, write_file

SECRET = "Vq3-9sWm2_kLx81TzR-and-some-more"


def test_every_setting_is_shown_with_its_origin_and_no_secret(tmp_path: Path) -> None:
    file = write_file(tmp_path / "shop.toml", f'port = 9\nserver_key = "{SECRET}"\n')
    result = run("config", "show", "--json", "--config", file, TACTFUL_NAME="Velo")
    shown = {row["name"]: row for row in printed_json(result)}
    assert SECRET not in result.output
    assert (shown["server_key"]["value"], shown["server_key"]["origin"]) == ("***", f"{file}:2")
    assert (shown["port"]["value"], shown["name"]["origin"]) == ("9", "TACTFUL_NAME")
    assert shown["host"] == {
        "name": "host",
        "value": "127.0.0.1",
        "origin": "default",
        "environment": "TACTFUL_HOST",
        "takes": "an address such as 127.0.0.1",
        "meaning": "The address to listen on.",
    }


def test_in_a_pipe_the_table_is_plain(tmp_path: Path) -> None:
    file = write_file(tmp_path / "shop.toml", "port = 9")
    lines = run("config", "show", "--config", file).output.splitlines()
    assert lines[0].split() == ["name", "value", "origin", "environment", "meaning"]
    (port,) = [line for line in lines if line.startswith("port ")]
    cells = [
        "port",
        "9",
        f"{file}:1",
        "TACTFUL_PORT",
        "The port to listen on. 0 takes a free port.",
    ]
    assert re.split("  +", port) == cells


def test_good_settings_pass_the_check_and_bad_ones_are_all_named(tmp_path: Path) -> None:
    assert run("config", "check").exit_code == 0
    file = write_file(tmp_path / "shop.toml", 'prot = 9\norigins = ["shop.example"]\n')
    result = run("config", "check", "--config", file)
    assert result.exit_code == 1
    assert f"error: {file}:1: There is no setting 'prot'. Did you mean port?" in result.output
    assert f"error: {file}:2: origins is" in result.output


def test_warnings_count_when_asked_to() -> None:
    assert run("config", "check", "--strict").exit_code == 1


def test_the_file_of_the_working_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_file(tmp_path / "tactful.toml", "port = 70000")
    assert "tactful.toml:1: port is 70000" in run("config", "check").output
