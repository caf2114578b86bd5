"""Runs the command line in this process, or beside a server of this process."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import structlog
from click.testing import CliRunner, Result

from support.live_server import KEY, LiveServer
from tactful.cli import main
from tactful.config.settings import SETTINGS


def run(*words: object, given: str | bytes | None = None, **environment: str) -> Result:
    """Run a command without this machine's settings; it must not end in a traceback."""
    clean = {setting.environment: None for setting in SETTINGS} | {"TACTFUL_CONFIG": None}
    result = CliRunner().invoke(
        main, list(map(str, words)), input=given, env={**clean, **environment}
    )
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


async def run_beside(stage: LiveServer, *words: object, key: str = KEY, **more: Any) -> Result:
    """Run a command that uses a running server of this process, whose log is no output of the command."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    url = ("--url", f"http://127.0.0.1:{stage.port}")
    return await asyncio.to_thread(run, *words, *url, TACTFUL_SERVER_KEY=key, **more)


def printed_json(result: Result) -> Any:
    """Return the JSON that a command printed."""
    return msgspec.json.decode(result.stdout)


def write_file(path: Path, text: str) -> Path:
    """Write a file with this text, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path
