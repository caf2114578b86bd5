"""What a release consists of: packages that can be built again byte for byte, and their manifest."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
import yaml

from tactful import __version__
from tactful.config.settings import SETTINGS
from tools.audit import node_findings, python_findings
from tools.release_manifest import manifest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WHEEL = f"tactful-{__version__}-py3-none-any.whl"
SDIST = f"tactful-{__version__}.tar.gz"
DEPLOY = ROOT / "examples" / "deploy"


def build(source: Path, target: Path, *kinds: str, umask: int = 0o022, zone: str = "UTC") -> None:
    """Build distributions of a source tree, as a machine with this umask and time zone does it."""
    kinds = tuple(part for kind in kinds for part in ("-t", kind))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *kinds, "-d", str(target)],
        cwd=source,
        check=True,
        capture_output=True,
        umask=umask,
        env={**os.environ, "TZ": zone},
    )


@pytest.mark.thorough
def test_a_release_built_again_elsewhere_has_the_same_bytes(tmp_path: Path) -> None:
    build(ROOT, tmp_path / "one", "sdist", "wheel")
    with tarfile.open(tmp_path / "one" / SDIST) as archive:
        # Python 3.11.2, which Debian has, knows no filters; the archive is our own.
        safe: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path / "elsewhere", **safe)  # noqa: S202
    (source,) = (tmp_path / "elsewhere").iterdir()
    build(source, tmp_path / "two", "sdist", "wheel", umask=0o077, zone="Pacific/Auckland")
    for name in (WHEEL, SDIST):
        first = (tmp_path / "one" / name).read_bytes()
        assert (
            hashlib.sha256((tmp_path / "two" / name).read_bytes()).digest()
            == hashlib.sha256(first).digest()
        ), name
    check_metadata(tmp_path / "one" / WHEEL)


def check_metadata(wheel: Path) -> None:
    """Compare a wheel's metadata with `pyproject.toml`, and its files with what a server needs."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        folder = f"tactful-{__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
    assert (metadata["Name"], metadata["Version"]) == (PROJECT["name"], __version__)
    assert metadata["License-Expression"] == PROJECT["license"]
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    extras = PROJECT["optional-dependencies"]
    assert metadata.get_all("Provides-Extra") == list(extras)
    assert len(metadata.get_all("Requires-Dist", [])) == len(PROJECT["dependencies"]) + sum(
        map(len, extras.values())
    )
    assert "Tactful makes price offers" in metadata.get_payload()
    assert {
        "tactful/py.typed",
        "tactful/_widget/v1.js",
        f"tactful/_widget/v{__version__}.js",
        "tactful/_schema/rules.schema.json",
        "tactful/_codes/R101.md",
        "tactful/console/templates/base.html",
        "tactful/console/locales/de.json",
        f"{folder}/licenses/LICENSE",
    } <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_the_manifest_has_the_digests_of_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "dist-js"
    folder.mkdir()
    (folder / "v1.js").write_bytes(b"1")
    (folder / "a.tgz").write_bytes(b"22")
    (folder / ".packed").write_bytes(b"")
    found = manifest([folder, tmp_path / "missing"])
    digest = base64.b64encode(hashlib.sha384(b"1").digest()).decode()
    assert found == {
        "version": __version__,
        "files": [
            {
                "file": "dist-js/a.tgz",
                "bytes": 2,
                "sha256": hashlib.sha256(b"22").hexdigest(),
            },
            {
                "file": "dist-js/v1.js",
                "bytes": 1,
                "sha256": hashlib.sha256(b"1").hexdigest(),
                "integrity": f"sha384-{digest}",
            },
        ],
    }


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_has_few_rights() -> None:
    rating = ["systemd-analyze", "security", "--offline=true", "--threshold=20"]
    done = subprocess.run(
        [*rating, str(DEPLOY / "tactful.service")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-300:]


def test_the_image_is_built_from_what_the_wheel_is_built_from() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    copied = {
        word
        for line in text.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    wheel = hatch["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], "requirements.lock"} <= copied
    assert "USER 10001" in text


def test_a_vulnerable_package_is_found_and_a_silent_database_is_no_answer() -> None:
    vulnerable = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}
    answer = {"dependencies": [{"name": "b", "version": "2", "vulns": []}, vulnerable]}
    assert python_findings(json.dumps(answer)) == ["a 1: CVE-1, CVE-2"]
    assert python_findings('{"dependencies": []}') == []
    assert python_findings("") is None
    found = {"vulnerabilities": {"left-pad": {"severity": "high"}}}
    assert node_findings(json.dumps(found)) == ["left-pad: high"]
    assert node_findings('{"vulnerabilities": {}}') == []
    assert node_findings('{"message": "405 Method Not Allowed", "error": {}}') is None


def test_every_setting_of_the_deployment_files_exists() -> None:
    known = {setting.environment for setting in SETTINGS}
    texts = [file.read_text("utf-8") for file in DEPLOY.iterdir()]
    named = {name for text in texts for name in re.findall(r"\bTACTFUL_[A-Z_]+", text)}
    assert "TACTFUL_TRUSTED_PROXIES" in named
    assert named <= known


def test_the_server_of_the_compose_file_has_no_right_that_it_does_not_need() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    server = services["tactful"]
    assert server["read_only"] is True
    assert server["cap_drop"] == ["ALL"]
    assert "ports" not in server  # only the proxy can be reached from outside
    address = services["caddy"]["networks"]["inside"]["ipv4_address"]
    assert server["environment"]["TACTFUL_TRUSTED_PROXIES"] == address
