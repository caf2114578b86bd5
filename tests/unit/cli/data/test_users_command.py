"""`tactful users` is the way in when nobody can log in."""

import tarfile
from pathlib import Path

from support.cli_runner import printed_json, run
from tactful.runtime.security.bridge_keys import BridgeKeys
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.security.passwords import PasswordDigest
from tactful.runtime.system_clock import SystemClock
from tactful.stores.sqlite.ledger import SqliteLedger


def test_an_owner_is_invited_changed_suspended_and_listed(tmp_path: Path) -> None:
    url = "https://offers.shop.example"
    made = run("users", "invite", "Ada", "--role", "owner", "--data", tmp_path, "--public-url", url)
    link = made.output.splitlines()[0]
    assert link.startswith(f"{url}/console/join?code=")
    accounts = OperatorAccounts(tmp_path / "keys", SystemClock())
    assert accounts.join(link.partition("code=")[2], PasswordDigest(b"s", b"d")) is not None
    run("users", "invite", "Bo", "--role", "owner", "--data", tmp_path)
    said = run("users", "role", "Bo", "agent", "--data", tmp_path)
    assert said.output == "Bo was owner, and is agent.\n"
    assert "Bo is suspended." in run("users", "suspend", "Bo", "--data", tmp_path).output
    rows = printed_json(run("users", "list", "--json", "--data", tmp_path))
    assert [(one["name"], one["role"], one["state"]) for one in rows] == [
        ("Ada", "owner", "active"), ("Bo", "agent", "suspended"),
    ]  # fmt: skip
    assert run("users", "resume", "Bo", "--data", tmp_path).output == "Bo can log in again.\n"
    assert "Ada" in run("users", "list", "--data", tmp_path).output


def test_a_link_without_a_public_address_is_a_path(tmp_path: Path) -> None:
    run("users", "invite", "Ada", "--role", "owner", "--data", tmp_path)
    said = run("users", "link", "Ada", "--data", tmp_path)
    assert said.output.startswith("/console/join?code=")
    assert "public address, which is not known" in said.output


def test_a_refusal_is_one_line_with_an_exit_code(tmp_path: Path) -> None:
    for words, wanted in (
        (("users", "link", "Ada", "--data", tmp_path), "Ada has no account."),
        (
            ("users", "invite", "Tactful", "--role", "owner", "--data", tmp_path),
            "belongs to the server",
        ),
        (("users", "list"), "No data folder is set."),
        (("users", "list", "--data", tmp_path / "none"), "This folder does not exist."),
    ):
        said = run(*words)
        assert (said.exit_code, wanted in said.output) == (2, True), said.output


async def test_a_backup_has_accounts_and_keys_of_plugins_and_no_logins_or_codes(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.close()
    run("users", "invite", "Ada", "--role", "owner", "--data", tmp_path)
    accounts = OperatorAccounts(tmp_path / "keys", SystemClock())
    (ada,) = accounts.all()
    accounts.log_in(ada)
    plugins = BridgeKeys(tmp_path / "keys", SystemClock())
    plugins.pair(plugins.new_code("woo", "https://shop.example").partition("@")[0])
    plugins.new_code("woo", "https://shop.example")
    assert run("backup", tmp_path / "b.tar.gz", "--data", tmp_path).exit_code == 0
    with tarfile.open(tmp_path / "b.tar.gz") as packed:
        keys = [name for name in packed.getnames() if name.startswith("keys/")]
    assert {name.partition("-")[0] for name in keys if "-" in name} == {
        "keys/account",
        "keys/bridge",
    }
    assert run("backup", "--verify", tmp_path / "b.tar.gz").exit_code == 0
    restored = ("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "new", "--keys")
    assert run(*restored).exit_code == 0
    assert [
        one.name for one in OperatorAccounts(tmp_path / "new" / "keys", SystemClock()).all()
    ] == ["Ada"]
