"""Runs the command line in this process, or beside a server of this process."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result

from support.live_server import KEY, LiveServer
from tactful.cli import main
from tactful.config.settings import SETTINGS


def run(*words: object, given: str | bytes | None = None, **environment: str) -> Result:
    """A command; nothing of this machine's settings reaches it, and no traceback leaves it."""
    clean = {setting.environment: None for setting in SETTINGS} | {"TACTFUL_CONFIG": None}
    result = CliRunner().invoke(
        main, list(map(str, words)), input=given, env={**clean, **environment}
    )
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


async def run_beside(stage: LiveServer, *words: object, key: str = KEY, **more: Any) -> Result:
    """A command that speaks with a running server."""
    url = ("--url", f"http://127.0.0.1:{stage.listener.port}")
    return await asyncio.to_thread(run, *words, *url, TACTFUL_SERVER_KEY=key, **more)


def printed_json(result: Result) -> Any:
    """What a command printed for a machine."""
    return msgspec.json.decode(result.stdout)


def write_file(path: Path, text: str) -> Path:
    """A file with this text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path
