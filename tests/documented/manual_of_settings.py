"""The rows that `server/OPERATING.md` must have: written by hand nowhere, compared by a test."""

from tactful.config import policy as limits
from tactful.config.settings import SETTINGS, Setting
from tactful.core.policy import Policy


def setting_row(setting: Setting) -> str:
    """One setting as a row of the table."""
    default = setting.show(setting.default)
    shown = f"`{default}`" if default else "–"
    way = f"`{setting.environment}`" + (f", `{setting.flag}`" if setting.flag else "")
    return f"| `{setting.name}` | {way} | {shown} | {setting.kind.wanted} | {setting.meaning} |"


def setting_rows() -> list[str]:
    """Every setting."""
    return [setting_row(setting) for setting in SETTINGS]


def limit_rows() -> list[str]:
    """Every limit of the policy."""
    return [
        f"| `{limit.name}` | `{limits.show(Policy(), limit)}` | {limit.meaning} |"
        for limit in limits.LIMITS
    ]
