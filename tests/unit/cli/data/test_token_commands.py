"""`tactful users token` makes a token once, `tokens` lists it, `revoke-token` ends it."""

from pathlib import Path

from support.cli_runner import printed_json, run
from tactful.cli.data.token_commands import _SCOPES
from tactful.runtime.security.api_tokens import SCOPES, ApiTokens
from tactful.runtime.system_clock import SystemClock


def test_a_token_is_made_listed_and_revoked(tmp_path: Path) -> None:
    here = ("--data", tmp_path)
    made = printed_json(
        run(
            "users", "token", "warehouse", "--scope", "facts:write", "--days", "30", "--json", *here
        )
    )
    found = ApiTokens(tmp_path / "keys", SystemClock()).find(made["token"])
    assert found is not None
    assert found.scopes == ("facts:write",)
    (row,) = printed_json(run("users", "tokens", "--json", *here))
    assert (row["id"], row["name"], row["scopes"]) == (made["id"], "warehouse", ["facts:write"])
    assert row["ends"]
    assert "warehouse" in run("users", "tokens", *here).output
    said = run("users", "revoke-token", made["id"], *here)
    assert said.output == "The token of warehouse is not accepted any more.\n"
    assert run("users", "revoke-token", made["id"], *here).exit_code == 2
    assert printed_json(run("users", "tokens", "--json", *here)) == []


def test_the_token_itself_is_the_first_line(tmp_path: Path) -> None:
    said = run("users", "token", "a", "--scope", "redeem", "--data", tmp_path)
    assert said.output.startswith("tft_")
    refused = run("users", "token", " ", "--scope", "redeem", "--data", tmp_path)
    assert (refused.exit_code, "The name is missing" in refused.output) == (2, True)


def test_the_command_knows_every_scope() -> None:
    assert _SCOPES == SCOPES
