"""A server in a process of its own, which a test kills with -9 at a named point."""

import os
import signal
import subprocess
import sys
from pathlib import Path

KEY = "server-key-of-the-journeys"
ORIGIN = "https://shop.example"


class KilledServer:
    """A server in a process of its own, which ends at a failpoint or is killed."""

    def __init__(self, folder: Path, failpoint: str, *options: str) -> None:
        """Start it on a folder with rules; `options`: of the command line."""
        clean = {name: text for name, text in os.environ.items() if "TACTFUL" not in name}
        given = clean | {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TACTFUL_SERVER_KEY": KEY,
            "TACTFUL_ORIGINS": ORIGIN,
            "TACTFUL_TEST_MODE": "1",
            "TACTFUL_SEED": "7",
            "TACTFUL_FAILPOINT": failpoint,
        }
        words = ["serve", "--port", "0", "--data", str(folder / "data")]
        command = [
            sys.executable,
            "-m",
            "tactful",
            *words,
            "--rules",
            str(folder / "rules"),
            *options,
        ]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=given)
        self.url = ""

    def ready(self) -> bool:
        """Wait for the start; `False` if the process ended before."""
        assert self._process.stderr
        for line in self._process.stderr:
            if " at http" in line:
                self.url = line.strip().rpartition(" at ")[2]
            if "Ctrl-C" in line:
                return True
        return False

    def end(self) -> None:
        """Make sure that the process has ended, with -9."""
        self._process.kill()
        assert self._process.wait() == -signal.SIGKILL
        assert self._process.stderr
        self._process.stderr.close()
