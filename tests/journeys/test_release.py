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
    assert {*wheel["packages"], *wheel["force-include"], "requirements-image.lock"} <= copied
    assert "USER 10001" in text


def test_the_image_has_the_packages_of_a_server_and_the_driver_of_postgresql() -> None:
    pins = {
        name: set(re.findall(r"^[\w.-]+==[^ ]+", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-image.lock", "requirements-dev.lock")
    }
    image = pins["requirements-image.lock"]
    assert pins["requirements.lock"] < image <= pins["requirements-dev.lock"]
    driver = {pin.partition("==")[0] for pin in image - pins["requirements.lock"]}
    assert driver == {"psycopg", "psycopg-binary"}


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


@pytest.mark.parametrize("name", ["compose.yaml", "compose-nodes.yaml"])
def test_the_servers_of_a_compose_file_have_no_right_that_they_do_not_need(name: str) -> None:
    services = yaml.safe_load((DEPLOY / name).read_text("utf-8"))["services"]
    address = services["caddy"]["networks"]["inside"]["ipv4_address"]
    servers = {key: each for key, each in services.items() if key.startswith("tactful")}
    for server in servers.values():
        assert server["read_only"] is True
        assert server["cap_drop"] == ["ALL"]
        assert server["networks"] == ["inside"]
        assert server["environment"]["TACTFUL_TRUSTED_PROXIES"] == address
    # Only the proxy can be reached from outside, and it passes requests on to every server.
    assert {key for key, each in services.items() if "ports" in each} == {"caddy"}
    snippet = services["caddy"]["environment"].get("SERVERS", "one")
    caddy = (DEPLOY / "Caddyfile").read_text("utf-8")
    (passed_on,) = re.findall(rf"^\({snippet}\) {{\n\tto (.*)$", caddy, re.MULTILINE)
    assert set(passed_on.split()) == {f"{key}:8000" for key in servers}


def test_the_nodes_of_the_compose_file_differ_in_their_name_and_folder_alone() -> None:
    services = yaml.safe_load((DEPLOY / "compose-nodes.yaml").read_text("utf-8"))["services"]
    first, second = services["tactful-1"], services["tactful-2"]
    assert first["environment"].pop("TACTFUL_NODE") != second["environment"].pop("TACTFUL_NODE")
    assert first.pop("volumes")[1:] == second.pop("volumes")[1:]
    assert first == second
    assert first["environment"]["PGPASSWORD"] == services["db"]["environment"]["POSTGRES_PASSWORD"]
