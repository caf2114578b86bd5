"""JavaScript agrees with every vector."""

import subprocess

import pytest

from support.node import node
from support.vectors import FOLDER


@pytest.mark.thorough
def test_javascript_agrees_with_every_vector() -> None:
    done = subprocess.run(
        # Node 24 prints another form by default.
        [node(), "--test", "--test-reporter=tap", FOLDER / "vectors.test.mjs"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "# pass 21\n# fail 0" in done.stdout
