"""server/OPERATING.md names every setting, policy setting, format and command, and no other."""

import re
import tomllib

import click
import pytest

from manuals.manual_of_settings import policy_rows, setting_rows
from support.manual_runner import ROOT, blocks
from tactful.cli import main
from tactful.config import load
from tactful.config.settings import SETTINGS
from tactful.connectors.files.formats import FORMATS
from tactful.runtime.alerts.kinds import KINDS

PATH = ROOT / "server" / "OPERATING.md"
MANUAL = PATH.read_text("utf-8")
LINES = MANUAL.splitlines()


@pytest.mark.parametrize("row", [*setting_rows(), *policy_rows()])
def test_every_setting_has_its_row(row: str) -> None:
    assert row in LINES


def test_no_row_names_a_setting_that_does_not_exist() -> None:
    start, end = LINES.index("## Settings"), LINES.index("## Commands")
    rows = [line for line in LINES[start:end] if line.startswith("| `")]
    assert set(rows) == {*setting_rows(), *policy_rows()}


def test_every_setting_has_an_effect() -> None:
    sources = ROOT / "server" / "tactful"
    text = "".join(
        path.read_text("utf-8")
        for path in sources.rglob("*.py")
        if path.name != "settings.py" or path.parent.name != "config"
    )
    for setting in SETTINGS:
        assert re.search(rf"(?:config|self)\.{setting.name}\b", text), setting.name


def commands(group: click.Group, above: str = "tactful") -> set[str]:
    """Return every command; those on rule files count as one, because they have their own manual."""
    found: set[str] = set()
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group) and name != "rules":
            found |= commands(command, f"{above} {name}")
            if command.invoke_without_command:
                found.add(f"{above} {name}")
        else:
            found.add(f"{above} {name}")
    return found


def test_every_command_is_in_the_manual_and_no_other() -> None:
    start, end = LINES.index("## Commands"), LINES.index("## Bringing facts in")
    named = {line.split("`")[1] for line in LINES[start:end] if line.startswith("| `")}
    assert named == commands(main)


def test_every_format_of_an_import_is_in_the_manual() -> None:
    for form in FORMATS:
        assert f"`{form.name}`" in MANUAL


def test_the_settings_file_in_the_manual_can_be_used(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    (text,) = [block for language, block in blocks(PATH) if language == "toml"]
    file = tmp_path_factory.mktemp("manual") / "tactful.toml"
    folder = tmp_path_factory.mktemp("rules")
    file.write_text(text.replace("/etc/tactful/rules", str(folder)), "utf-8")
    config = load(file=file, environ={"TACTFUL_SERVER_KEY": "Vq3-9sWm2_kLx81TzR"})
    assert config.policy.taints.return_recent.scope == "variant"


def test_nothing_in_the_repository_names_a_registry_in_a_lock_file() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / name).read_text("utf-8")


def test_the_lock_files_hold_everything_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted = {
        "requirements.lock": runtime,
        "requirements-dev.lock": runtime + project["dependency-groups"]["dev"],
    }
    for name, requirements in wanted.items():
        locked = re.findall(r"^([a-z0-9.-]+)==", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for requirement in requirements:
            package = re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")
            assert package in locked, package


def test_every_kind_of_alert_is_in_the_manual_with_what_to_do() -> None:
    start = LINES.index("## Alerts")
    rows = [line for line in LINES[start : LINES.index("### With Prometheus")] if "| `" in line]
    wanted = [f"| `{name}` | {kind.meaning} | {kind.remedy} |" for name, kind in KINDS.items()]
    assert rows == wanted
