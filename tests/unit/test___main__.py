"""The command line as `python -m tactful`."""

import subprocess
import sys

from tactful import __version__


def test_the_module_runs_the_command_line_under_its_own_name() -> None:
    command = [sys.executable, "-m", "tactful", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "tactful" in done.stdout
    assert __version__ in done.stdout
