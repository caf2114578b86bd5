"""`tactful keys` lists, rotates and revokes the keys that sign offers."""

import errno
import os
import time
from pathlib import Path

import pytest
from msgspec import structs

from support.cli_runner import printed_json, run
from support.ledger_rows import accepted, push, step
from tactful.runtime.security import signing_keys
from tactful.runtime.security.bridge_keys import BridgeKeys
from tactful.runtime.security.derived_keys import derived_key
from tactful.runtime.system_clock import SystemClock
from tactful.stores.sqlite.ledger import SqliteLedger


def test_a_rotation_signs_with_a_new_key_and_keeps_the_old(tmp_path: Path) -> None:
    (first,) = printed_json(run("keys", "list", "--json", "--data", tmp_path))
    assert first["accepted_until"] is None
    rotated = run("keys", "rotate", "--data", tmp_path, "--overlap", "2d")
    assert rotated.exit_code == 0
    old, new = printed_json(run("keys", "list", "--json", "--data", tmp_path))
    assert old["kid"] == first["kid"]
    assert old["accepted_until"] is not None
    assert rotated.output == f"Key {new['kid']} signs from now on.\n"


def test_a_revoked_key_is_no_longer_accepted(tmp_path: Path) -> None:
    (first,) = printed_json(run("keys", "list", "--json", "--data", tmp_path))
    assert run("keys", "revoke", first["kid"], "--yes", "--data", tmp_path).exit_code == 0
    (other,) = printed_json(run("keys", "list", "--json", "--data", tmp_path))
    assert other["kid"] != first["kid"]


async def test_a_revocation_says_how_many_accepted_offers_it_ends_and_asks(tmp_path: Path) -> None:
    (first,) = printed_json(run("keys", "list", "--json", "--data", tmp_path))
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    now = time.time_ns() // 1_000_000
    for ident in ("of_1", "of_2"):
        made = accepted(ident)
        await ledger.commit(structs.replace(push(made), steps=(step(made, at=now + 1000),)))
    await ledger.close()
    said = run("keys", "revoke", first["kid"], "--data", tmp_path, given="n\n")
    assert "Up to 2 accepted offers can no longer be redeemed." in said.output
    assert "No key was revoked" in said.output
    assert printed_json(run("keys", "list", "--json", "--data", tmp_path)) == [first]
    assert run("keys", "revoke", first["kid"], "--data", tmp_path, given="y\n").exit_code == 0


def test_a_missing_folder_an_unknown_key_and_a_bad_duration_are_reported(tmp_path: Path) -> None:
    assert "No data folder is set." in run("keys", "list").output
    assert "This folder does not exist." in run("keys", "list", "--data", tmp_path / "none").output
    unknown = run("keys", "revoke", "nobody", "--yes", "--data", tmp_path)
    assert (unknown.exit_code, "nobody" in unknown.output) == (2, True)
    assert "a duration" in run("keys", "rotate", "--overlap", "soon", "--data", tmp_path).output


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    run("keys", "list", "--data", tmp_path)
    next((tmp_path / "keys").glob("*.key.json")).chmod(0o644)
    result = run("keys", "list", "--data", tmp_path)
    assert result.exit_code == 2
    assert "chmod 600" in result.output


def test_a_secret_is_long_and_new_each_time() -> None:
    one, other = run("keys", "secret").output, run("keys", "secret").output
    assert one != other
    assert len(one.strip()) >= 40


def test_the_key_of_a_use_follows_from_the_identity_secret() -> None:
    secret = "identity-secret-of-the-tests-here"
    found = run("keys", "derive", "links", TACTFUL_IDENTITY_SECRET=secret)
    assert found.output.strip() == derived_key(secret, "links")
    missing = run("keys", "derive", "links")
    assert (missing.exit_code, "TACTFUL_IDENTITY_SECRET" in missing.output) == (2, True)


def test_a_key_that_cannot_be_written_names_the_folder_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = printed_json(run("keys", "list", "--json", "--data", tmp_path))

    def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(signing_keys, "write_new", full)
    refused = run("keys", "rotate", "--data", tmp_path)
    assert refused.exit_code == 2
    assert f"{tmp_path / 'keys'}: The key cannot be written: No space left" in refused.output
    assert "Free some space" in refused.output
    monkeypatch.undo()
    assert [first] == printed_json(run("keys", "list", "--json", "--data", tmp_path))


def test_a_plugin_is_paired_listed_and_revoked(tmp_path: Path) -> None:
    url = "https://offers.shop.example"
    made = run("keys", "pair", "--platform", "woo", "--public-url", f"{url}/", "--data", tmp_path)
    assert made.exit_code == 0
    secret, _, address = made.stdout.strip().partition("@")
    assert address == url
    assert "within 15m" in made.stderr
    found = BridgeKeys(tmp_path / "keys", SystemClock()).pair(secret, "https://shop.example")
    assert found is not None
    (listed,) = printed_json(run("keys", "plugins", "--json", "--data", tmp_path))
    assert (listed["id"], listed["platform"], listed["shop"]) == (
        found.ident, "woo", "https://shop.example",
    )  # fmt: skip
    assert found.ident in run("keys", "plugins", "--data", tmp_path).output
    assert (
        "of a plugin is no longer accepted"
        in run("keys", "revoke", found.ident, "--data", tmp_path).output
    )
    assert printed_json(run("keys", "plugins", "--json", "--data", tmp_path)) == []


def test_a_pairing_without_an_identity_secret_says_what_is_missing(tmp_path: Path) -> None:
    given = ("keys", "pair", "--platform", "woo", "--public-url", "https://offers.shop.example")
    without = run(*given, "--data", tmp_path)
    assert (without.exit_code, len(without.stdout.split())) == (0, 1)
    assert "Set TACTFUL_IDENTITY_SECRET on the server" in without.stderr
    secret = "identity-secret-of-the-tests-here"
    found = run(*given, "--data", tmp_path, TACTFUL_IDENTITY_SECRET=secret)
    assert (found.exit_code, "IDENTITY_SECRET" in found.stderr) == (0, False)


def test_a_code_needs_a_public_address_and_a_duration(tmp_path: Path) -> None:
    given = ("keys", "pair", "--platform", "woo", "--data", tmp_path)
    assert "--public-url" in run(*given).output
    assert "a duration" in run(*given, "--for", "soon").output
