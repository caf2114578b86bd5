"""Every value that the audit log keeps has a name for the page."""

from tactful.console.audit_words import VALUE_WORDS
from unit.console.test_audit_pages import ACTED


def test_every_value_of_the_console_has_words() -> None:
    named = {name for _, _, _, before, after in ACTED.values() for name in before | after}
    assert named <= set(VALUE_WORDS)
