"""Plays the shell blocks of a manual from top to bottom, in one shell, as a reader would."""

import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.ports import free_port

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
QUICKSTART = ROOT / "examples" / "quickstart"
CHECKOUT = ROOT / "examples" / "checkout"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(manual: Path) -> list[tuple[str, str]]:
    """(language, text) of every fenced block."""
    return _BLOCK.findall(manual.read_text("utf-8"))


class Shell:
    """One shell that takes a block after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, block: str) -> str:
        """What the block printed; it must succeed."""
        mark = f"-- {uuid.uuid4()}"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{block}\necho; echo '{mark}' $?\n")
        self._process.stdin.flush()
        said: list[str] = []
        for line in self._process.stdout:
            if line.startswith(mark):
                output = "".join(said).strip()
                assert line.split()[-1] == "0", f"{block}\nsaid: {output}"
                return output
            said.append(line)
        raise AssertionError(f"the shell ended in: {block}\nsaid: {''.join(said)}")


@contextmanager
def shell(folder: Path, **environment: str) -> Iterator[Shell]:
    """A shell in a folder; whatever it started ends with it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TACTFUL_")}
    path = f"{Path(sys.executable).parent}:{clean['PATH']}"
    process = subprocess.Popen(
        ["bash", "-u", "-o", "pipefail"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=clean | {"PATH": path} | environment,
    )
    try:
        yield Shell(process)
    finally:
        assert process.stdin is not None
        process.stdin.write("kill $(jobs -p) 2>/dev/null; wait\n")
        process.stdin.close()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def quickstart(tmp_path: Path) -> Iterator[tuple[Shell, list[str], int, int]]:
    """A shell beside the files, the README's blocks with free ports in them, and these ports."""
    server, page = free_port(), free_port()
    for folder in (QUICKSTART, CHECKOUT):
        shutil.copytree(
            folder,
            tmp_path / "examples" / folder.name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for file in (tmp_path / "examples").rglob("*.*"):
        if file.is_file():
            file.write_text(ported(file.read_text("utf-8"), server, page), "utf-8")
    text = [block for language, block in blocks(README) if language == "sh"]
    install = next(number for number, block in enumerate(text) if "pip install" in block)
    # The suite's own environment stands for the one that the reader makes; CI installs the wheel.
    steps = [ported(block, server, page) for block in text[install + 1 :]]
    settings = {"TACTFUL_PORT": str(server), "TACTFUL_TEST_MODE": "1"}
    with shell(tmp_path, **settings) as one:
        yield one, steps, server, page


def ported(text: str, server: int, page: int) -> str:
    """A text with these ports instead of the README's."""
    ports = {"8000": str(server), "8080": str(page)}
    return re.sub("8000|8080", lambda found: ports[found[0]], text)


def set_clock_to_present(one: Shell, server: int) -> None:
    """Set the clock of a server that has just been started: shops compare tokens with their own."""
    one.run(
        f"curl --silent --fail --retry 10 --retry-connrefused http://127.0.0.1:{server}/v1/test/clock"
        ' --header "Authorization: Bearer $TACTFUL_SERVER_KEY"'
        """ --data '{"now": "'$(date --utc +%Y-%m-%dT%H:%M:%SZ)'"}'"""
    )


def key_of(one: Shell) -> dict[str, str]:
    """The header with which the shop's own systems come."""
    return {"Authorization": f"Bearer {one.run('echo $TACTFUL_SERVER_KEY').splitlines()[-1]}"}
