"""Asks the advisory databases of PyPI and npm about the locked packages.

A known vulnerability is an error. A database that cannot be reached proves nothing either way: it is
named as not asked, and is no error, because no change to this repository could mend it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# The shops of `make platforms` are older releases on purpose, and serve nobody.
LOCKS = ("requirements.lock", "requirements-dev.lock")
PACKAGES = ("widget",)


def python_findings(answer: str) -> list[str] | None:
    """The vulnerable packages that `pip-audit --format json` names; None: it got no answer."""
    found = _decoded(answer)
    if found is None or "dependencies" not in found:
        return None
    return [
        f"{one['name']} {one['version']}: {', '.join(each['id'] for each in one['vulns'])}"
        for one in found["dependencies"]
        if one.get("vulns")
    ]


def node_findings(answer: str) -> list[str] | None:
    """The vulnerable packages that `npm audit --json` names; None: it got no answer."""
    found = _decoded(answer)
    if found is None or "vulnerabilities" not in found:
        return None
    return [f"{name}: {one['severity']}" for name, one in sorted(found["vulnerabilities"].items())]


def _decoded(answer: str) -> dict[str, Any] | None:
    try:
        found = json.loads(answer)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def output_of(*command: str, folder: Path = ROOT) -> str:
    """What a program prints, whatever its exit code; nothing if it is not installed."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout


def main(pip_audit: str) -> int:
    """Print what is known of each lock; 1: a locked package is known to be vulnerable."""
    answers = {
        name: python_findings(
            output_of(
                pip_audit, "--require-hashes", "--disable-pip", "--format", "json", "-r", name
            )
        )
        for name in LOCKS
    } | {
        f"{name}/package-lock.json": node_findings(
            output_of("npm", "audit", "--json", folder=ROOT / name)
        )
        for name in PACKAGES
    }
    for lock, findings in answers.items():
        state = "not asked, no database answered" if findings is None else "; ".join(findings)
        print(f"{lock}: {state or 'nothing known'}")
    return int(any(answers.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
