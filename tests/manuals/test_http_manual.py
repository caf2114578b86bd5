"""server/HTTP.md names every endpoint and every error code, and names nothing that is not there."""

import re
from pathlib import Path

from tactful.api.openapi import SUMMARIES, describe
from tactful.api.redemption_responses import REDEMPTION_ERRORS
from tactful.app import build
from tactful.config import Config

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "server" / "HTTP.md").read_text(encoding="utf-8")
TRANSPORTS = ROOT / "server" / "tactful" / "transports"
CODE = re.compile(r'(?:ProblemError\(|problem\(|Rejection\()\s*(?:\w+,\s*)?"([a-z_]+\.[a-z_]+)"')


def endpoints(folder: Path) -> set[tuple[str, str]]:
    app = build(Config(data=folder, test_mode=True, server_key="k" * 20)).app
    paths = describe(app.routes)["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_endpoint_is_in_the_manual(tmp_path: Path) -> None:
    for method, path in endpoints(tmp_path):
        plain = path.replace("{name}", "v1.js") if path.startswith("/widget") else path
        assert f"{method} {plain}" in MANUAL, (method, path)


def test_every_endpoint_has_a_summary_and_every_summary_an_endpoint(tmp_path: Path) -> None:
    assert set(SUMMARIES) == endpoints(tmp_path)


def test_every_error_code_is_in_the_manual() -> None:
    package = ROOT / "server" / "tactful"
    sources = [*package.glob("api/*.py"), package / "core" / "facts" / "fact_codec.py"]
    codes = {code for path in sources for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert len(codes) > 10
    for code in codes | set(REDEMPTION_ERRORS):
        assert f"`{code}`" in MANUAL, code
