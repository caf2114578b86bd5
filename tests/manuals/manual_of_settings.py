"""The tables of settings in `server/OPERATING.md`; `make format` writes them, and a test compares them."""

from pathlib import Path

from tactful.config import policy_settings
from tactful.config.settings import SETTINGS, Setting
from tactful.core.rules.policy import Policy


def setting_row(setting: Setting) -> str:
    """Return the row of one setting."""
    default = setting.format(setting.default)
    shown = f"`{default}`" if default else "–"
    names = f"`{setting.environment}`" + (f", `{setting.flag}`" if setting.flag else "")
    return f"| `{setting.name}` | {names} | {shown} | {setting.kind.expected} | {setting.meaning} |"


def setting_rows() -> list[str]:
    """Return the rows of all settings."""
    return [setting_row(setting) for setting in SETTINGS]


def policy_rows() -> list[str]:
    """Return the rows of all policy settings."""
    return [
        f"| `{setting.name}` | `{policy_settings.format_value(Policy(), setting)}` | {setting.meaning} |"
        for setting in policy_settings.POLICY_SETTINGS
    ]


def with_tables(manual: str) -> str:
    """Return the manual with both tables as they must be."""
    lines = manual.splitlines()
    for head, rows in (("| setting |", setting_rows()), ("| policy setting |", policy_rows())):
        start = next(n for n, line in enumerate(lines) if line.startswith(head)) + 2
        end = next(n for n, line in enumerate(lines[start:], start) if not line.startswith("|"))
        lines[start:end] = rows
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    path = Path(__file__).parents[2] / "server" / "OPERATING.md"
    path.write_text(with_tables(path.read_text("utf-8")), "utf-8")
