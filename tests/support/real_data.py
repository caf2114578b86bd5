"""Where are the real data sets that no checkout holds?"""

import os
from pathlib import Path

import pytest

VARIABLE = "TACTFUL_REAL_DATA"


def folder_of(name: str) -> Path | None:
    """The folder of a data set under the one that TACTFUL_REAL_DATA names."""
    root = os.environ.get(VARIABLE)
    found = Path(root).expanduser() / name if root else None
    return found if found and found.is_dir() else None


def real_data(name: str) -> Path:
    """The same; skips the test, saying plainly why, when there is none."""
    found = folder_of(name)
    if found is None:
        pytest.skip(f"the real data `{name}` is not here: name its parent folder in {VARIABLE}")
    return found
