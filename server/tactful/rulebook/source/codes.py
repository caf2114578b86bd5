"""Registry of the diagnostic codes of rule files.

A code is public: it never gets a second meaning. Each has a page in `rules/codes/`.
"""

from typing import Final, Literal

from msgspec import Struct

Severity = Literal["error", "warning"]


class DiagnosticCode(Struct, frozen=True):
    """One kind of finding."""

    id: str
    """The letter R, one digit for the stage (1 layout, 2 values, 3 meaning) and two more digits."""
    title: str
    """A noun phrase; the title of the page."""
    severity: Severity = "error"
    """An error keeps the whole rulebook from being activated; a warning does not."""


CODES: Final[dict[str, DiagnosticCode]] = {
    code.id: code
    for code in (
        # 1: the layout of the file.
        DiagnosticCode("R101", "a file that is not UTF-8 text"),
        DiagnosticCode("R102", "a file that is too large"),
        DiagnosticCode("R103", "a layout that cannot be read"),
        DiagnosticCode("R104", "a quote that is not closed on its line"),
        DiagnosticCode("R105", "a tab in the indentation"),
        DiagnosticCode("R106", "an anchor or alias"),
        DiagnosticCode("R107", "a tag"),
        DiagnosticCode("R108", "a merge key"),
        DiagnosticCode("R109", "more than one document, or a directive"),
        DiagnosticCode("R110", "a duplicate key"),
        DiagnosticCode("R111", "nesting that is too deep"),
        DiagnosticCode("R112", "a key that is not a plain word"),
        # 2: keys, names and values.
        DiagnosticCode("R201", "an unknown key"),
        DiagnosticCode("R202", "a missing key that is required"),
        DiagnosticCode("R203", "an unknown field"),
        DiagnosticCode("R204", "a value of the wrong kind"),
        DiagnosticCode("R205", "a wrong or missing unit"),
        DiagnosticCode("R206", "a comparison that does not fit the field"),
        DiagnosticCode("R207", "an unknown list"),
        DiagnosticCode("R208", "a word that other YAML tools read as something else"),
        DiagnosticCode("R209", "a duplicate id"),
        DiagnosticCode("R210", "an unknown campaign"),
        DiagnosticCode("R211", "an unknown time zone"),
        DiagnosticCode("R212", "an invalid date or time"),
        DiagnosticCode("R213", "an invalid amount of money"),
        DiagnosticCode("R214", "a word that is not allowed here"),
        DiagnosticCode("R215", "a number out of range"),
        DiagnosticCode("R216", "an invalid id"),
        DiagnosticCode("R217", "an unknown placeholder"),
        DiagnosticCode("R218", "a duplicate setting of the policy"),
        DiagnosticCode("R219", "an offer without exactly one price mode"),
        DiagnosticCode("R220", "an unknown rule or campaign"),
        # 3: the meaning of the rules.
        DiagnosticCode("R301", "a range that contains no value"),
        DiagnosticCode("R302", "conditions that contradict each other"),
        DiagnosticCode("R303", "a rule that another rule always beats", "warning"),
        DiagnosticCode("R304", "a window that never opens"),
        DiagnosticCode("R305", "a rule that has ended", "warning"),
        DiagnosticCode("R306", "a price below the floor"),
        DiagnosticCode("R307", "a budget smaller than one offer"),
        DiagnosticCode("R308", "a missing amount or price for a territory"),
        DiagnosticCode("R309", "stacking that only one of two rules allows"),
        DiagnosticCode("R310", "a message that reveals personal data"),
        DiagnosticCode("R311", "a condition on a protected attribute"),
        DiagnosticCode("R312", "a trial without the required limits"),
        DiagnosticCode("R313", "a suppression that is looser than the active policy"),
        DiagnosticCode("R314", "a rule that may lose money", "warning"),
        DiagnosticCode("R315", "an unused campaign or list", "warning"),
        DiagnosticCode("R316", "an even pace without a period", "warning"),
        DiagnosticCode("R317", "a percentage of an order without an upper bound"),
        DiagnosticCode("R318", "a key that does not apply to the level of the offer"),
        DiagnosticCode("R319", "an input that is forbidden in a territory of the rule"),
        DiagnosticCode("R320", "a value that no fact has", "warning"),
        DiagnosticCode("R321", "a category without what is under it", "warning"),
        DiagnosticCode("R322", "a reduction that is claimed for too long", "warning"),
        DiagnosticCode("R323", "an experiment whose rules cannot be compared"),
        DiagnosticCode("R324", "a discount code for a discount that varies", "warning"),
    )
}
"""Code → its title and severity, in the order of the manual."""
