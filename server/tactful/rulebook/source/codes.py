"""Which findings can the checker make, and what is each about?

A code is stable: it is never given a second meaning, and each has a page in `rules/codes/`.
"""

from typing import Final, Literal

from msgspec import Struct

Severity = Literal["error", "warning"]


class DiagnosticCode(Struct, frozen=True):
    """One kind of finding; an error keeps the whole rulebook from being activated."""

    id: str
    title: str
    severity: Severity = "error"


CODES: Final[dict[str, DiagnosticCode]] = {
    code.id: code
    for code in (
        # The file itself.
        DiagnosticCode("R101", "the file is not UTF-8 text"),
        DiagnosticCode("R102", "the file is too large"),
        DiagnosticCode("R103", "the layout cannot be read"),
        DiagnosticCode("R104", "a quote is not closed on its line"),
        DiagnosticCode("R105", "a tab in the indentation"),
        DiagnosticCode("R106", "an anchor or alias"),
        DiagnosticCode("R107", "a tag"),
        DiagnosticCode("R108", "a merge key"),
        DiagnosticCode("R109", "more than one document, or a directive"),
        DiagnosticCode("R110", "the same key twice"),
        DiagnosticCode("R111", "nested too deep"),
        DiagnosticCode("R112", "a key that is not a plain word"),
        # Words and values.
        DiagnosticCode("R201", "an unknown key"),
        DiagnosticCode("R202", "something required is missing"),
        DiagnosticCode("R203", "an unknown field"),
        DiagnosticCode("R204", "the wrong kind of value"),
        DiagnosticCode("R205", "a wrong or missing unit"),
        DiagnosticCode("R206", "a comparison that does not fit the field"),
        DiagnosticCode("R207", "an unknown list"),
        DiagnosticCode("R208", "a word that other YAML tools read as something else"),
        DiagnosticCode("R209", "the same id twice"),
        DiagnosticCode("R210", "an unknown campaign"),
        DiagnosticCode("R211", "an unknown time zone"),
        DiagnosticCode("R212", "not a date or time"),
        DiagnosticCode("R213", "not an amount of money"),
        DiagnosticCode("R214", "not one of the known words"),
        DiagnosticCode("R215", "a number out of range"),
        DiagnosticCode("R216", "not an id"),
        DiagnosticCode("R217", "an unknown placeholder"),
        DiagnosticCode("R218", "the same setting twice"),
        DiagnosticCode("R219", "not exactly one way to make the price"),
        DiagnosticCode("R220", "an unknown rule"),
        # Sense.
        DiagnosticCode("R301", "a range that nothing can be in"),
        DiagnosticCode("R302", "conditions that contradict each other"),
        DiagnosticCode("R303", "a rule that another one always beats", "warning"),
        DiagnosticCode("R304", "a window that never opens"),
        DiagnosticCode("R305", "a rule that has ended", "warning"),
        DiagnosticCode("R306", "a discount below the floor"),
        DiagnosticCode("R307", "a budget smaller than one offer"),
        DiagnosticCode("R308", "no amount or price for a territory"),
        DiagnosticCode("R309", "stacking that only one side allows"),
        DiagnosticCode("R310", "a message that tells what the shopper never showed us"),
        DiagnosticCode("R311", "a protected attribute decides about a price"),
        DiagnosticCode("R312", "a trial without rails"),
        DiagnosticCode("R313", "a looser suppression than the active policy"),
        DiagnosticCode("R314", "a rule that may lose money on purpose", "warning"),
        DiagnosticCode("R315", "something nobody uses", "warning"),
        DiagnosticCode("R316", "an even pace without a period", "warning"),
        DiagnosticCode("R317", "a share of an order without a bound"),
        DiagnosticCode("R318", "something that only a price of an item can have"),
    )
}
