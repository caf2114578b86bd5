"""`python -m tactful_bridge pair` against a running Tactful."""

import asyncio
import subprocess
import sys
from pathlib import Path

from support.live_server import SECRET, live_server
from tactful.runtime.security.bridge_keys import BridgeKeys
from tactful.runtime.security.derived_keys import derived_key


async def test_a_code_becomes_the_settings_of_a_shop_once(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        url = f"http://127.0.0.1:{one.listener.port}"
        keys = BridgeKeys(one.parts.shop.state.keys.folder, one.parts.shop.clock)
        code = keys.new_code("oscar", url)
        command = [
            sys.executable,
            "-m",
            "tactful_bridge",
            "pair",
            code,
            "--shop",
            "https://s.example",
        ]

        async def run() -> subprocess.CompletedProcess[str]:
            return await asyncio.to_thread(
                subprocess.run, command, capture_output=True, text=True, check=False,
                cwd=Path(__file__).parents[3] / "server" / "bridges" / "bridge",
            )  # fmt: skip

        done = await run()
        assert done.returncode == 0, done.stderr
        settings = dict(line.split("=", 1) for line in done.stdout.splitlines())
        assert settings["TACTFUL_URL"] == url
        assert keys.scopes_of(settings["TACTFUL_SERVER_KEY"]) == {"facts:write", "redeem"}
        assert settings["TACTFUL_IDENTITY_KEY"] == derived_key(SECRET, "identity-hmac")
        assert "Add https://s.example to the server's setting TACTFUL_ORIGINS." in done.stderr
        again = await run()
        assert (again.returncode, again.stdout) == (1, "")
        assert "pairing.refused" in again.stderr
