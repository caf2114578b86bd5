"""Writes the manifest of a release: size and digests of every file that `make build` made.

Shops check a file against it, and copy the `integrity` of a script into their tag (W3C SRI).
"""

import base64
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))

from tactful import __version__


def entry(file: Path) -> dict[str, Any]:
    """One file of the manifest; scripts also have the hash for the attribute `integrity`."""
    content = file.read_bytes()
    found: dict[str, Any] = {
        "file": f"{file.parent.name}/{file.name}",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if file.suffix == ".js":
        digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
        found["integrity"] = f"sha384-{digest}"
    return found


def manifest(folders: Iterable[Path]) -> dict[str, Any]:
    """The manifest of all files in these folders, ordered by folder and name."""
    files = [
        file
        for folder in folders
        if folder.is_dir()
        for file in sorted(folder.iterdir())
        if not file.name.startswith(".")
    ]
    return {"version": __version__, "files": [entry(file) for file in files]}


if __name__ == "__main__":
    print(json.dumps(manifest(map(Path, sys.argv[1:])), indent=1))
