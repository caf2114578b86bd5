"""The rows that `server/OPERATING.md` must have; `make format` writes them, a test compares them."""

from pathlib import Path

from tactful.config import policy_settings as limits
from tactful.config.settings import SETTINGS, Setting
from tactful.core.rules.policy import Policy


def setting_row(setting: Setting) -> str:
    """One setting as a row of the table."""
    default = setting.format(setting.default)
    shown = f"`{default}`" if default else "–"
    way = f"`{setting.environment}`" + (f", `{setting.flag}`" if setting.flag else "")
    return f"| `{setting.name}` | {way} | {shown} | {setting.kind.expected} | {setting.meaning} |"


def setting_rows() -> list[str]:
    """Every setting."""
    return [setting_row(setting) for setting in SETTINGS]


def limit_rows() -> list[str]:
    """Every limit of the policy."""
    return [
        f"| `{limit.name}` | `{limits.format_value(Policy(), limit)}` | {limit.meaning} |"
        for limit in limits.POLICY_SETTINGS
    ]


def written(manual: str) -> str:
    """The manual with both tables as they must be."""
    lines = manual.splitlines()
    for head, rows in (("| setting |", setting_rows()), ("| limit |", limit_rows())):
        start = next(n for n, line in enumerate(lines) if line.startswith(head)) + 2
        end = next(n for n, line in enumerate(lines[start:], start) if not line.startswith("|"))
        lines[start:end] = rows
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    path = Path(__file__).parents[2] / "server" / "OPERATING.md"
    path.write_text(written(path.read_text("utf-8")), "utf-8")
