"""Counterfactual explanations: what would change a gate's answer."""

from typing import Any

from tactful.core.values.calendar import format_rfc3339
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def as_plain_value(reason: Reason, value: Any) -> Any:
    """Return what a gate saw or needs in plain form.

    Args:
        reason: The reason of the finding; it says whether its values are instants.
        value: `Finding.actual` or `Finding.needed`.

    Returns:
        The value itself; RFC 3339 text for an instant.
    """
    if reason.shows_instants and isinstance(value, int):
        return format_rfc3339(value)
    return value


def needed_value(finding: Finding) -> Any:
    """Return what a gate needs: a value, the instant at which time alone grants it, or a word."""
    if finding.needed is not None:
        return as_plain_value(finding.reason, finding.needed)
    return format_rfc3339(finding.until) if finding.until else finding.reason.needed


def change_text(finding: Finding) -> str:
    """Return what would change a gate's answer, and when it changes by itself."""
    text = finding.reason.change
    return f"{text}; by itself at {format_rfc3339(finding.until)}" if finding.until else text
