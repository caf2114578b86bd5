"""`npx tactful-pair` and the identities of `@tactful/checkout` against a running Tactful."""

import asyncio
import json
import subprocess
from pathlib import Path

from support.live_server import live_server
from support.manual_runner import ROOT
from support.node import node
from tactful.runtime.security.bridge_keys import BridgeKeys

SOURCES = ROOT / "server" / "bridges" / "checkout-js" / "src"


async def run(*arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    """The result of a program in JavaScript."""
    return await asyncio.to_thread(
        subprocess.run, [node(), *arguments], input=stdin, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


async def test_a_code_becomes_the_env_file_of_a_shop_once(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        url = f"http://127.0.0.1:{one.port}"
        keys = BridgeKeys(one.parts.shop.state.keys.folder, one.parts.shop.clock)
        env = tmp_path / ".env"
        env.write_text("PORT=3000\nTACTFUL_URL=https://old.example\n")
        command = str(SOURCES / "pair_command.js"), keys.new_code("vendure", url)
        options = "--env", str(env), "--shop", "https://s.example"
        unwritable = await run(*command, "--env", str(tmp_path / "missing" / ".env"))
        assert (unwritable.returncode, unwritable.stdout) == (1, "")
        assert "Not paired: ENOENT" in unwritable.stderr

        done = await run(*command, *options)
        assert done.returncode == 0, done.stderr
        assert "Add https://s.example to the server's setting TACTFUL_ORIGINS." in done.stdout
        settings = dict(line.split("=", 1) for line in env.read_text().splitlines())
        assert (settings["PORT"], settings["TACTFUL_URL"]) == ("3000", url)
        assert keys.scopes_of(settings["TACTFUL_SERVER_KEY"]) == {"facts:write", "redeem"}

        now = one.parts.shop.clock.now() // 1000
        code = (
            f"import {{ signCustomer }} from {json.dumps((SOURCES / 'index.js').as_uri())};"
            f"console.log(JSON.stringify(signCustomer({settings['TACTFUL_IDENTITY_KEY']!r}, 'c7', {now})));"
        )
        signed = await run("--input-type=module", "-", stdin=code)
        identity = json.loads(signed.stdout)
        shopper = await one.shopper(consent="personal", identity=identity)
        why = await one.http.get("/v1/customers/c7/export")
        assert shopper.session in why.text

        before = env.read_text()
        again = await run(*command, *options)
        assert (again.returncode, again.stdout) == (1, "")
        assert "pairing.refused" in again.stderr
        assert env.read_text() == before
        await run(*command, "--env", str(tmp_path / "new.env"))
        assert not (tmp_path / "new.env").exists()
