"""`tactful serve` prints its address, stops on a signal, and refuses bad settings in one line."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from support.backup_files import filled
from support.cli_runner import run, write_file
from tactful.stores.sqlite.migrations import newest_schema

ROOT = Path(__file__).parents[3]


@contextmanager
def server(*words: object, **environment: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A server in a process of its own, and the lines of its greeting."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TACTFUL_")}
    command = [sys.executable, "-m", "tactful", "serve", "--port", "0", *map(str, words)]
    given = clean | {"PYTHONPATH": str(ROOT / "server")} | environment
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=given) as process:
        assert process.stderr is not None
        lines: list[str] = []
        try:
            for line in process.stderr:
                lines.append(line.rstrip())
                if "Ctrl-C" in line:
                    break
            yield process, lines
        finally:
            process.kill()


def url_of(lines: list[str]) -> str:
    return next(line.rpartition(" at ")[2] for line in lines if " at http" in line)


def test_it_prints_its_address_and_folders_and_stops_on_a_signal(tmp_path: Path) -> None:
    words = ("--data", tmp_path, "--origins", "https://shop.example", "--name", "Velo")
    with server(*words, TACTFUL_SERVER_KEY="a-key") as (process, lines):
        greeting = "\n".join(lines)
        assert "serves Velo at http://127.0.0.1:" in greeting
        assert f"  data    {tmp_path}" in greeting
        assert "  pages   https://shop.example" in greeting
        assert "a-key" not in greeting
        assert httpx.get(f"{url_of(lines)}/version").json()["name"] == "tactful"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_server_on_an_empty_folder_is_ready_when_it_prints_its_address(tmp_path: Path) -> None:
    with server("--data", tmp_path / "new") as (_, lines):
        assert httpx.get(f"{url_of(lines)}/readyz").status_code == 200


def test_in_a_pipe_its_log_is_json(tmp_path: Path) -> None:
    write_file(tmp_path / "rules.yaml", "rules: []\n")
    with server("--rules", tmp_path) as (_, lines):
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        assert any(entry["event"] == "rulebook.active" for entry in logged)


@pytest.mark.parametrize(
    ("words", "environment", "remedy"),
    [
        (("--host", "0.0.0.0"), {}, "Set TACTFUL_SERVER_KEY"),  # noqa: S104 - refused
        (("--test-mode", "--public-url", "https://o.example"), {}, "Switch test_mode off"),
        (("--port", "eighty"), {}, "a whole number from 0 to 65535"),
        (("--config", "/none.toml"), {}, "cannot be read"),
        (("--rules", "/no/such/folder"), {}, "The rules folder /no/such/folder does not exist."),
        ((), {"TACTFUL_ORIGIN": "x"}, "Did you mean TACTFUL_ORIGINS?"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_with_what_to_do(
    words: tuple[str, ...], environment: dict[str, str], remedy: str
) -> None:
    result = run("serve", *words, **environment)
    assert (result.exit_code, remedy in result.output) == (2, True)


def refused(*words: object) -> str:
    """What a server says that ends at once; nothing of it is a traceback."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TACTFUL_")}
    done = subprocess.run(
        [sys.executable, "-m", "tactful", "serve", *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        env=clean | {"PYTHONPATH": str(ROOT / "server")},
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return "\n".join(line for line in done.stderr.splitlines() if line.startswith("error"))


def test_a_file_that_is_not_a_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "tactful.db").write_bytes(
        b"not a database, but long enough to be taken for one" * 9
    )
    said = refused("--data", tmp_path, "--port", "0")
    assert f"{tmp_path / 'tactful.db'} is not an SQLite database" in said


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    run("keys", "list", "--data", tmp_path)
    next((tmp_path / "keys").glob("*.key.json")).chmod(0o644)
    assert "Run chmod 600" in refused("--data", tmp_path, "--port", "0")


def test_a_port_that_another_program_holds_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused("--port", port)
        assert f"Cannot listen on 127.0.0.1:{port}" in said
        assert "choose another with --port" in said


def test_a_ledger_that_a_later_release_migrated_is_refused_in_one_line_and_stays_as_it_is(
    tmp_path: Path,
) -> None:
    data = filled(tmp_path, "A")
    with closing(sqlite3.connect(data / "tactful.db")) as made:
        later = newest_schema() + 1
        made.execute(f"PRAGMA user_version={later}")
        made.execute(
            "UPDATE meta SET value = ? WHERE key = 'compatible_since'", (str(later).encode(),)
        )
        made.commit()
        made.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = (data / "tactful.db").read_bytes()
    with server("--data", data) as (process, lines):
        assert process.wait(40) == 2
    (error,) = [line for line in lines if line.startswith("error: ")]
    assert f"knows schemas up to {newest_schema()}" in error
    assert (data / "tactful.db").read_bytes() == before
