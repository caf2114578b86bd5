"""`tactful snippet` prints what a shop pastes."""

import base64
import hashlib
from pathlib import Path

import pytest

from support.cli_runner import printed_json, run
from tactful.api import widget_files as assets
from tactful.cli.storefront import snippet
from tactful.runtime.security.doctor_pass import pass_origin
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.system_clock import SystemClock

URL = ("--public-url", "https://offers.shop.example")


def test_the_tag_names_the_servers_address_and_the_territory() -> None:
    result = run("snippet", *URL, "--territory", "DE")
    tag = (
        '<script async src="https://offers.shop.example/widget/v1.js" data-territory="DE"></script>'
    )
    assert result.stdout.splitlines()[0] == tag


def test_the_policy_line_allows_the_script_and_both_ways_of_connecting() -> None:
    shown = printed_json(run("snippet", "--json", *URL))
    assert shown["csp"] == (
        "script-src https://offers.shop.example; "
        "connect-src https://offers.shop.example wss://offers.shop.example"
    )
    assert shown["integrity"] is None


def test_a_server_under_a_path_is_one_origin_in_the_policy() -> None:
    shown = printed_json(run("snippet", "--json", "--public-url", "https://shop.example/tact"))
    assert 'src="https://shop.example/tact/widget/v1.js"' in shown["tag"]
    assert "connect-src https://shop.example wss://shop.example" in shown["csp"]


def test_a_pinned_tag_carries_the_hash_of_the_newest_versioned_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("v1.js", "v1.9.0.js", "v1.10.0.js"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(assets, "widget_folder", lambda: tmp_path)
    shown = printed_json(run("snippet", "--json", "--pinned", *URL))
    digest = base64.b64encode(hashlib.sha384(b"v1.10.0.js").digest()).decode()
    assert shown["integrity"] == f"sha384-{digest}"
    assert f'v1.10.0.js" integrity="sha384-{digest}" crossorigin="anonymous"' in shown["tag"]


def test_a_build_without_a_versioned_file_refuses_to_pin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "widget_folder", lambda: tmp_path)
    result = run("snippet", "--pinned", *URL)
    assert (result.exit_code, "Leave out --pinned" in result.output) == (2, True)


def test_a_url_cannot_break_out_of_the_attribute_of_the_tag() -> None:
    assert snippet.script_tag('https://x.example/"><b>', "DE", None).count('"') == 4


def test_a_territory_that_is_none_is_refused() -> None:
    result = run("snippet", "--territory", "Germany")
    assert (result.exit_code, "a territory such as DE" in result.output) == (2, True)


def test_a_doctor_link_carries_a_pass_for_the_pages_origin(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys", SystemClock())
    page = "https://shop.example/p/aero?x=1"
    shown = printed_json(
        run("snippet", "--doctor", f"{page}#old", "--data", str(tmp_path), "--json")
    )
    address, _, token = shown["link"].partition("#tactful-doctor=")
    assert address == page
    assert pass_origin(keys, token, SystemClock().now()) == "https://shop.example"
    assert "30 minutes" in run("snippet", "--doctor", page, "--data", str(tmp_path)).output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--doctor", "shop.example/p"), "is not an http(s) URL"),
        (("--doctor", "https://shop.example/p"), "--data"),
    ],
)
def test_a_doctor_link_needs_a_url_and_the_shops_keys(
    tmp_path: Path, words: tuple[str, ...], problem: str
) -> None:
    result = run("snippet", *words, "--data", str(tmp_path))
    assert (result.exit_code, problem in result.output) == (2, True)


def test_a_part_of_the_widget_is_never_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("v1.2.0.js", "v1.2.0-words.js", "v1.2.0-doctor.js"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(assets, "widget_folder", lambda: tmp_path)
    assert snippet.newest_versioned_file().name == "v1.2.0.js"
