"""Renews the lock files: every version with every hash, for all platforms, and no registry's address.

Run by `make lock`; its argument is the path of `uv`.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADERS = {
    "requirements.lock": "# What a server needs, and hatchling, which builds it. Renewed by `make lock`.\n",
    "requirements-dev.lock": "# What the tests and checks need beside it. Renewed by `make lock`.\n",
    "requirements-image.lock": "# What the image has: the server, and the driver of PostgreSQL. Renewed by `make lock`.\n",
    "requirements-audit.lock": "# What audits the locks, and writes the bill of materials. Renewed by `make lock`.\n",
    "requirements-platforms.lock": "# What the shops of `make platforms` need. Renewed by `make lock`.\n",
    "requirements-site.lock": "# What builds the documentation site. Renewed by `make lock`.\n",
    "requirements-bench.lock": "# What the benchmarks compare with. Renewed by `make lock`.\n",
}


def main(uv: str) -> None:
    """Write all files; those of the tests and of the image keep the versions of the server's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    lock(uv, "requirements.lock", runtime, [])
    lock(
        uv,
        "requirements-dev.lock",
        runtime + project["dependency-groups"]["dev"],
        ["-c", "requirements.lock"],
    )
    postgres = project["project"]["optional-dependencies"]["postgres"]
    lock(uv, "requirements-image.lock", runtime + postgres, ["-c", "requirements-dev.lock"])
    lock(uv, "requirements-audit.lock", project["dependency-groups"]["audit"], [])
    lock(uv, "requirements-platforms.lock", project["dependency-groups"]["platforms"], [])
    lock(uv, "requirements-site.lock", project["dependency-groups"]["site"], [])
    lock(uv, "requirements-bench.lock", project["dependency-groups"]["bench"], [])


def lock(uv: str, name: str, wanted: list[str], more: list[str]) -> None:
    """Resolve for every platform and Python from 3.11."""
    command = [uv, "pip", "compile", "-", "--universal", "--python-version", "3.11"]
    flags = ["--generate-hashes", "--no-annotate", "--no-header", "--quiet", *more]
    found = subprocess.run(
        [*command, *flags],
        input="\n".join(wanted),
        text=True,
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    (ROOT / name).write_text(HEADERS[name] + found.stdout, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
