"""The WooCommerce plugin: its syntax, its PHPUnit tests, and that it agrees with the library in Python."""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import jwt
import pytest

from support.node import node
from support.php import php, phpunit
from support.source_tree import ROOT
from tactful_bridge.attempts import AttemptEvent, AttemptState, next_state
from tactful_bridge.cart import MINOR_DIGITS, digits_of
from tools.plugin_zip import write_plugin_zip

PLUGIN = ROOT / "server" / "bridges" / "woocommerce"
CASES = ROOT / "tests" / "bridges" / "woocommerce"
FILES = sorted([*PLUGIN.rglob("*.php"), *CASES.rglob("*.php")])
LONGEST_MODULE = 400


def run_php(code: str) -> str:
    """What a piece of PHP prints after the plugin's classes and the tests' stubs were loaded."""
    load = f"require {str(CASES / 'bootstrap.php')!r};"
    done = subprocess.run([php(), "-r", load + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_is_valid_php() -> None:
    # One process: a start of PHP for each file takes a minute on a busy machine.
    parse = (
        "foreach (json_decode(stream_get_contents(STDIN)) as $file) {"
        " try { token_get_all(file_get_contents($file), TOKEN_PARSE); }"
        " catch (ParseError $error) { exit($file . ':' . $error->getLine() . ' ' . $error->getMessage()); } }"
    )
    names = json.dumps([str(file) for file in FILES])
    assert len(FILES) > 50
    done = subprocess.run([php(), "-r", parse], input=names, capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_class_can_be_loaded() -> None:
    names = [
        "Tactful\\Woo\\"
        + ".".join(file.relative_to(PLUGIN / "src").with_suffix("").parts).replace(".", "\\")
        for file in sorted((PLUGIN / "src").rglob("*.php"))
    ]
    code = (
        f"foreach (json_decode('{json.dumps(names)}') as $name)"
        " { if (!class_exists($name) && !interface_exists($name) && !enum_exists($name)) { exit($name); } }"
    )
    assert run_php(code) == ""


def test_the_tests_in_php_hold() -> None:
    done = subprocess.run(
        [php(), phpunit(), "--configuration", str(CASES / "phpunit.xml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"OK \(\d{3,} tests", done.stdout), done.stdout


def test_an_identity_is_one_that_the_server_reads() -> None:
    secret, now = "an identity secret of 32 characters", 1_773_144_000
    code = f"echo Tactful\\Woo\\Bridge\\Identity::sign({secret!r}, '7', {now});"
    options = {"verify_exp": False, "verify_iat": False}
    token = run_php(code)
    claims = jwt.decode(token, secret, algorithms=["HS256"], audience="tactful", options=options)  # type: ignore[arg-type]
    assert claims == {"sub": "7", "aud": "tactful", "iat": now, "exp": now + 300}
    assert jwt.get_unverified_header(token)["typ"] == "tactful-identity+jwt"


def test_the_states_are_those_of_the_library() -> None:
    code = (
        "foreach (Tactful\\Woo\\Bridge\\AttemptState::cases() as $state)"
        " { foreach (Tactful\\Woo\\Bridge\\AttemptEvent::cases() as $event)"
        " { $table[$state->value][$event->name] = $state->after($event)->value; } }"
        " echo json_encode($table);"
    )
    wanted = {
        state.value: {
            event.value.title().replace("_", ""): next_state(state, event).value
            for event in AttemptEvent
        }
        for state in AttemptState
    }
    assert json.loads(run_php(code)) == wanted


def test_currencies_have_the_digits_of_the_library() -> None:
    codes = [*MINOR_DIGITS, "EUR", "GBP"]
    code = (
        f"foreach (json_decode('{json.dumps(codes)}') as $c)"
        " { $f[$c] = Tactful\\Woo\\Bridge\\Money::minor(1, $c); } echo json_encode($f);"
    )
    found = json.loads(run_php(code))
    assert found == {code: 10 ** digits_of(code) for code in codes}


def test_no_file_is_longer_than_four_hundred_lines_and_every_class_says_what_it_is() -> None:
    for file in PLUGIN.rglob("*.php"):
        text = file.read_text("utf-8")
        assert len(text.splitlines()) <= LONGEST_MODULE, file
        said = re.search(r"/\*\*\s*(?:\* )?(.+?)(?: \*/)?$\n", text, re.MULTILINE)
        assert said, file
        assert not said[1].endswith("?"), file


def test_what_is_printed_is_escaped() -> None:
    for file in (PLUGIN / "src").rglob("*.php"):
        for line in re.findall(r"^\s*echo .*\$.*$", file.read_text("utf-8"), re.MULTILINE):
            assert "esc_" in line, f"{file}: {line}"


def test_the_version_is_the_same_everywhere() -> None:
    text = (PLUGIN / "tactful-woo.php").read_text("utf-8")
    header = re.search(r"^ \* Version: (.+)$", text, re.MULTILINE)
    readme = re.search(r"^Stable tag: (.+)$", (PLUGIN / "readme.txt").read_text(), re.MULTILINE)
    assert header
    assert readme
    assert header[1] == readme[1]
    assert f"const VERSION = '{header[1]}';" in text


def test_the_zip_has_the_plugin_alone_and_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = write_plugin_zip(tmp_path / "1"), write_plugin_zip(tmp_path / "2")
    assert first.name == "tactful-woo-0.1.0.zip"
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert {"tactful-woo/tactful-woo.php", "tactful-woo/readme.txt", "tactful-woo/LICENSE"} <= {
        *names
    }
    assert all(name.startswith("tactful-woo/") for name in names)
    plugin_files = {
        f"tactful-woo/{file.relative_to(PLUGIN)}" for file in PLUGIN.rglob("*") if file.is_file()
    }
    assert {*names} == plugin_files | {"tactful-woo/LICENSE"}


@pytest.mark.parametrize("script", ["admin", "storefront"])
def test_the_scripts_of_the_pages_do_what_their_tests_say(script: str) -> None:
    command = [node(), "--test", str(CASES / f"{script}.test.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["storefront.js", "admin.js"])
def test_the_scripts_write_text_and_never_markup(name: str) -> None:
    text = (PLUGIN / "assets" / name).read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
